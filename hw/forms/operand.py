"""The operand of a requantise's product: its bounds and bits, and the multipliers it takes."""

from __future__ import annotations

from dataclasses import dataclass

from lutscale.golden.layers import Requantise
from lutscale.hw.arithmetic import DSP_BITS
from lutscale.hw.tree import Bounds

__all__ = ["Operand", "operand"]


@dataclass(frozen=True)
class Operand:
    """What is multiplied: the number with the bias, perhaps cut.

    Attributes:
        bounds: of it.
        bits: in two's complement, whatever the signs.
        cut: whether it is cut to the width of a multiplier block, since every multiplier takes
            what that does not hold beyond the layer's range.
    """

    bounds: Bounds
    bits: int
    cut: bool

    @property
    def multipliers(self) -> int:
        """Multiplier blocks of one product."""
        return 1 if self.bits <= DSP_BITS else 2


def operand(layer: Requantise, bits: int, signed: bool, *, dsp: bool) -> Operand:
    """The operand of a layer.

    Args:
        layer: what is computed.
        bits, signed: of the numbers that it is given.
        dsp: whether the product is left to multiplier blocks.
    """
    low = -(1 << (bits - 1)) if signed else 0
    bounds = Bounds(low + layer.bias, low + (1 << bits) - 1 + layer.bias)
    size = 1 + max(bounds.hi, -bounds.lo - 1, 0).bit_length()
    if dsp and size > DSP_BITS and _may_be_cut(layer):
        half = 1 << (DSP_BITS - 1)
        return Operand(Bounds(-half, half - 1), DSP_BITS, True)
    return Operand(bounds, size, False)


def _may_be_cut(layer: Requantise) -> bool:
    """Whether what 18 bits do not hold is clamped in any case."""
    half, least = 1 << (DSP_BITS - 1), int(layer.multiplier.min())
    rounding = 1 << (layer.shift - 1)
    high, low = (half - 1) * least + rounding, -half * least + rounding
    return (
        not layer.even_divisor
        and high >> layer.shift >= layer.hi
        and low >> layer.shift <= layer.lo
    )

"""Hardware of golden/layers/requantise.py, and the one rounding component."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from amaranth import Cat, Module, Mux, Signal, Value, signed

from lutscale.golden.layers import Requantise
from lutscale.hw.layers.context import Context
from lutscale.hw.pointwise import Pointwise
from lutscale.hw.slots import Stage, Track, value_track

__all__ = ["RequantiseStage", "build", "clamp"]


def build(context: Context) -> list[Stage]:
    """One multiplication by a constant per channel."""
    result = value_track(context.result, context.output_type)
    return [RequantiseStage(context, [*context.kept(), result])]


def clamp(value: Value, lo: int, hi: int) -> Value:
    """``min(max(value, lo), hi)``."""
    return Mux(value < lo, lo, Mux(value > hi, hi, value))


class RequantiseStage(Pointwise):
    """``clamp(((acc + bias) * multiplier + (1 << (shift - 1))) >> shift, lo, hi)``.

    Two registers: the product, and the result. Halves of a divisor are recognised by their
    fraction, or where the ratio is not exact by multiplying the quotient back.
    """

    def __init__(self, context: Context, outputs: Sequence[Track]) -> None:
        assert isinstance(context.layer, Requantise)
        super().__init__(context.tracks, outputs, depth=2)
        self.layer, self.input, self.result = context.layer, context.input, outputs[-1]

    def compute(self, m: Module, fields: Mapping[str, Value], enable: Value) -> dict[str, Value]:
        layer, given = self.layer, self.track(self.input)
        codes = []
        for c, multiplier in enumerate(layer.multiplier):
            acc = given.element(fields[self.input], c) + layer.bias
            width = len(acc) + int(multiplier).bit_length() + layer.shift + 1
            product = Signal(signed(width), name=f"product{c}", reset_less=True)
            code = Signal(self.result.bits, name=f"code{c}", reset_less=True)
            rounded: Value = product >> layer.shift
            if int(multiplier) * layer.even_divisor == 1 << layer.shift:
                # An exact ratio: halves have gone up, and left no fraction.
                halfway = product[: layer.shift] == 0
                rounded = rounded - (halfway & rounded[0])
            elif layer.even_divisor:
                dividend = Signal(signed(len(acc) + 1), name=f"dividend{c}", reset_less=True)
                with m.If(enable):
                    m.d.sync += dividend.eq(acc)
                beyond = 2 * dividend - 2 * rounded * layer.even_divisor
                up, down = beyond == layer.even_divisor, beyond == -layer.even_divisor
                rounded = rounded + (up & rounded[0]) - (down & rounded[0])
            with m.If(enable):
                m.d.sync += product.eq(acc * int(multiplier) + (1 << (layer.shift - 1)))
                m.d.sync += code.eq(clamp(rounded, *layer.range_of(c)))
            codes.append(code)
        return {self.result.name: Cat(*codes)}

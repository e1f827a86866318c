# amaranth: UnusedElaboratable=no
"""Hardware of golden/layers/requantise.py, and the one rounding component."""

from __future__ import annotations

from amaranth import Const, Mux, Value

from lutscale.golden.layers import Requantise
from lutscale.hw.arithmetic import (
    clamp,
    multiply,
    multiply_registers,
    shifts_do,
    signed_digits,
    times,
)
from lutscale.hw.channelwise import ChannelOp, Channelwise, Unit, clamp_registers
from lutscale.hw.forms.operand import operand
from lutscale.hw.layers.context import Context
from lutscale.hw.slots import Stage, Track, value_track
from lutscale.hw.tree import Bounds

__all__ = ["RequantiseOp", "build"]


def build(context: Context) -> list[Stage]:
    """Folded: a multiplier serves as many channels as a slot has clocks."""
    layer = context.layer
    assert isinstance(layer, Requantise)
    result = value_track(context.result, context.output_type)
    given = next(track for track in context.tracks if track.name == context.input)
    stage = Channelwise(
        context.tracks,
        [*context.kept(), result],
        given=context.input,
        ops=[RequantiseOp(layer, given, dsp=context.dsp)],
        clocks_per_pixel=context.clocks_per_pixel,
    )
    return [stage]


class RequantiseOp(ChannelOp):
    """``clamp(((acc + bias) * multiplier + (1 << (shift - 1))) >> shift, lo, hi)``.

    Registers: the sum with the bias, where there is one; both operands, for multiplier blocks; the
    product; the rounded quotient; for an inexact even divisor the quotient multiplied back, and
    mended; the code compared with its range, unless that is one of whole bits, and clamped. A
    number so large that every multiplier takes it beyond ``lo..hi`` is cut to the width of a
    multiplier block first.

    Args:
        layer: what to compute.
        given: the track that the numbers come from.
        dsp: whether a general product is left to multiplier blocks.
    """

    def __init__(self, layer: Requantise, given: Track, *, dsp: bool = True) -> None:
        self.layer, self.dsp = layer, dsp
        found = operand(layer, given.bits, given.signed, dsp=dsp)
        self._acc, self._bits, self._cut = found.bounds, found.bits, found.cut
        self._numbers = sorted({int(number) for number in layer.multiplier})
        exact = all(n * layer.even_divisor == 1 << layer.shift for n in self._numbers)
        self._mended = bool(layer.even_divisor) and not exact
        self._exact = bool(layer.even_divisor) and exact
        self._first = int(bool(layer.bias) or self._cut)
        self._clamp = clamp_registers(map(layer.range_of, range(given.channels)))
        self.registers = self._first + self._product_registers() + 1 + self._clamp
        self.registers += 2 * int(self._mended)

    def _simple(self) -> bool:
        """Whether all channels share a constant that takes no multiplier."""
        return shifts_do(self._numbers)

    def _product_registers(self) -> int:
        if self._simple():
            return int(len(signed_digits(self._numbers[0])) > 1)
        bits = self._numbers[-1].bit_length()
        # Operands of their own beside a multiplier block, which stands far from where they come.
        return int(self.dsp) + multiply_registers(self._bits, bits, dsp=self.dsp)

    def build(self, unit: Unit, value: Value, at: int) -> Value:
        layer, start = self.layer, at
        if self._first:
            total = value + layer.bias
            if self._cut:
                total = clamp(total, self._acc.lo, self._acc.hi)
            value = unit.register(total, "biased", self._acc.shape)
        acc = value
        at += self._first
        product = self._product(unit, value, at)
        # Half goes up: what is behind the point rounds by its first bit.
        half = product[layer.shift - 1]
        quotient: Value = product[layer.shift :].as_signed() + half
        if self._exact:
            # Halves have gone up, and left no fraction.
            halfway = half & (product[: layer.shift - 1] == 0)
            quotient = quotient - (halfway & quotient[0])
        rounded: Value = unit.register(quotient, "rounded")
        if self._mended:
            dividend = unit.delayed(acc, self._product_registers() + 1, "dividend")
            rounded = self._to_even(unit, rounded, dividend)
        ranges = [layer.range_of(c) for c in unit.channels]
        at = start + self.registers - self._clamp
        return unit.clamped(rounded, ranges, "code", at, self._clamp)

    def _product(self, unit: Unit, value: Value, at: int) -> Value:
        """The product, signed, one bit wider than the shift at least."""
        layer = self.layer
        biggest = self._numbers[-1]
        bounds = Bounds(min(self._acc.lo * biggest, -1), max(self._acc.hi * biggest, 0))
        if self._simple():
            product = times(value, biggest)
            if self._product_registers():
                product = unit.register(product, "product", bounds.shape)
        else:
            bits = biggest.bit_length()
            numbers = [int(layer.multiplier[c]) for c in unit.channels]
            # By the time the operand is there, so is its constant.
            factor = unit.constant(numbers, "factor", at, bits)
            if self.dsp:
                value = unit.register(value, "multiplied")
                if not isinstance(factor, Const):
                    factor = unit.register(factor, "multiplier")
            signed_value = value if value.shape().signed else (value + Const(0, 1)).as_signed()
            product = multiply(
                unit.m,
                unit.name,
                signed_value,
                factor,
                bounds,
                enable=unit.enable,
                dsp=self.dsp,
            )
        # Wide enough that a bit remains behind the shift.
        missing = max(layer.shift + 1 - len(product), 0)
        wide = product if product.shape().signed else (product + Const(0, 1)).as_signed()
        return wide | Const(0, len(wide) + missing) if missing else wide

    def _to_even(self, unit: Unit, rounded: Value, dividend: Value) -> Value:
        """Halves that the quotient, multiplied back, tells go to the even neighbour."""
        divisor = self.layer.even_divisor
        back = unit.register((dividend << 1) - times(rounded, 2 * divisor), "beyond")
        waiting = unit.register(rounded, "waiting")
        up, down = back == divisor, back == -divisor
        odd = waiting[0]
        mended = Mux(up & odd, waiting + 1, Mux(down & odd, waiting - 1, waiting))
        return unit.register(mended, "mended")

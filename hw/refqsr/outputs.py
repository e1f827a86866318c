"""Accumulators to features, codes and pixels, a channel a clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth import Cat, Module, Mux, Shape, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from lutscale.golden.validate import require_int
from lutscale.hw.refqsr.arithmetic import between, fitted, holding, shifted
from lutscale.hw.refqsr.passes import Added
from lutscale.hw.refqsr.tables import MULTIPLIER_BITS
from lutscale.hw.tree import delayed

__all__ = ["FEATURE_BITS", "Outputs"]

FEATURE_BITS = 16

_FEATURE, _CODE = 7, 10
"""Registers in front of a feature, and of a code."""


class Outputs(wiring.Component):
    """Requantise, residual, requantise: numbers come together and leave one a clock.

    A feature is ``clamp(clamp(requantise(number + bias)) + added)``, a code or pixel is what the
    second requantise makes of it, or several side by side, each to another precision. All of it
    stops while a pixel waits at the stream. Numbers may come while those before still leave.

    Ports:
        control: In, fields of the pass.
        claim: In, room is wanted for the next numbers; only while ``free`` is high.
        load: In, numbers come, at a time after ``claim``: ``numbers``, of which the first is output
            ``first`` of the phase, and ``count`` are to be used; ``phase``, ``row``, ``column``.
        fetch: Out, for one clock: what is added at ``from_row``, ``from_column``, ``from_phase`` is
            wanted. ``fetched``: In, high from when ``added`` has it, channel by channel.
        constant, multiplier: Out, addresses; ``constant_word``, ``multiplier_word``: In, the clock
            after ``step``.
        step: Out, low while everything stops.
        features_valid, features, features_row, features_column: Out, to be written.
        codes_valid, codes, codes_row, codes_column: Out, likewise; all channels of a precision
            together.
        feature_valid, feature: Out, one feature as it is put there.
        pixel_valid, pixel, pixel_first, pixel_last: Out, R, G and B of an HR pixel, R lowest, and
            whether it is the tile's first and its line's last; ``pixel_ready``: In.
        busy: Out, numbers are still on their way.

    Args:
        layout: of ``control``.
        slots, number_bits: numbers that come together.
        channels: of features.
        added_bits, added_slots: of ``added``.
        code_bits, bias_bits: widths; of codes of each precision.
        max_width, max_height: of a tile.
        constant_bits, multiplier_bits: of the addresses.
    """

    def __init__(
        self,
        *,
        layout: data.StructLayout,
        slots: int,
        number_bits: int,
        channels: int,
        added_bits: int,
        added_slots: int,
        code_bits: Sequence[int],
        bias_bits: int,
        max_width: int,
        max_height: int,
        constant_bits: int,
        multiplier_bits: int,
    ) -> None:
        require_int("slots", slots, 1, 256)
        self.slots, self.number_bits, self.channels = slots, number_bits, channels
        self.added_bits, self.added_slots = added_bits, added_slots
        self.code_bits, self.bias_bits = tuple(code_bits), bias_bits
        outs = Shape.cast(layout["outs"].shape)
        places = {"row": range(max_height), "column": range(max_width)}
        phase = layout["phases"].shape
        super().__init__(
            {
                "control": In(layout),
                "width": In(range(max_width + 1)),
                "claim": In(1),
                "free": Out(1),
                "load": In(1),
                "numbers": In(slots * number_bits),
                "first": In(outs),
                "count": In(range(slots + 1)),
                "phase": In(phase),
                **{name: In(shape) for name, shape in places.items()},
                "fetch": Out(1),
                "from_phase": Out(phase),
                **{f"from_{name}": Out(shape) for name, shape in places.items()},
                "fetched": In(1),
                "added": In(added_bits * added_slots),
                "constant": Out(constant_bits),
                "constant_word": In(bias_bits + MULTIPLIER_BITS),
                "multiplier": Out(multiplier_bits),
                "multiplier_word": In(MULTIPLIER_BITS * len(code_bits)),
                "step": Out(1),
                "features_valid": Out(1),
                "features": Out(channels * FEATURE_BITS),
                **{f"features_{name}": Out(shape) for name, shape in places.items()},
                "feature_valid": Out(1),
                "feature": Out(signed(FEATURE_BITS)),
                "codes_valid": Out(1),
                "codes": Out(channels * sum(code_bits)),
                **{f"codes_{name}": Out(shape) for name, shape in places.items()},
                "pixel_valid": Out(1),
                "pixel_ready": In(1),
                "pixel": Out(24),
                "pixel_first": Out(1),
                "pixel_last": Out(1),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        control, step = self.control, self.step
        m.d.comb += step.eq(~self.pixel_valid | self.pixel_ready)

        # Numbers that wait for what is added to them and for those before; then those that leave.
        claimed, ready, waits, held = (
            Signal(name=name) for name in ("claimed", "ready", "waits", "held")
        )
        next_numbers = Signal.like(self.numbers, name="next_numbers", reset_less=True)
        next_added = Signal.like(self.added, name="next_added", reset_less=True)
        next_number = Signal.like(self.first, name="next_number")
        next_left = Signal.like(self.count, name="next_left")
        numbers = Signal.like(self.numbers, name="held_numbers", reset_less=True)
        added = Signal.like(self.added, name="held_added", reset_less=True)
        number = Signal.like(self.first, name="number")
        left = Signal.like(self.count, name="left")
        colour = Signal(range(3), name="colour")
        shifts, last, ends, moves = (
            Signal(name=name) for name in ("shifts", "last", "ends", "moves")
        )
        m.d.comb += [
            self.free.eq(~claimed),
            shifts.eq(held & step),
            last.eq(left == 1),
            ends.eq(number == control.outs - 1),
            moves.eq(ready & ~waits & (~held | (shifts & last))),
            self.fetch.eq(self.load & (self.first == 0) & (control.added != Added.NOTHING)),
            Cat(self.from_phase, self.from_row, self.from_column).eq(
                Cat(self.phase, self.row, self.column)
            ),
        ]
        next_place, place = (
            Signal(len(Cat(self.phase, self.row, self.column)), name=name)
            for name in ("next_place", "place")
        )
        with m.If(self.claim):
            m.d.sync += claimed.eq(1)
        with m.If(self.load):
            m.d.sync += [
                ready.eq(1),
                waits.eq(self.fetch),
                next_numbers.eq(self.numbers),
                next_number.eq(self.first),
                next_left.eq(self.count),
                next_place.eq(Cat(self.phase, self.row, self.column)),
            ]
        with m.If(waits & self.fetched):
            m.d.sync += [waits.eq(0), next_added.eq(self.added)]
        with m.If(shifts):
            m.d.sync += [
                numbers.eq(numbers >> self.number_bits),
                added.eq(added >> self.added_bits),
                number.eq(number + 1),
                left.eq(left - 1),
                colour.eq(Mux(colour == 2, 0, colour + 1)),
                held.eq(~last),
            ]
        with m.If(moves):
            m.d.sync += [
                ready.eq(0),
                claimed.eq(0),
                held.eq(1),
                numbers.eq(next_numbers),
                number.eq(next_number),
                left.eq(next_left),
                place.eq(next_place),
            ]
            # Further groups of a pixel go on with what is added to it.
            with m.If(next_number == 0):
                m.d.sync += [added.eq(next_added), colour.eq(0)]

        whole = Cat(shifts, shifts & ends, shifts & (colour == 2), place)
        marks = delayed(m, whole, _CODE, step)
        feature = self._features(m, numbers, added, place, number, marks)
        self._codes(m, feature, marks)
        going = Cat(mark[0] for mark in marks).any()
        m.d.comb += self.busy.eq(ready | held | going | self.pixel_valid)
        return m

    def _features(
        self,
        m: Module,
        numbers: Value,
        added: Value,
        place: Value,
        number: Value,
        marks: list[Value],
    ) -> Value:
        """The first requantise and the sum; features are put together to words."""
        control, step = self.control, self.step
        phase = place[: len(self.phase)]
        # Outputs of all phases follow each other.
        start = Signal(len(self.constant), name="start")
        m.d.comb += start.eq(phase * control.outs + number)
        m.d.comb += self.constant.eq(control.constants + start)
        follow = delayed(m, start, _FEATURE - 1, step)
        m.d.comb += self.multiplier.eq(control.multipliers + follow[-1])

        bits = self.number_bits
        given = Signal(signed(bits), name="given", reset_less=True)
        biased = Signal(signed(bits), name="biased", reset_less=True)
        factor = Signal(MULTIPLIER_BITS, name="factor", reset_less=True)
        product = Signal(signed(bits + MULTIPLIER_BITS), name="product", reset_less=True)
        bias = self.constant_word[: self.bias_bits].as_signed()
        rounded = Signal(signed(bits + MULTIPLIER_BITS), name="rounded", reset_less=True)
        requantised = Signal(
            holding(control.low, control.high), name="requantised", reset_less=True
        )
        summed = Signal(signed(max(len(requantised), self.added_bits) + 1), name="summed")
        feature = Signal(
            holding(control.low_sum, control.high_sum), name="feature", reset_less=True
        )
        wanted = Mux(control.added == Added.NOTHING, 0, added[: self.added_bits].as_signed())
        beside = delayed(m, wanted, 5, step)[-1]
        with m.If(step):
            m.d.sync += [
                given.eq(numbers[:bits].as_signed()),
                biased.eq(given + bias),
                factor.eq(self.constant_word[self.bias_bits :]),
                product.eq(biased * factor),
                rounded.eq(shifted(product, control.shift)),
                requantised.eq(between(rounded, control.low, control.high)),
                summed.eq(requantised + beside.as_signed()),
                feature.eq(between(summed, control.low_sum, control.high_sum)),
            ]
        word = Signal.like(self.features, name="word", reset_less=True)
        there = marks[_FEATURE - 1]
        m.d.comb += [
            self.features.eq(Cat(word[FEATURE_BITS:], fitted(feature, FEATURE_BITS))),
            self.features_valid.eq(step & there[1]),
            self.feature_valid.eq(step & there[0]),
            self.feature.eq(fitted(feature, FEATURE_BITS)),
            Cat(self.features_row, self.features_column).eq(there[3 + len(self.phase) :]),
        ]
        with m.If(step & there[0]):
            m.d.sync += word.eq(self.features)
        return feature

    def _codes(self, m: Module, feature: Value, marks: list[Value]) -> None:
        """The second requantise; codes are put together to words, pixels to R, G and B."""
        control, step = self.control, self.step
        there = marks[_CODE - 1]
        made, codes, words = [], [], []
        for k, bits in enumerate(self.code_bits):
            at = str(k or "")
            shift, low, high = (control[f"{n}_codes{at}"] for n in ("shift", "low", "high"))
            factor = self.multiplier_word.word_select(k, MULTIPLIER_BITS)
            product = Signal(signed(len(feature) + MULTIPLIER_BITS + 1), name=f"product2{at}")
            rounded = Signal.like(product, name=f"rounded2{at}", reset_less=True)
            code = Signal(holding(low, high), name=f"code{at}", reset_less=True)
            with m.If(step):
                m.d.sync += [
                    product.eq(feature * factor),
                    rounded.eq(shifted(product, shift)),
                    code.eq(between(rounded, low, high)),
                ]
            word = Signal(self.channels * bits, name=f"word2{at}", reset_less=True)
            made.append(Cat(word[bits:], fitted(code, bits)))
            codes.append(code)
            words.append(word)
        phase, row, column = self._place(there[3:])
        m.d.comb += [
            self.codes.eq(Cat(made)),
            self.codes_valid.eq(step & there[1]),
            self.codes_row.eq(row),
            self.codes_column.eq(column),
        ]
        colours = Signal(24, name="colours", reset_less=True)
        together = Cat(colours[8:], fitted(codes[0], 8))
        first = Signal(name="first_pixel", init=1)
        with m.If(step):
            m.d.sync += self.pixel_valid.eq(0)
            with m.If(there[0]):
                m.d.sync += [Cat(words).eq(self.codes), colours.eq(together)]
            with m.If(there[2] & control.to_stream):
                m.d.sync += [
                    self.pixel_valid.eq(1),
                    self.pixel.eq(together),
                    self.pixel_first.eq((phase == 0) & (row == 0) & (column == 0) & first),
                    self.pixel_last.eq(there[1] & (column == self.width - 1)),
                    # A place has several pixels; the next place begins with a first one again.
                    first.eq(there[1]),
                ]

    def _place(self, packed: Value) -> tuple[Value, Value, Value]:
        a, b = len(self.phase), len(self.row)
        return packed[:a], packed[a : a + b], packed[a + b :]

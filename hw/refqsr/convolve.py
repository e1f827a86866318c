"""The convolution engine: a bit of all input channels and all lanes in a clock."""

from __future__ import annotations

from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from lutscale.hw.refqsr.engine import engine_ports
from lutscale.hw.refqsr.tables import LOW_BITS
from lutscale.hw.tree import Bounds, add_tree, delayed, tree_registers

__all__ = ["Convolve"]


class Convolve(wiring.Component):
    """Codes and weights to accumulators: ``taps * bits`` clocks for the lanes of a pixel.

    Bits come highest first; for each, all taps. A clock reads a pixel's codes and a word of
    weights; a bit of each code lets its weight through, and a tree adds them for each lane. So the
    accumulator needs no product, and codes of half the bits take half the clocks.

    Ports:
        control: In, fields of the pass.
        start: In, for one clock.
        width, height: In, of what is convolved, in places.
        row, column: Out, the place whose codes are wanted; ``codes``: In, two clocks later: packed
            signed numbers of `code_bits` (a picture's 8 bits, unsigned, in the lowest).
        second: Out, whether the second tap of a fusion is meant, with ``row``.
        weight: Out, address of the word wanted; ``low``, ``high``: In, its two parts, likewise two
            clocks later.
        reading: Out, with ``weight``: a word of weights is read.
        free and so on: `engine_ports`; numbers are the accumulators of all lanes.
        group, phase: Out, what they are of, at the same time as their place.

    Args:
        layout: of ``control``.
        inputs, lanes: channels of codes, and of accumulators at once.
        code_bits, high_bits, accumulator_bits: widths; no ``high`` where high_bits is 0.
        max_width, max_height: of what is convolved.
    """

    def __init__(
        self,
        *,
        layout: data.StructLayout,
        inputs: int,
        lanes: int,
        code_bits: int,
        high_bits: int,
        accumulator_bits: int,
        max_width: int,
        max_height: int,
        address_bits: int,
    ) -> None:
        self.inputs, self.lanes, self.code_bits = inputs, lanes, code_bits
        self.high_bits, self.accumulator_bits = high_bits, accumulator_bits
        groups, phases = layout["groups"].shape, layout["phases"].shape
        super().__init__(
            {
                "control": In(layout),
                "start": In(1),
                "width": In(range(max_width + 1)),
                "height": In(range(max_height + 1)),
                "row": Out(range(max_height)),
                "column": Out(range(max_width)),
                "second": Out(1),
                "codes": In(inputs * code_bits),
                "weight": Out(address_bits),
                "low": In(lanes * inputs * LOW_BITS),
                "high": In(max(lanes * inputs * high_bits, 1)),
                "reading": Out(1),
                **engine_ports(lanes * accumulator_bits, max_height, max_width),
                "group": Out(groups),
                "phase": Out(phases),
            }
        )

    @property
    def registers(self) -> int:
        """Clocks from a step's place to the accumulator."""
        return 4 + tree_registers(self.inputs)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        control, reach = self.control, self.control.reach
        row = Signal.like(self.at_row, name="y")
        column = Signal.like(self.at_column, name="x")
        phase = Signal.like(self.phase, name="i")
        group = Signal.like(self.group, name="g")
        bit = Signal(range(16), name="bit")
        side = Signal(len(reach) + 1, name="side")
        down, across = (Signal(range(9), name=name) for name in ("down", "across"))
        active = Signal(name="active")
        fresh, top = Signal(name="fresh", init=1), Signal(name="top", init=1)
        # Words of the group, of its phase, of the row: where a bit, a pixel or a phase starts over.
        word, word_group, word_phase = (
            Signal.like(self.weight, name=name) for name in ("word", "word_group", "word_phase")
        )
        m.d.comb += side.eq(Mux(control.turns, 0, reach << 1))
        end_across = Mux(control.turns, across == 1, across == side)
        end_taps = Signal(name="end_taps")
        end_group, step = Signal(name="end_group"), Signal(name="step")
        m.d.comb += [
            end_taps.eq(end_across & (down == side)),
            end_group.eq(end_taps & (bit == 0)),
            step.eq(active & (~end_group | self.free)),
            self.claim.eq(step & end_group),
        ]
        last_group = group == control.groups - 1
        last_column = column == self.width - 1
        last_phase = phase == control.phases - 1
        last_row = row == self.height - 1
        with m.If(self.start):
            m.d.sync += [
                active.eq(1), row.eq(0), column.eq(0), phase.eq(0), group.eq(0),
                down.eq(0), across.eq(0), bit.eq(control.bits - 1), fresh.eq(1), top.eq(1),
                word.eq(control.weights), word_group.eq(control.weights),
                word_phase.eq(control.weights),
            ]  # fmt: skip
        with m.Elif(step):
            following = word + 1
            m.d.sync += [across.eq(across + 1), word.eq(following), fresh.eq(0)]
            with m.If(end_across):
                m.d.sync += [across.eq(0), down.eq(down + 1)]
            with m.If(end_taps):
                m.d.sync += [down.eq(0), bit.eq(bit - 1), top.eq(0), fresh.eq(1)]
                m.d.sync += word.eq(word_group)
            with m.If(end_group):
                m.d.sync += [bit.eq(control.bits - 1), top.eq(1), group.eq(group + 1)]
                m.d.sync += [word.eq(following), word_group.eq(following)]
                with m.If(last_group):
                    m.d.sync += [group.eq(0), column.eq(column + 1)]
                    m.d.sync += [word.eq(word_phase), word_group.eq(word_phase)]
                    with m.If(last_column):
                        m.d.sync += [column.eq(0), phase.eq(phase + 1)]
                        m.d.sync += [word.eq(following), word_group.eq(following)]
                        m.d.sync += word_phase.eq(following)
                        with m.If(last_phase):
                            m.d.sync += [phase.eq(0), row.eq(row + 1)]
                            m.d.sync += [word.eq(control.weights), word_group.eq(control.weights)]
                            m.d.sync += word_phase.eq(control.weights)
                            with m.If(last_row):
                                m.d.sync += active.eq(0)

        # The place, with the edge repeated, and the word's address.
        m.d.sync += [
            self.row.eq(_clamped(row, down, Mux(control.turns, 0, reach), self.height)),
            self.column.eq(_clamped(column, Mux(control.turns, 0, across), reach, self.width)),
            self.second.eq(control.turns & across[0]),
            self.weight.eq(word),
            self.reading.eq(step),
        ]
        marks = Cat(step, top & fresh, fresh, top & ~control.positive, step & end_group, bit)
        place = Cat(group, phase, row, column)
        always = Const(1)
        stages = delayed(m, marks, self.registers, always)
        places = delayed(m, place, self.registers + 1, always)
        sums = self._sums(m, stages[2][5:])
        self._accumulate(m, sums, stages[-1], places[-1])
        going = Cat(stage[0] for stage in stages).any()
        m.d.comb += self.busy.eq(active | going | self.done)
        return m

    def _sums(self, m: Module, bit: Value) -> list[Value]:
        """For each lane the sum of the weights whose code has the bit, behind registers."""
        chosen = Signal(self.inputs, name="chosen")
        codes = [self.codes.word_select(c, self.code_bits) for c in range(self.inputs)]
        m.d.comb += chosen.eq(Cat(code.bit_select(bit, 1) for code in codes))
        bits = LOW_BITS + self.high_bits
        bounds = Bounds(-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
        sums = []
        for lane in range(self.lanes):
            parts = []
            for c in range(self.inputs):
                at = lane * self.inputs + c
                low = self.low.word_select(at, LOW_BITS)
                weight: Value = low.as_signed()
                if self.high_bits:
                    upper = self.high.word_select(at, self.high_bits)
                    upper = Mux(self.control.wide, upper, low[-1].replicate(self.high_bits))
                    weight = Cat(low, upper).as_signed()
                part = Signal(signed(bits), name=f"part{lane}_{c}", reset_less=True)
                m.d.sync += part.eq(Mux(chosen[c], weight, 0))
                parts.append(part)
            sums.append(add_tree(m, f"_lane{lane}", parts, [bounds] * len(parts), Const(1)))
        return sums

    def _accumulate(self, m: Module, sums: list[Value], marks: Value, place: Value) -> None:
        """Twice what was there for each bit but the first, and the sums of all taps."""
        valid, begins, fresh, negative, ends = (marks[k] for k in range(5))
        totals = []
        for lane, number in enumerate(sums):
            total = Signal(signed(self.accumulator_bits), name=f"acc{lane}", reset_less=True)
            kept = Mux(begins, 0, Mux(fresh, total << 1, total))
            with m.If(valid):
                m.d.sync += total.eq(Mux(negative, kept - number, kept + number))
            totals.append(total)
        m.d.sync += self.done.eq(valid & ends)
        m.d.comb += [
            self.numbers.eq(Cat(totals)),
            Cat(self.group, self.phase, self.at_row, self.at_column).eq(place),
        ]


def _clamped(place: Value, tap: Value, reach: Value, size: Value) -> Value:
    """``min(max(place + tap - reach, 0), size - 1)``."""
    moved = (place + tap - reach).as_signed()
    return Mux(moved < 0, 0, Mux(moved >= size, size - 1, moved))

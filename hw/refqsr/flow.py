"""The cost volume and the mean place of what a square resembles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lutscale.golden.refqsr.arithmetic import EXPONENTIAL
from lutscale.golden.refqsr.refer_block import FLOW_BITS
from lutscale.hw.refqsr.arithmetic import shifted
from lutscale.hw.refqsr.units import UNIT_BITS
from lutscale.hw.tree import Bounds, add_tree, delayed, tree_registers

__all__ = ["Flow", "flow_bits"]

_MANTISSA = 9


def flow_bits(max_side: int) -> int:
    """Of each of both numbers of the flow in a tile of that side, signed."""
    return (2 * max_side << FLOW_BITS).bit_length() + 1


class Flow(wiring.Component):
    """``golden.refqsr.refer_block.ReferBlock.flow``, square by square of the query.

    The reference's squares are read twice: for the highest product, and for weights and their sums.

    Ports:
        start: In, for one clock; ``squares_down``, ``squares_across``: In, how many there are;
            ``which``: In, RefER block.
        row, column: Out, the query's square; ``own``: In, its unit vector two clocks later.
        other_row, other_column: Out, the reference's; ``other``: In, likewise.
        entry: Out, of the exponential's table; ``weight``: In, two clocks later.
        mantissa: Out, of the reciprocal's table; ``reciprocal``: In, likewise.
        done: Out, for the clock in which ``flow`` (rows, then columns above) is that of ``row`` and
            ``column``.
        busy: Out.

    Args:
        count: numbers of a descriptor.
        pool: side of a square.
        most: squares in a row; most_side: pixels.
        scaling: multiplier and shift of each RefER block.
        highest: of all weights.
    """

    def __init__(
        self,
        *,
        count: int,
        pool: int,
        most: int,
        most_side: int,
        scaling: Sequence[tuple[int, int]],
        highest: int,
    ) -> None:
        self.count, self.pool, self.most = count, pool, most
        self.scaling, self.highest = tuple(scaling), highest
        self.flow_bits = flow_bits(most_side)
        place = range(max(most, 2))
        super().__init__(
            {
                "start": In(1),
                "squares_down": In(range(most + 1)),
                "squares_across": In(range(most + 1)),
                "which": In(1),
                "row": Out(place),
                "column": Out(place),
                "own": In(count * UNIT_BITS),
                "other_row": Out(place),
                "other_column": Out(place),
                "other": In(count * UNIT_BITS),
                "entry": Out(range(EXPONENTIAL)),
                "weight": In(range(highest + 1)),
                "mantissa": Out(range(256)),
                "reciprocal": In(16),
                "flow": Out(2 * self.flow_bits),
                "done": Out(1),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        scan, weighs = Signal(name="scan"), Signal(name="weighs")
        first = Signal(name="first")
        ended = Signal(name="ended")
        y, x = Signal.like(self.other_row, name="y"), Signal.like(self.other_column, name="x")
        last_x = x == self.squares_across - 1
        with m.If(scan):
            m.d.sync += [x.eq(Mux(last_x, 0, x + 1)), first.eq(0)]
            with m.If(last_x):
                m.d.sync += y.eq(y + 1)
                with m.If(y == self.squares_down - 1):
                    m.d.sync += [y.eq(0), ended.eq(1)]
        score, place = self._scores(m, y, x, scan, weighs, first)
        total, sums, going = self._weights(m, score, place)
        wait = Signal(range(4), name="wait")
        axis = Signal(name="axis")
        size, shift = self._normalised(m, total)
        rounded = self._quotient(m, axis, total, sums, shift)
        with m.FSM(name="flow") as states:
            with m.State("IDLE"):
                m.d.sync += [self.row.eq(0), self.column.eq(0), wait.eq(3)]
                with m.If(self.start):
                    m.next = "READ"
            with m.State("READ"):
                m.d.sync += [wait.eq(wait - 1), weighs.eq(0), first.eq(1), ended.eq(0)]
                with m.If(wait == 0):
                    m.next = "COMPARE"
            with m.State("COMPARE"):
                with m.If(ended & ~going):
                    m.d.sync += [weighs.eq(1), first.eq(1), ended.eq(0)]
                    m.next = "WEIGH"
            with m.State("WEIGH"):
                with m.If(ended & ~going):
                    m.d.sync += [size.eq(total), shift.eq(len(total) + 14), axis.eq(0)]
                    m.next = "NORMALISE"
            with m.State("NORMALISE"):
                m.d.sync += wait.eq(2)
                with m.If(size[-1] | (size == 0)):
                    m.next = "DIVIDE"
                with m.Else():
                    m.d.sync += [size.eq(size << 1), shift.eq(shift - 1)]
            with m.State("DIVIDE"):
                # The numerator, the table's entry, the product: a clock each.
                m.d.sync += wait.eq(wait - 1)
                with m.If(wait == 0):
                    m.d.sync += [
                        self.flow.eq(Cat(self.flow[self.flow_bits :], rounded[: self.flow_bits])),
                        wait.eq(2),
                        axis.eq(1),
                    ]
                    with m.If(axis):
                        m.next = "WRITE"
            with m.State("WRITE"):
                end = self.column == self.squares_across - 1
                m.d.sync += [self.column.eq(Mux(end, 0, self.column + 1)), wait.eq(3)]
                m.next = "READ"
                with m.If(end):
                    m.d.sync += self.row.eq(self.row + 1)
                    with m.If(self.row == self.squares_down - 1):
                        m.next = "IDLE"
        # Assignments, not branches: Icarus does not run a block whose inputs never change.
        scans = states.ongoing("COMPARE") | states.ongoing("WEIGH")
        m.d.comb += [
            scan.eq(scans & ~ended),
            self.busy.eq(~states.ongoing("IDLE")),
            self.done.eq(states.ongoing("WRITE")),
        ]
        return m

    def _scores(
        self, m: Module, y: Signal, x: Signal, scan: Signal, weighs: Signal, first: Signal
    ) -> tuple[Signal, tuple[Value, ...]]:
        """Products of both vectors, and of what: valid, weighs, first, row and column."""
        m.d.sync += [self.other_row.eq(y), self.other_column.eq(x)]
        now = Cat(scan, weighs, first, y, x)
        registers = 4 + tree_registers(self.count)
        marks = delayed(m, now, registers, Const(1))
        self._marks = marks
        products = []
        unit = 1 << (UNIT_BITS - 1)
        bounds = Bounds(-unit * unit, unit * unit)
        for k in range(self.count):
            product = Signal(bounds.shape, name=f"product{k}", reset_less=True)
            own = self.own.word_select(k, UNIT_BITS).as_signed()
            other = self.other.word_select(k, UNIT_BITS).as_signed()
            m.d.sync += product.eq(own * other)
            products.append(product)
        total = add_tree(m, "_score", products, [bounds] * self.count, Const(1))
        score = Signal(signed(len(total) + 1), name="score")
        m.d.comb += score.eq(total)
        there = marks[-1]
        a = 3 + len(y)
        return score, (there[0], there[1], there[2], there[3:a], there[a:])

    def _weights(
        self, m: Module, score: Signal, place: tuple[Value, ...]
    ) -> tuple[Signal, tuple[Signal, Signal], Value]:
        """The sum of all weights, those times rows and columns, and whether any is to come."""
        valid, weighs, first, row, column = place
        highest = Signal.like(score, name="highest", reset_less=True)
        with m.If(valid & ~weighs & (first | (score > highest))):
            m.d.sync += highest.eq(score)
        # Below the highest, scaled, looked up.
        below = Signal(len(score) + 1, name="below", reset_less=True)
        scaled = Signal(len(below) + 16, name="scaled", reset_less=True)
        entry = Signal.like(self.entry, name="limited", reset_less=True)
        factors, shifts = ([pair[k] for pair in self.scaling] for k in range(2))
        choice = [scaled >> shift for shift in shifts]
        index = Mux(self.which, choice[-1], choice[0])
        m.d.sync += [
            below.eq(highest - score),
            scaled.eq(below * Mux(self.which, factors[-1], factors[0])),
            entry.eq(Mux(index > EXPONENTIAL - 1, EXPONENTIAL - 1, index)),
        ]
        m.d.comb += self.entry.eq(entry)
        now = Cat(valid & weighs, first, row, column)
        marks = delayed(m, now, 5, Const(1))
        there, starts = marks[-1][0], marks[-1][1]
        at_row = marks[-1][2 : 2 + len(row)]
        at_column = marks[-1][2 + len(row) :]
        most = self.highest * self.most**2
        total = Signal(range(max(most, 512) + 1), name="total", reset_less=True)
        sums = []
        with m.If(there):
            m.d.sync += total.eq(Mux(starts, 0, total) + self.weight)
            for name, at in (("rows", at_row), ("columns", at_column)):
                added = Signal(range(most * self.most + 1), name=name, reset_less=True)
                m.d.sync += added.eq(Mux(starts, 0, added) + self.weight * at)
                sums.append(added)
        going = Cat(mark[0] for mark in (*self._marks, *marks)).any()
        return total, (sums[0], sums[1]), going

    def _normalised(self, m: Module, total: Signal) -> tuple[Signal, Signal]:
        """The sum with its highest bit at the top, whose mantissa is looked up; and the shift."""
        size = Signal.like(total, name="size", reset_less=True)
        m.d.comb += self.mantissa.eq(size[-_MANTISSA:-1])
        return size, Signal(range(64), name="shift", reset_less=True)

    def _quotient(
        self, m: Module, axis: Signal, total: Signal, sums: tuple[Signal, Signal], shift: Signal
    ) -> Value:
        """The flow along an axis, from the reciprocal."""
        own = Mux(axis, self.column, self.row)
        added = Mux(axis, sums[1], sums[0])
        bits = len(sums[0]) + 2
        number = Signal(signed(bits), name="number", reset_less=True)
        product = Signal(
            signed(bits + 17 + (self.pool << FLOW_BITS).bit_length()),
            name="quotient",
            reset_less=True,
        )
        m.d.sync += [
            number.eq(added - own * total),
            product.eq(number * self.reciprocal * (self.pool << FLOW_BITS)),
        ]
        return shifted(product, shift)

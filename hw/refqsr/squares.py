"""Sums of features over squares, for RefER's descriptors."""

from __future__ import annotations

from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lutscale.hw.refqsr.engine import engine_ports
from lutscale.hw.refqsr.outputs import FEATURE_BITS
from lutscale.hw.tree import delayed

__all__ = ["Squares"]

_CLOCKS = 3
"""From a step to its features: place, address and memory each have a register."""


class Squares(wiring.Component):
    """Reads the features of a square, a pixel a clock, and adds them.

    Ports:
        start: In, for one clock; ``squares_down``, ``squares_across``: In, how many.
        row, column: Out, the pixel wanted; ``features``: In, two clocks later.
        free and so on: `engine_ports`; places are squares.

    Args:
        channels: of features.
        pool: side of a square.
        number_bits: of a sum.
        max_side: of a tile.
    """

    def __init__(self, *, channels: int, pool: int, number_bits: int, max_side: int) -> None:
        self.channels, self.pool, self.number_bits = channels, pool, number_bits
        squares = max(max_side // pool, 1)
        super().__init__(
            {
                "start": In(1),
                "squares_down": In(range(squares + 1)),
                "squares_across": In(range(squares + 1)),
                "row": Out(range(max_side)),
                "column": Out(range(max_side)),
                "features": In(channels * FEATURE_BITS),
                **engine_ports(channels * number_bits, squares, squares),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        pool, active, step = self.pool, Signal(name="active"), Signal(name="step")
        # The square, the place in it, and where it begins.
        square_y = Signal.like(self.at_row, name="square_y")
        square_x = Signal.like(self.at_column, name="square_x")
        y, x = Signal(range(pool), name="y"), Signal(range(pool), name="x")
        top, left = Signal.like(self.row, name="top"), Signal.like(self.column, name="left")
        ends = Signal(name="ends")
        m.d.comb += [
            ends.eq((y == pool - 1) & (x == pool - 1)),
            step.eq(active & (~ends | self.free)),
            self.claim.eq(step & ends),
        ]
        with m.If(self.start):
            m.d.sync += [active.eq(1), y.eq(0), x.eq(0), top.eq(0), left.eq(0)]
            m.d.sync += [square_y.eq(0), square_x.eq(0)]
        with m.Elif(step):
            m.d.sync += x.eq(x + 1)
            with m.If(x == pool - 1):
                m.d.sync += [x.eq(0), y.eq(y + 1)]
            with m.If(ends):
                m.d.sync += [y.eq(0), square_x.eq(square_x + 1), left.eq(left + pool)]
                with m.If(square_x == self.squares_across - 1):
                    m.d.sync += [square_x.eq(0), left.eq(0)]
                    m.d.sync += [square_y.eq(square_y + 1), top.eq(top + pool)]
                    with m.If(square_y == self.squares_down - 1):
                        m.d.sync += active.eq(0)
        m.d.sync += [self.row.eq(top + y), self.column.eq(left + x)]

        marks = delayed(m, Cat(step, (y == 0) & (x == 0), step & ends), _CLOCKS, Const(1))
        places = delayed(m, Cat(square_y, square_x), _CLOCKS + 1, Const(1))
        there, first, last = (marks[-1][k] for k in range(3))
        totals = []
        for c in range(self.channels):
            feature = self.features.word_select(c, FEATURE_BITS).as_signed()
            total = Signal(signed(self.number_bits), name=f"total{c}", reset_less=True)
            with m.If(there):
                m.d.sync += total.eq(Mux(first, 0, total) + feature)
            totals.append(total)
        m.d.sync += self.done.eq(there & last)
        m.d.comb += [
            self.numbers.eq(Cat(totals)),
            Cat(self.at_row, self.at_column).eq(places[-1]),
            self.busy.eq(active | Cat(mark[0] for mark in marks).any() | self.done),
        ]
        return m

"""Unit vectors of descriptors: squares added, a root from a small table, a product each."""

from __future__ import annotations

from typing import Any

from amaranth import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lutscale.golden.refqsr.arithmetic import INVERSE_ROOT, UNIT
from lutscale.hw.refqsr.arithmetic import shifted

__all__ = ["NUMBER_BITS", "UNIT_BITS", "Units"]

NUMBER_BITS = 16
"""Of a number of a descriptor."""

UNIT_BITS = 8
"""Of a number of a unit vector."""

_SQUARES = 40
_MANTISSA = 10
# A number of all 40 bits is shifted right by 30 to its mantissa, and its root by half of that.
_SHIFT = (_SQUARES - _MANTISSA) // 2 + 19


class Units(wiring.Component):
    """``golden.refqsr.arithmetic.unit_vectors``, place by place and number by number.

    Ports:
        start: In, for one clock; ``squares_down``, ``squares_across``: In, how many places.
        row, column: Out, the place wanted; ``numbers``: In, two clocks later.
        entry: Out, of the table of inverse roots; ``root``: In, two clocks later.
        done: Out, for the clock in which ``vector`` is that of ``row`` and ``column``.
        busy: Out.

    Args:
        count: numbers of a descriptor.
        most: squares in a row.
    """

    def __init__(self, *, count: int, most: int) -> None:
        self.count = count
        super().__init__(
            {
                "start": In(1),
                "squares_down": In(range(most + 1)),
                "squares_across": In(range(most + 1)),
                "row": Out(range(max(most, 2))),
                "column": Out(range(max(most, 2))),
                "numbers": In(count * NUMBER_BITS),
                "entry": Out(range(INVERSE_ROOT)),
                "root": In(16),
                "vector": Out(count * UNIT_BITS),
                "done": Out(1),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        held = Signal.like(self.numbers, name="held", reset_less=True)
        number = held[:NUMBER_BITS].as_signed()
        squares = Signal(_SQUARES, name="added", reset_less=True)
        shift = Signal(range(_SHIFT + 1), name="shift", reset_less=True)
        wait, left = Signal(range(4), name="wait"), Signal(range(self.count + 1), name="left")
        m.d.comb += [
            self.entry.eq(squares[_SQUARES - _MANTISSA :] - 256),
        ]
        turned = Cat(held[NUMBER_BITS:], number)
        product = Signal(signed(NUMBER_BITS + 17 + 7), name="product", reset_less=True)
        rounded = shifted(product, shift)
        with m.FSM(name="units") as states:
            with m.State("IDLE"):
                m.d.sync += [self.row.eq(0), self.column.eq(0), wait.eq(2)]
                with m.If(self.start):
                    m.next = "READ"
            with m.State("READ"):
                m.d.sync += [wait.eq(wait - 1), held.eq(self.numbers), squares.eq(0)]
                m.d.sync += [left.eq(self.count), shift.eq(_SHIFT)]
                with m.If(wait == 0):
                    m.next = "ADD"
            with m.State("ADD"):
                m.d.sync += [squares.eq(squares + number * number), held.eq(turned)]
                m.d.sync += left.eq(left - 1)
                with m.If(left == 1):
                    m.next = "NORMALISE"
            with m.State("NORMALISE"):
                m.d.sync += [left.eq(self.count), wait.eq(2)]
                with m.If(squares == 0):
                    m.d.sync += squares.eq(1)
                with m.Elif(squares[-2:] != 0):
                    m.next = "ROOT"
                with m.Else():
                    m.d.sync += [squares.eq(squares << 2), shift.eq(shift - 1)]
            with m.State("ROOT"):
                m.d.sync += wait.eq(wait - 1)
                with m.If(wait == 0):
                    m.next = "MULTIPLY"
            with m.State("MULTIPLY"):
                m.d.sync += [product.eq(number * self.root * UNIT), held.eq(turned)]
                m.next = "ROUND"
            with m.State("ROUND"):
                m.d.sync += [
                    self.vector.eq(Cat(self.vector[UNIT_BITS:], rounded[:UNIT_BITS])),
                    left.eq(left - 1),
                ]
                m.next = "MULTIPLY"
                with m.If(left == 1):
                    m.next = "WRITE"
            with m.State("WRITE"):
                end = self.column == self.squares_across - 1
                m.d.sync += [self.column.eq(Mux(end, 0, self.column + 1)), wait.eq(2)]
                m.next = "READ"
                with m.If(end):
                    m.d.sync += self.row.eq(self.row + 1)
                    with m.If(self.row == self.squares_down - 1):
                        m.next = "IDLE"
        # Assignments, not branches: Icarus does not run a block whose inputs never change.
        m.d.comb += [
            self.busy.eq(~states.ongoing("IDLE")),
            self.done.eq(states.ongoing("WRITE")),
        ]
        return m

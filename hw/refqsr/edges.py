"""Steps between neighbours of a tile that comes in: what CADyQ sees of the picture."""

from __future__ import annotations

from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lutscale.hw.tree import delayed

__all__ = ["Edges", "step_bits"]

_CLOCKS = 2
"""From a pixel to the one above it: its address and the memory each have a register."""


def step_bits(places: int) -> int:
    """Of a sum of steps over so many places and three planes."""
    return (3 * 255 * places).bit_length()


class Edges(wiring.Component):
    """Adds absolute steps down and right over all planes, a pixel a clock.

    Ports:
        write, row, column, word: In, a pixel of the tile, of `Loader`.
        above_row, above_column: Out, the pixel wanted; ``above``: In, two clocks later.
        down, right: Out, of the tile, from four clocks after its last pixel.

    Args:
        max_width, max_height: of a tile.
    """

    def __init__(self, *, max_width: int, max_height: int) -> None:
        bits = step_bits(max_width * max_height)
        places = {"row": range(max_height), "column": range(max_width)}
        super().__init__(
            {
                "write": In(1),
                **{name: In(shape) for name, shape in places.items()},
                "word": In(24),
                **{f"above_{name}": Out(shape) for name, shape in places.items()},
                "above": In(24),
                "down": Out(bits),
                "right": Out(bits),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        left = Signal(24, name="left", reset_less=True)
        with m.If(self.write):
            m.d.sync += left.eq(self.word)
        m.d.comb += [
            self.above_row.eq(Mux(self.row == 0, 0, self.row - 1)),
            self.above_column.eq(self.column),
        ]
        marks = Cat(self.write, self.row != 0, self.column != 0)
        came, word, before = (
            delayed(m, value, _CLOCKS, Const(1))[-1] for value in (marks, self.word, left)
        )
        valid, first = Signal(name="valid"), Signal(name="first", reset_less=True)
        m.d.sync += [valid.eq(came[0]), first.eq(~came[1] & ~came[2])]
        for total, there, other in (
            (self.down, came[1], self.above),
            (self.right, came[2], before),
        ):
            step = Signal(range(3 * 255 + 1), name=f"step_{total.name}", reset_less=True)
            m.d.sync += step.eq(Mux(there, _distance(word, other), 0))
            with m.If(valid):
                m.d.sync += total.eq(Mux(first, 0, total) + step)
        return m


def _distance(one: Value, other: Value) -> Value:
    """The sum of the absolute differences of R, G and B."""
    parts = [(one.word_select(k, 8), other.word_select(k, 8)) for k in range(3)]
    red, green, blue = (Mux(a > b, a - b, b - a).as_unsigned()[:8] for a, b in parts)
    return red + green + blue

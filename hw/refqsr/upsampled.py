"""The picture under the result: bilinear sums for a row of HR pixels of one LR pixel."""

from __future__ import annotations

from typing import Any

from amaranth import Array, Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lutscale.golden.layers.residual import bilinear_taps
from lutscale.hw.tree import delayed

__all__ = ["Upsampled"]

_CLOCKS = 3
"""From a step to its pixel: its place, the address and the memory each have a register."""


class Upsampled(wiring.Component):
    """Reads the 3x3 pixels around a place, the edge repeated, in nine clocks.

    Ports:
        start: In, for one clock, with ``row``, ``column`` and ``phase``, the row of HR pixels.
        width, height: In, of the tile.
        from_row, from_column: Out, the pixel wanted; ``pixel``: In, two clocks later, R lowest.
        sums: Out, signed numbers of `bits`: R, G, B of each HR pixel in turn, once ``busy`` is low.

    Args:
        scale: r.
        max_width, max_height: of a tile.
    """

    def __init__(self, *, scale: int, max_width: int, max_height: int) -> None:
        self.scale = scale
        self.taps = bilinear_taps(scale).tolist()
        self.bits = (255 * sum(self.taps[0]) ** 2).bit_length() + 1
        super().__init__(
            {
                "start": In(1),
                "phase": In(range(scale + 1)),
                "row": In(range(max_height)),
                "column": In(range(max_width)),
                "width": In(range(max_width + 1)),
                "height": In(range(max_height + 1)),
                "from_row": Out(range(max_height)),
                "from_column": Out(range(max_width)),
                "pixel": In(24),
                "sums": Out(3 * scale * self.bits),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        down, across = Signal(range(3), name="down"), Signal(range(3), name="across")
        active = Signal(name="active")
        row, column = Signal.like(self.row, name="y"), Signal.like(self.column, name="x")
        phase = Signal.like(self.phase, name="i")
        with m.If(self.start):
            m.d.sync += [active.eq(1), down.eq(0), across.eq(0)]
            m.d.sync += [row.eq(self.row), column.eq(self.column), phase.eq(self.phase)]
        with m.Elif(active):
            m.d.sync += across.eq(Mux(across == 2, 0, across + 1))
            with m.If(across == 2):
                m.d.sync += down.eq(down + 1)
                with m.If(down == 2):
                    m.d.sync += active.eq(0)
        for place, at, step, size in (
            (self.from_row, row, down, self.height),
            (self.from_column, column, across, self.width),
        ):
            before, after = Mux(at == 0, 0, at - 1), Mux(at == size - 1, at, at + 1)
            m.d.sync += place.eq(Mux(step == 0, before, Mux(step == 1, at, after)))

        most = max(max(row) for row in self.taps)
        weights = [Array(row) for row in self.taps]
        weight = Signal(range(most + 1), name="weight")
        marks = delayed(
            m, Cat(active, (down == 0) & (across == 0), across, down), _CLOCKS, Const(1)
        )
        there, first = marks[-1][0], marks[-1][1]
        at_across, at_down = marks[-1][2:4], marks[-1][4:6]
        m.d.comb += weight.eq(Array(weights)[phase][at_down])
        sums = []
        for j in range(self.scale):
            for c in range(3):
                weighted = Signal(range(255 * most + 1), name=f"weighted{j}_{c}")
                m.d.comb += weighted.eq(self.pixel.word_select(c, 8) * weight)
                total = Signal(signed(self.bits), name=f"sum{j}_{c}", reset_less=True)
                added = Array([weighted * tap for tap in self.taps[j]])[at_across]
                with m.If(there):
                    m.d.sync += total.eq(Mux(first, 0, total) + added)
                sums.append(total)
        m.d.comb += [
            self.sums.eq(Cat(sums)),
            self.busy.eq(active | Cat(mark[0] for mark in marks).any()),
        ]
        return m

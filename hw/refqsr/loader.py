"""A tile that comes in: pixels with their places, its size, and what stands beside it."""

from __future__ import annotations

from typing import Any

from amaranth import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["PIXEL", "Loader"]

PIXEL = data.StructLayout({"pixel": 24, "first": 1, "last": 1})
"""R, G and B, R lowest; whether it is the first of a tile, and the last of a line."""


class Loader(wiring.Component):
    """Counts rows and columns of a tile while ``open``; its pixels go where a memory wants them.

    A tile of no pixel, or larger than was built for, is taken and forgotten.

    Ports:
        i: stream of `PIXEL`; ``given_width``, ``given_height``, ``given_reference``,
            ``given_slot``: In, read with the first pixel.
        open: In, a tile may come in.
        write, row, column, word: Out, for the picture's memory.
        loaded: Out, for the clock of the last pixel.
        width, height, reference, slot: Out, of the tile, from its second clock on.
        malformed: Out, set once marks or a size were wrong.

    Args:
        max_width, max_height: of a tile.
        slots: places where references are kept.
    """

    def __init__(self, *, max_width: int, max_height: int, slots: int) -> None:
        self.max_width, self.max_height = max_width, max_height
        sides = {"width": In(range(max_width + 1)), "height": In(range(max_height + 1))}
        beside = {**sides, "reference": In(1), "slot": In(range(max(slots, 2)))}
        super().__init__(
            {
                "i": In(stream.Signature(PIXEL)),
                **{f"given_{name}": port for name, port in beside.items()},
                **{name: port.flip() for name, port in beside.items()},
                "open": In(1),
                "write": Out(1),
                "row": Out(range(max_height)),
                "column": Out(range(max_width)),
                "word": Out(24),
                "loaded": Out(1),
                "malformed": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        begins, takes = Signal(name="begins", init=1), Signal(name="takes")
        width, height = Signal.like(self.width, name="w"), Signal.like(self.height, name="h")
        fits = Signal(name="fits")
        end_line = Signal(name="end_line")
        m.d.comb += [
            self.i.ready.eq(self.open),
            takes.eq(self.i.valid & self.open),
            self.word.eq(self.i.payload.pixel),
            width.eq(self.width),
            height.eq(self.height),
        ]
        with m.If(begins):
            m.d.comb += [width.eq(self.given_width), height.eq(self.given_height)]
        m.d.comb += [
            fits.eq(
                (width != 0) & (width <= self.max_width)
                & (height != 0) & (height <= self.max_height)
            ),
            end_line.eq(self.column == width - 1),
            self.write.eq(takes & fits),
            self.loaded.eq(takes & fits & end_line & (self.row == height - 1)),
        ]  # fmt: skip
        with m.If(takes):
            with m.If((self.i.payload.first != begins) | (self.i.payload.last != end_line) | ~fits):
                m.d.sync += self.malformed.eq(1)
            with m.If(fits):
                m.d.sync += [begins.eq(self.loaded), self.column.eq(self.column + 1)]
                with m.If(end_line):
                    m.d.sync += [self.column.eq(0), self.row.eq(self.row + 1)]
                with m.If(self.loaded):
                    m.d.sync += self.row.eq(0)
            with m.If(begins):
                m.d.sync += [
                    self.width.eq(self.given_width),
                    self.height.eq(self.given_height),
                    self.reference.eq(self.given_reference),
                    self.slot.eq(self.given_slot),
                ]
        return m

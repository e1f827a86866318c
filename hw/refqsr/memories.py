# amaranth: UnusedElaboratable=no
"""Memories of the tile processor: tiles that are read by row and column, and ROMs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth import Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lutscale.hw.memory import MemoryUse, Ram, Rom
from lutscale.hw.targets import Target

__all__ = ["PURPOSES", "TileMemory", "rom"]

PURPOSES = ("table", "constants", "tile", "reference")
"""What memories of the tile processor are for: weights and RefER's tables; constants and passes;
tiles that are worked on; what is kept of references."""


class TileMemory(wiring.Component):
    """A word a place; ``data`` follows ``row`` and ``column`` by two clocks.

    Ports:
        row, column: In, what is wanted; ``data``: Out.
        write: In, with ``write_row``, ``write_column`` and ``word``.
        read_page, write_page: In, which of several tiles, where there are more than one.

    Args:
        name, purpose: for the account of memory.
        width: bits of a word.
        rows, columns, pages: how many places.
        target: whose block memories there are.
    """

    def __init__(
        self,
        *,
        name: str,
        purpose: str,
        width: int,
        rows: int,
        columns: int,
        pages: int = 1,
        target: Target,
    ) -> None:
        self.rows, self.columns, self.pages = rows, columns, pages
        depth = rows * columns * pages
        self.ram = Ram(
            name=name, layer=-1, purpose=purpose, width=width, depth=depth, target=target
        )
        self.memories: tuple[MemoryUse, ...] = (self.ram.use,)
        super().__init__(
            {
                "row": In(range(rows)),
                "column": In(range(columns)),
                "read_page": In(range(max(pages, 2))),
                "data": Out(width),
                "write": In(1),
                "write_row": In(range(rows)),
                "write_column": In(range(columns)),
                "write_page": In(range(max(pages, 2))),
                "word": In(width),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.ram = ram = self.ram
        address = Signal.like(ram.rd_addr, name="address")
        m.d.sync += address.eq(self._address(self.row, self.column, self.read_page))
        m.d.comb += [
            ram.rd_en.eq(1),
            ram.rd_addr.eq(address),
            self.data.eq(ram.rd_data),
            ram.wr_en.eq(self.write),
            ram.wr_addr.eq(self._address(self.write_row, self.write_column, self.write_page)),
            ram.wr_data.eq(self.word),
        ]
        return m

    def _address(self, row: Value, column: Value, page: Value) -> Value:
        if self.pages == 1:
            return row * self.columns + column
        return (page * self.rows + row) * self.columns + column


def rom(
    name: str,
    width: int,
    words: Sequence[int],
    target: Target,
    *,
    purpose: str = "constants",
    part: str = "",
) -> Rom:
    """A ROM of at least two words; ``part`` is its name among those of all lanes."""
    return Rom(
        name=name,
        layer=-1,
        purpose=purpose,
        width=width,
        words=[*words, 0] if len(words) < 2 else words,
        target=target,
        part=part or name,
    )

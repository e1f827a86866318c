"""A first-in first-out buffer of any depth in one block memory."""

from __future__ import annotations

from typing import Any

from amaranth import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from lutscale.hw.memory import Ram
from lutscale.hw.targets import Target

__all__ = ["Fifo"]


class Fifo(wiring.Component):
    """Streams in and out; a word is at ``o`` two clocks after ``i`` took it into an empty buffer.

    The RAM's own read register and the one behind it, which keeps the RAM's slow output away from
    all logic, are two more places.

    Args:
        width, depth: bits of a word, and words (at least 2).
        name, layer, purpose: for the account of memory.
        target: whose block memories there are.
    """

    def __init__(
        self, *, width: int, depth: int, name: str, layer: int, purpose: str, target: Target
    ) -> None:
        self.ram = Ram(
            name=name, layer=layer, purpose=purpose, width=width, depth=depth, target=target
        )
        self.memories = (self.ram.use,)
        super().__init__({"i": In(stream.Signature(width)), "o": Out(stream.Signature(width))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.ram = ram = self.ram
        depth = ram.use.depth
        level = Signal(range(depth + 1), name="level")
        full, some = Signal(name="full"), Signal(name="some")
        write = Signal(range(depth), name="write")
        read = Signal(range(depth), name="read")
        put, get = Signal(name="put"), Signal(name="get")
        fetched, move = Signal(name="fetched"), Signal(name="move")
        m.d.comb += [
            self.i.ready.eq(~full),
            put.eq(self.i.valid & self.i.ready),
            move.eq(fetched & (~self.o.valid | self.o.ready)),
            get.eq(some & (~fetched | move)),
            ram.wr_en.eq(put),
            ram.wr_addr.eq(write),
            ram.wr_data.eq(self.i.payload),
            ram.rd_en.eq(get),
            ram.rd_addr.eq(read),
        ]
        # Both ends see registers, and the level is compared before it is known what happens.
        with m.If(put ^ get):
            m.d.sync += [
                level.eq(level + Mux(put, 1, -1)),
                full.eq(put & (level == depth - 1)),
                some.eq(put | (level != 1)),
            ]
        with m.If(put):
            m.d.sync += write.eq(Mux(write == depth - 1, 0, write + 1))
        with m.If(get):
            m.d.sync += [read.eq(Mux(read == depth - 1, 0, read + 1)), fetched.eq(1)]
        with m.Elif(move):
            m.d.sync += fetched.eq(0)
        # Without a reset: the block's own output register has none, either.
        word = Signal(len(ram.rd_data), name="word", reset_less=True)
        m.d.comb += self.o.payload.eq(word)
        with m.If(move):
            m.d.sync += [word.eq(ram.rd_data), self.o.valid.eq(1)]
        with m.Elif(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        return m

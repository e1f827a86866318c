"""A first-in first-out buffer of any depth in block memories."""

from __future__ import annotations

from typing import Any

from amaranth import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from lutscale.hw.folding import select
from lutscale.hw.memory import Ram
from lutscale.hw.targets import Target

__all__ = ["Fifo"]


class Fifo(wiring.Component):
    """Streams in and out; a word is at ``o`` two clocks after ``i`` took it into an empty buffer.

    The RAM's own read register and the one behind it, which keeps the RAM's slow output away from
    all logic, are two more places. A buffer deeper than a block is several RAMs, each with such a
    register, and chooses among the registers.

    Ports:
        i, o: in and out, streams of words.
        room: out, whether ``i`` would take two words at once.

    Args:
        width, depth: bits of a word, and words (at least 2).
        name, layer, purpose: for the account of memory.
        target: whose block memories there are.
    """

    def __init__(
        self, *, width: int, depth: int, name: str, layer: int, purpose: str, target: Target
    ) -> None:
        self.depth = max(depth, 2)
        #: Words of each RAM but the last, a power of two.
        self.share = _share(self.depth, width, target)
        self.rams = [
            Ram(
                name=name if start == 0 else f"{name}_from{start}",
                layer=layer,
                purpose=purpose,
                width=width,
                depth=min(self.share, self.depth - start),
                target=target,
            )
            for start in range(0, self.depth, self.share)
        ]
        self.memories = tuple(ram.use for ram in self.rams)
        super().__init__(
            {
                "i": In(stream.Signature(width)),
                "o": Out(stream.Signature(width)),
                "room": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        depth = self.depth
        level = Signal(range(depth + 1), name="level")
        full, some = Signal(name="full"), Signal(name="some")
        write = Signal(range(depth), name="write")
        read = Signal(range(depth), name="read")
        put, get = Signal(name="put"), Signal(name="get")
        fetched, move = Signal(name="fetched"), Signal(name="move")
        m.d.comb += [
            self.i.ready.eq(~full),
            self.room.eq(level < depth - 1),
            put.eq(self.i.valid & self.i.ready),
            move.eq(fetched & (~self.o.valid | self.o.ready)),
            get.eq(some & (~fetched | move)),
        ]
        low = (self.share - 1).bit_length()
        for k, ram in enumerate(self.rams):
            m.submodules[f"ram{k}" if k else "ram"] = ram
            m.d.comb += [
                ram.wr_en.eq(put if len(self.rams) == 1 else put & (write[low:] == k)),
                ram.wr_addr.eq(write[: len(ram.wr_addr)]),
                ram.wr_data.eq(self.i.payload),
                ram.rd_en.eq(get),
                ram.rd_addr.eq(read[: len(ram.rd_addr)]),
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
        words = [
            Signal(len(ram.rd_data), name=f"word{k}" if k else "word", reset_less=True)
            for k, ram in enumerate(self.rams)
        ]
        # Which RAM the word fetched is from, and the one at the output.
        source, chosen = (Signal.like(read[low:], name=name) for name in ("source", "chosen"))
        if len(self.rams) > 1:
            with m.If(get):
                m.d.sync += source.eq(read[low:])
            with m.If(move):
                m.d.sync += chosen.eq(source)
        select(m, chosen, self.o.payload, words)
        with m.If(move):
            m.d.sync += [
                *(word.eq(ram.rd_data) for word, ram in zip(words, self.rams, strict=True)),
                self.o.valid.eq(1),
            ]
        with m.Elif(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        return m


def _share(depth: int, width: int, target: Target) -> int:
    """The words of a RAM that stacks no blocks, or all."""
    _, (deepest, _) = target.block.needed(depth, width)
    if depth <= deepest or not target.ram_pays(depth, width):
        return depth
    # A power of two, so that the address tells the RAM.
    return 1 << (deepest.bit_length() - 1)

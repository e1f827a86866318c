# amaranth: UnusedElaboratable=no
"""Chroma lines that wait for their luma: a ring of words in each of two banks."""

from __future__ import annotations

from typing import Any

from amaranth import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lutscale.hw.colour.geometry import WORD_BITS
from lutscale.hw.memory import Ram
from lutscale.hw.targets import Target

__all__ = ["BANKS", "ChromaStore"]

BANKS = 2
"""Lines take turns, so that two neighbours are read at once."""


class ChromaStore(wiring.Component):
    """Words go in line by line, and stay until they are freed, in the order they came.

    Ports:
        write, word, last: in; a word, and whether it ends its line. Only while ``room``.
        room: out, whether the bank of the line at hand takes another word.
        read: in; words at ``address0`` and ``address1`` are in ``data0`` and ``data1`` a clock
            later.
        free0, free1: in; the oldest word of a bank is not needed any more.

    Args:
        depth: words of a bank.
        target: whose block memories there are.
    """

    def __init__(self, *, depth: int, target: Target) -> None:
        self.rams = [
            Ram(
                name=f"chroma_bank{b}",
                layer=-1,
                purpose="chroma",
                width=WORD_BITS,
                depth=depth,
                target=target,
            )
            for b in range(BANKS)
        ]
        self.memories = tuple(ram.use for ram in self.rams)
        self.depth = self.rams[0].use.depth
        ports: dict[str, Any] = {
            "write": In(1),
            "word": In(WORD_BITS),
            "last": In(1),
            "room": Out(1),
            "read": In(1),
        }
        for b in range(BANKS):
            ports |= {
                f"address{b}": In(range(self.depth)),
                f"data{b}": Out(WORD_BITS),
                f"free{b}": In(1),
            }
        super().__init__(ports)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        bank = Signal(name="bank")
        full = [Signal(name=f"full{b}") for b in range(BANKS)]
        m.d.comb += self.room.eq(~Mux(bank, full[1], full[0]))
        with m.If(self.write & self.last):
            m.d.sync += bank.eq(~bank)
        for b, ram in enumerate(self.rams):
            m.submodules[f"bank{b}"] = ram
            at = Signal(range(self.depth), name=f"at{b}")
            level = Signal(range(self.depth + 1), name=f"level{b}")
            put, free = Signal(name=f"put{b}"), getattr(self, f"free{b}")
            m.d.comb += [
                put.eq(self.write & (bank == b)),
                ram.wr_en.eq(put),
                ram.wr_addr.eq(at),
                ram.wr_data.eq(self.word),
                ram.rd_en.eq(self.read),
                ram.rd_addr.eq(getattr(self, f"address{b}")),
                getattr(self, f"data{b}").eq(ram.rd_data),
            ]
            with m.If(put):
                m.d.sync += at.eq(Mux(at == self.depth - 1, 0, at + 1))
            with m.If(put ^ free):
                m.d.sync += [
                    level.eq(level + Mux(put, 1, -1)),
                    full[b].eq(put & (level == self.depth - 1)),
                ]
        return m

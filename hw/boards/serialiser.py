"""Symbols of ten bits to pairs of bits, in a domain of five clocks a symbol.

Both clocks are of one PLL, so their ratio is exact, but nothing is assumed of their phase. A bit
that turns with every symbol is watched once after reset, and tells when symbols change; from then
on a ring of five counts. A word is taken two to four fast clocks after it changed, and stands for
five.
"""

from __future__ import annotations

from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from lutscale.hw.boards.pll import RATIO

__all__ = ["CLOCK_SYMBOL", "Serialiser"]

CLOCK_SYMBOL = 0b0000011111
"""What the channel of the pixel clock sends: high for the first half of a pixel."""


class Serialiser(wiring.Component):
    """Three channels and the pixel clock; symbols in domain ``sync``, pairs in domain ``shift``.

    Ports:
        symbols: in, 3 x 10 bits, a new one each clock of ``sync``, the lowest channel first.
        pairs: out, 4 x 2 bits, the fourth is the clock; the lower bit of a pair goes first.
    """

    def __init__(self) -> None:
        super().__init__({"symbols": In(30), "pairs": Out(8)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        turn, word = Signal(name="turn"), Signal(30, name="word")
        m.d.sync += [turn.eq(~turn), word.eq(self.symbols)]
        seen, before = Signal(name="seen"), Signal(name="before")
        m.submodules.watch = FFSynchronizer(turn, seen, o_domain="shift")
        # One bit of the ring is set, once it runs, and is at its first place two to three clocks
        # after a word has changed. Three more to the fourth, one to load and one to the bits: so
        # the next word is taken two to three clocks after it came, or one more where the first
        # change was seen late.
        ring, started = Signal(RATIO, name="ring"), Signal(name="started")
        m.d["shift"] += [before.eq(seen), started.eq(started | (seen ^ before))]
        m.d["shift"] += ring.eq(Cat(ring[-1] | ((seen ^ before) & ~started), ring[:-1]))
        for channel in range(4):
            # A register of its own for each channel keeps the wires short.
            load = Signal(name=f"load{channel}", attrs={"keep": 1}, reset_less=True)
            bits = Signal(2 * RATIO, name=f"bits{channel}", reset_less=True)
            clock = Const(CLOCK_SYMBOL, 10)
            symbol = word.word_select(channel, 10) if channel < 3 else clock
            m.d["shift"] += [load.eq(ring[3]), bits.eq(Mux(load, symbol, bits >> 2))]
            m.d.comb += self.pairs.word_select(channel, 2).eq(bits[:2])
        return m

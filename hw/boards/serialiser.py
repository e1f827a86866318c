"""Symbols of ten bits to pairs of bits, in a domain of five clocks a symbol.

Both clocks are of one PLL, so their ratio is exact, but nothing is assumed of their phase. A bit
that turns with every symbol is watched once after reset, and tells when symbols change; from then
on a ring of five counts. A word is taken two to four fast clocks after it changed, and stands for
five.
"""

from __future__ import annotations

from typing import Any

from amaranth import Cat, Module, Mux, ResetSignal, Signal
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
        # In the fast domain a register sees one table of logic at most: what holds it in reset is
        # an operand like others, and nothing is loaded with constants.
        fast = m.d["shift"]

        def register(name: str, width: int = 1) -> Signal:
            return Signal(width, name=name, reset_less=True)

        seen, before, hold = register("seen"), register("before"), register("hold")
        edge, start, started = register("edge"), register("start"), register("started")
        ring = register("ring", RATIO)
        m.submodules.watch = FFSynchronizer(turn, seen, o_domain="shift")
        fast += [
            hold.eq(ResetSignal("shift")),
            before.eq(seen),
            edge.eq(seen ^ before),
            start.eq(edge & ~start & ~started & ~hold),
            started.eq((start | started) & ~hold),
            ring.eq(Cat(ring[-1] | start, ring[:-1]) & ~hold.replicate(RATIO)),
        ]
        # The ring's bit is at its first place three to four clocks after a word changed. One more
        # to the second, one to load and one to the bits: so the next word is taken two to three
        # clocks after it came, or one more where the first change was seen late.
        # Registers of their own in front of the pads, which lie far from the words.
        pads = register("pads", len(self.pairs))
        m.d.comb += self.pairs.eq(pads)
        for channel in range(3):
            # A register of its own for each channel keeps the wires short.
            load = Signal(name=f"load{channel}", attrs={"keep": 1}, reset_less=True)
            bits = register(f"bits{channel}", 2 * RATIO)
            turned = Cat(bits[2:], bits[:2])
            fast += [load.eq(ring[1]), bits.eq(Mux(load, word.word_select(channel, 10), turned))]
            fast += pads.word_select(channel, 2).eq(bits[:2])
        # `CLOCK_SYMBOL`, pair by pair, in step with the bits.
        clock = register("clock", 2)
        fast += clock.eq(Cat(ring[2] | ring[3] | ring[4], ring[2] | ring[3]))
        fast += pads.word_select(3, 2).eq(clock)
        return m

"""Sums of a layer's features and of their squares, channel by channel, as they are written."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from amaranth import Module, Mux, Signal, signed, unsigned
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lutscale.hw.refqsr.outputs import FEATURE_BITS

__all__ = ["Moments", "square_bits", "total_bits"]


def total_bits(places: int) -> int:
    """Of the sum of so many features, with its sign."""
    return FEATURE_BITS + places.bit_length()


def square_bits(places: int) -> int:
    """Of the sum of so many squares."""
    return 2 * (FEATURE_BITS - 1) + places.bit_length()


class Moments(wiring.Component):
    """A feature a clock, all channels of a place in turn; the sums stand in a ring.

    Ports:
        begin: In, for one clock: all sums are of nothing.
        valid, feature: In, the feature of the next channel.
        turn: In, for one clock: the next channel; not while features come.
        total, squares: Out, sums of the channel; the first, when all features are in, three clocks
            after the last.

    Args:
        channels: in a place.
        places: the most there are.
    """

    def __init__(self, *, channels: int, places: int) -> None:
        self.channels = channels
        super().__init__(
            {
                "begin": In(1),
                "valid": In(1),
                "feature": In(signed(FEATURE_BITS)),
                "turn": In(1),
                "total": Out(signed(total_bits(places))),
                "squares": Out(unsigned(square_bits(places))),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        feature = Signal.like(self.feature, name="given", reset_less=True)
        own = Signal.like(self.feature, name="own", reset_less=True)
        square = Signal(2 * FEATURE_BITS - 1, name="square", reset_less=True)
        given, squared = Signal(name="is_given"), Signal(name="is_squared")
        m.d.sync += [
            feature.eq(self.feature),
            given.eq(self.valid),
            own.eq(feature),
            square.eq(feature * feature),
            squared.eq(given),
        ]
        for out, added in ((self.total, own), (self.squares, square)):
            ring = [
                Signal.like(out, name=f"{out.name}{c}", reset_less=True)
                for c in range(self.channels)
            ]
            m.d.comb += out.eq(ring[0])
            with m.If(self.begin):
                m.d.sync += [place.eq(0) for place in ring]
            with m.Elif(squared | self.turn):
                m.d.sync += [a.eq(b) for a, b in pairwise(ring)]
                m.d.sync += ring[-1].eq(ring[0] + Mux(squared, added, 0))
        return m

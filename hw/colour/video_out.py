"""Beats of whole pixels to AXI4-Stream."""

from __future__ import annotations

from typing import Any

from amaranth import Module
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from lutscale.hw.slots import Latency, Track, slot_layout

__all__ = ["ColourOut"]


class ColourOut(wiring.Component):
    """As `VideoOut`, of pixels with several components. Every beat is full: ``tkeep`` is all ones.

    Args:
        beat: the track at ``i``: the pixels of a beat.
    """

    def __init__(self, beat: Track) -> None:
        self.beat = beat
        self.latency, self.memories = Latency(clocks=1), ()
        axis = data.StructLayout(
            {"data": beat.width, "keep": beat.width // 8, "user": 1, "last": 1}
        )
        super().__init__(
            {
                "i": In(stream.Signature(slot_layout([beat]))),
                "o": Out(stream.Signature(axis)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        slot = self.i.payload
        m.d.comb += [
            self.i.ready.eq(~self.o.valid | self.o.ready),
            self.o.payload.keep.eq(~0),
        ]
        with m.If(self.i.ready):
            m.d.sync += [
                self.o.valid.eq(self.i.valid),
                self.o.payload.data.eq(slot[self.beat.name]),
                self.o.payload.user.eq(slot.first),
                self.o.payload.last.eq(slot.last),
            ]
        return m

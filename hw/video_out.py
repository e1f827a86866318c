"""Beats of a pipeline to AXI4-Stream video."""

from __future__ import annotations

from typing import Any

from amaranth import Module
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from lutscale.hw.raster import beat_layout
from lutscale.hw.register_slice import Skid
from lutscale.hw.slots import Latency

__all__ = ["VideoOut"]


class VideoOut(wiring.Component):
    """Beats through a register slice to AXI4-Stream: ``tkeep`` has a bit for each pixel there.

    Args:
        pixels_per_beat: of ``i``.
    """

    def __init__(self, *, pixels_per_beat: int) -> None:
        self.pixels_per_beat = pixels_per_beat
        self.latency, self.memories = Latency(clocks=1), ()
        axis = data.StructLayout(
            {"data": pixels_per_beat * 8, "keep": pixels_per_beat, "user": 1, "last": 1}
        )
        super().__init__(
            {
                "i": In(stream.Signature(beat_layout(pixels_per_beat))),
                "o": Out(stream.Signature(axis)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        beat = self.i.payload
        m.submodules.skid = skid = Skid(self.o.payload.shape())
        m.d.comb += [
            skid.i.valid.eq(self.i.valid),
            self.i.ready.eq(skid.i.ready),
            skid.i.payload.data.eq(beat.pixels),
            skid.i.payload.keep.eq(beat.keep),
            skid.i.payload.user.eq(beat.first),
            skid.i.payload.last.eq(beat.last),
        ]
        wiring.connect(m, skid.o, wiring.flipped(self.o))
        return m

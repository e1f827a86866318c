"""The hand-off top: a pipeline with AXI4-Stream video ports."""

from __future__ import annotations

from typing import Any

from amaranth import ClockDomain, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lutscale.hw.pipeline import Pipeline

__all__ = ["Upscaler"]


class Upscaler(wiring.Component):
    """The hand-off top: a `Pipeline` with AXI4-Stream video ports and its own clock.

    ``s_axis_*`` takes one pixel a beat, ``m_axis_*`` gives ``pixels_per_beat``, with ``tkeep``
    where a line does not fill its last beat; ``tuser`` marks the first beat of a frame,
    ``tlast`` the last of a line. Everything is synchronous to ``aclk``.

    Args:
        pipeline: what to wrap.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        build = pipeline.build
        beat = build.pixels_per_beat
        super().__init__(
            {
                "aclk": In(1),
                "aresetn": In(1),
                "width": In(range(build.max_width + 1)),
                "height": In(range(build.max_height + 1)),
                "s_axis_tdata": In(8),
                "s_axis_tvalid": In(1),
                "s_axis_tready": Out(1),
                "s_axis_tuser": In(1),
                "s_axis_tlast": In(1),
                "m_axis_tdata": Out(8 * beat),
                "m_axis_tkeep": Out(beat),
                "m_axis_tvalid": Out(1),
                "m_axis_tready": In(1),
                "m_axis_tuser": Out(1),
                "m_axis_tlast": Out(1),
                "malformed": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.domains.sync = sync = ClockDomain("sync")
        m.d.comb += [sync.clk.eq(self.aclk), sync.rst.eq(~self.aresetn)]
        m.submodules.pipeline = pipeline = self.pipeline
        given, made = pipeline.i, pipeline.o
        m.d.comb += [
            pipeline.width.eq(self.width),
            pipeline.height.eq(self.height),
            given.payload.pixel.eq(self.s_axis_tdata),
            given.payload.first.eq(self.s_axis_tuser),
            given.payload.last.eq(self.s_axis_tlast),
            given.valid.eq(self.s_axis_tvalid),
            self.s_axis_tready.eq(given.ready),
            self.m_axis_tdata.eq(made.payload.data),
            self.m_axis_tkeep.eq(made.payload.keep),
            self.m_axis_tvalid.eq(made.valid),
            made.ready.eq(self.m_axis_tready),
            self.m_axis_tuser.eq(made.payload.user),
            self.m_axis_tlast.eq(made.payload.last),
            self.malformed.eq(pipeline.malformed),
        ]
        return m

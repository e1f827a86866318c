"""The hand-off top: a pipeline with AXI4-Stream video ports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amaranth import ClockDomain, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lutscale.hw.build import Build
from lutscale.hw.pipeline import Pipeline

__all__ = ["Port", "Upscaler", "ports"]


@dataclass(frozen=True)
class Port:
    """A port of the hand-off top.

    Attributes:
        name: in Verilog.
        output: whether the top drives it.
        bits: its width.
        meaning: what it says, in a few words.
    """

    name: str
    output: bool
    bits: int
    meaning: str


def ports(build: Build) -> tuple[Port, ...]:
    """The ports of the hand-off top, in the order of their tables."""
    beat, bits = build.pixels_per_beat, build.pixel_bits
    what = "" if build.colour is None else f", {build.colour.layout}"
    place, keeps, kept = "the leftmost in the lowest byte", beat, "which of them are there"
    if build.colour is not None:
        place, keeps, kept = "the leftmost lowest", beat * bits // 8, "all ones: beats are full"
    widths, heights = build.max_width.bit_length(), build.max_height.bit_length()
    return (
        Port("aclk", False, 1, "clock of all ports, rising edge"),
        Port("aresetn", False, 1, "reset, active low, synchronous"),
        Port("width", False, widths, "pixels of an LR line; read with a frame's first pixel"),
        Port("height", False, heights, "lines of an LR frame; read with its first pixel"),
        Port("s_axis_tdata", False, bits, f"one LR pixel{what}"),
        Port("s_axis_tvalid", False, 1, "a pixel is offered"),
        Port("s_axis_tready", True, 1, "it is taken"),
        Port("s_axis_tuser", False, 1, "start mark: the first pixel of a frame"),
        Port("s_axis_tlast", False, 1, "end mark: the last pixel of a line"),
        Port("m_axis_tdata", True, bits * beat, f"HR pixels, {place}"),
        Port("m_axis_tkeep", True, keeps, kept),
        Port("m_axis_tvalid", True, 1, "a beat is offered"),
        Port("m_axis_tready", False, 1, "it is taken"),
        Port("m_axis_tuser", True, 1, "start mark: the first beat of a frame"),
        Port("m_axis_tlast", True, 1, "end mark: the last beat of a line"),
        Port("malformed", True, 1, "set once anything was filled or dropped, until reset"),
    )


class Upscaler(wiring.Component):
    """The hand-off top: a `Pipeline` with AXI4-Stream video ports and its own clock.

    Its `ports` take one pixel a beat and give ``pixels_per_beat``. Everything is synchronous to
    ``aclk``.

    Args:
        pipeline: what to wrap.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        super().__init__(
            {
                port.name: Out(port.bits) if port.output else In(port.bits)
                for port in ports(pipeline.build)
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

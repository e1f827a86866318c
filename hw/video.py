"""AXI4-Stream video on both sides of a pipeline: beats to slots, and back.

The source counts pixels by the frame's width and height. A frame whose marks disagree is
mended, so that every frame that starts also ends: short lines and frames are filled with the
last pixel, pixels too many are dropped, and ``malformed`` stays set until the next reset.
"""

from __future__ import annotations

from typing import Any

from amaranth import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from lutscale.golden.validate import require_int
from lutscale.hw.raster import beat_layout
from lutscale.hw.slots import Latency, Track, slot_layout

__all__ = ["VideoIn", "VideoOut"]


class VideoIn(wiring.Component):
    """Pixels to slots, with the void rows that flush the line buffers behind a frame.

    When the next frame follows and is as wide, it is let in at once and flushes the one
    before. When nothing arrives for ``patience`` clocks, void rows are sent; a frame of another
    width waits until they all are.

    Args:
        track: of the frame, the only one at ``o``.
        max_width, max_height: the largest frame.
        flush: the rows and slots by which the pipeline's windows lag.
        patience: clocks without a pixel, behind a frame, before void rows are sent; no source
            that gives a pixel at least that often then sees a gap.
    """

    def __init__(
        self, track: Track, *, max_width: int, max_height: int, flush: Latency, patience: int = 1
    ) -> None:
        require_int("patience", patience, 1, 1 << 16)
        require_int("max_width", max_width, 1, 1 << 14)
        require_int("max_height", max_height, 1, 1 << 14)
        self.track, self.max_width, self.max_height = track, max_width, max_height
        self.flush, self.patience = flush, patience
        self.latency, self.memories = Latency(), ()
        super().__init__(
            {
                "width": In(range(max_width + 1)),
                "height": In(range(max_height + 1)),
                "i": In(stream.Signature(data.StructLayout({"pixel": 8, "first": 1, "last": 1}))),
                "o": Out(stream.Signature(slot_layout([track]))),
                "malformed": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        i, o = self.i, self.o
        width = Signal(range(self.max_width + 1), name="width")
        height = Signal(range(self.max_height + 1), name="height")
        x = Signal(range(self.max_width + 1), name="x")
        y = Signal(range(self.max_height + 1), name="y")
        pixel = Signal(8, name="pixel", reset_less=True)
        rows_owed = Signal(range(self.flush.rows + 1), name="rows_owed")
        slots_owed = Signal(range(self.flush.slots + 1), name="slots_owed")
        filling = Signal(name="filling")
        dropping = Signal(name="dropping")
        synced = Signal(name="synced")
        line_end = Signal(name="line_end")
        sent = Signal(name="sent")
        fits = Signal(name="fits")
        owed = Signal(name="owed")
        idle = Signal(range(self.patience + 1), name="idle")
        m.d.comb += [
            sent.eq(o.valid & o.ready),
            line_end.eq(x == width - 1),
            owed.eq((rows_owed != 0) | (slots_owed != 0)),
            fits.eq(
                (self.width != 0)
                & (self.width <= self.max_width)
                & (self.height != 0)
                & (self.height <= self.max_height)
            ),
            o.payload[self.track.name].eq(i.payload.pixel),
        ]

        def end_line(last_state: str) -> None:
            """Behind the last pixel of a line: the next line, or what follows a frame."""
            m.d.sync += [x.eq(0), y.eq(y + 1)]
            with m.If(y == height - 1):
                m.d.sync += [
                    y.eq(0),
                    rows_owed.eq(self.flush.rows),
                    slots_owed.eq(self.flush.slots),
                ]
                m.next = last_state

        with m.FSM():
            with m.State("boundary"):
                with m.If(i.valid & ~(i.payload.first & fits)):
                    m.d.comb += i.ready.eq(1)
                    with m.If(synced | i.payload.first):
                        m.d.sync += self.malformed.eq(1)
                with m.Elif(i.valid & ((self.width == width) | ~owed)):
                    short = i.payload.last != (self.width == 1)
                    m.d.comb += [
                        o.valid.eq(1),
                        o.payload.first.eq(1),
                        o.payload.last.eq(self.width == 1),
                        i.ready.eq(o.ready),
                    ]
                    with m.If(sent):
                        m.d.sync += [
                            width.eq(self.width),
                            height.eq(self.height),
                            pixel.eq(i.payload.pixel),
                            synced.eq(1),
                            x.eq(1),
                            y.eq(0),
                            rows_owed.eq(0),
                            slots_owed.eq(0),
                            idle.eq(0),
                            filling.eq(i.payload.last),
                            dropping.eq(0),
                        ]
                        m.next = "frame"
                        with m.If(short):
                            m.d.sync += self.malformed.eq(1)
                        with m.If(self.width == 1):
                            m.d.sync += [x.eq(0), y.eq(1), filling.eq(0)]
                            m.d.sync += dropping.eq(~i.payload.last)
                            with m.If(self.height == 1):
                                m.d.sync += [
                                    y.eq(0),
                                    rows_owed.eq(self.flush.rows),
                                    slots_owed.eq(self.flush.slots),
                                ]
                                m.next = "boundary"
                with m.Elif(owed):
                    m.d.sync += idle.eq(idle + 1)
                    with m.If(i.valid | (idle == self.patience - 1)):
                        m.d.sync += idle.eq(0)
                        m.next = "void"
            with m.State("frame"):
                # Fill when the line or the whole frame ended too early.
                fill = Signal(name="fill")
                m.d.comb += fill.eq(filling | (i.valid & i.payload.first))
                with m.If(dropping & ~(i.valid & i.payload.first)):
                    m.d.comb += i.ready.eq(1)
                    with m.If(i.valid & i.payload.last):
                        m.d.sync += dropping.eq(0)
                with m.Else():
                    m.d.comb += [
                        o.valid.eq(i.valid | fill),
                        o.payload.last.eq(line_end),
                        i.ready.eq(o.ready & ~fill),
                    ]
                    with m.If(fill):
                        m.d.comb += o.payload[self.track.name].eq(pixel)
                        m.d.sync += self.malformed.eq(1)
                    with m.If(sent):
                        m.d.sync += x.eq(x + 1)
                        m.d.sync += dropping.eq(0)
                        with m.If(~fill):
                            m.d.sync += pixel.eq(i.payload.pixel)
                            m.d.sync += filling.eq(i.payload.last & ~line_end)
                            with m.If(i.payload.last != line_end):
                                m.d.sync += self.malformed.eq(1)
                            m.d.sync += dropping.eq(line_end & ~i.payload.last)
                        with m.If(line_end):
                            m.d.sync += filling.eq(0)
                            end_line("boundary")
            with m.State("void"):
                m.d.comb += [o.valid.eq(1), o.payload.void.eq(1), o.payload.last.eq(line_end)]
                with m.If(sent):
                    m.d.sync += x.eq(x + 1)
                    with m.If((rows_owed == 0) & (slots_owed != 0)):
                        m.d.sync += slots_owed.eq(slots_owed - 1)
                    with m.If(line_end):
                        m.d.sync += x.eq(0)
                        with m.If(rows_owed != 0):
                            m.d.sync += rows_owed.eq(rows_owed - 1)
                        m.next = "boundary"
        return m


class VideoOut(wiring.Component):
    """Beats through one register to AXI4-Stream: ``tkeep`` has a bit for each pixel there.

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
        m.d.comb += self.i.ready.eq(~self.o.valid | self.o.ready)
        with m.If(self.i.ready):
            m.d.sync += [
                self.o.valid.eq(self.i.valid),
                self.o.payload.data.eq(beat.pixels),
                self.o.payload.keep.eq(beat.keep),
                self.o.payload.user.eq(beat.first),
                self.o.payload.last.eq(beat.last),
            ]
        return m

"""AXI4-Stream video on both sides of a pipeline: beats to slots, and back.

The source counts pixels by the frame's width and height. A frame whose marks disagree is
mended, so that every frame that begins also ends, and ``malformed`` stays set until the next
reset: ``golden/mending.py`` has the rule.
"""

from __future__ import annotations

from typing import Any

from amaranth import Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from lutscale.golden.validate import require_int
from lutscale.hw.build import MAX_PATIENCE
from lutscale.hw.raster import beat_layout
from lutscale.hw.register_slice import RegisterSlice, Skid
from lutscale.hw.slots import Latency, Track, slot_layout

__all__ = ["VideoIn", "VideoOut"]


class VideoIn(wiring.Component):
    """Pixels to slots, with the void rows that flush the line buffers behind a frame.

    What becomes of a stream that breaks the rules is specified in ``golden/mending.py``. A
    register holds each pixel until the next is offered, unless it is the last of its frame, so
    that it is known of a start mark whether another follows at once. Both sides are cut from these
    decisions: a register slice stands at each.

    When the next frame follows and is as wide, it is let in at once and flushes the one
    before. When none begins for ``flush_after`` clocks, void rows are sent; a frame of another
    width waits until they all are.

    Ports:
        width, height: in; of the frame, read with its first pixel.
        i: in, stream of pixels; ``first`` marks that of a frame, ``last`` the last of a line.
        o: out, stream of slots.
        malformed: out, set once anything was filled or dropped, until reset.

    Args:
        track: of the frame, the only one at ``o``.
        max_width, max_height: the largest frame.
        flush: the rows and slots by which the pipeline's windows lag.
        flush_after: clocks behind a frame in which no other begins, before a void row is sent. A
            source that gives two pixels in that time sees no gap.
        patience: clocks without a pixel, inside a frame, until the source counts as stopped and
            the rest of the frame is filled; 0 for never.
        multiple: of which a frame's width and height must be multiples, 1 or 2 each.
        bottom: a track of one bit at ``o``, high in the last ``multiple[1]`` lines of a frame.
        relaxed: whether a pixel may take two clocks.
    """

    def __init__(
        self,
        track: Track,
        *,
        max_width: int,
        max_height: int,
        flush: Latency,
        flush_after: int = 1,
        patience: int = 0,
        multiple: tuple[int, int] = (1, 1),
        bottom: Track | None = None,
        relaxed: bool = False,
    ) -> None:
        require_int("flush_after", flush_after, 1, 1 << 16)
        require_int("patience", patience, 0, MAX_PATIENCE)
        require_int("max_width", max_width, 1, 1 << 14)
        require_int("max_height", max_height, 1, 1 << 14)
        self.track, self.max_width, self.max_height = track, max_width, max_height
        self.flush, self.flush_after, self.patience = flush, flush_after, patience
        self.multiple, self.bottom, self.relaxed = multiple, bottom, relaxed
        columns, rows = max_width.bit_length(), max_height.bit_length()
        sizes = (Track("width", 1, columns), Track("height", 1, rows))
        self.entry = RegisterSlice([Track("pixel", 1, track.width), *sizes])
        own = [*([bottom] if bottom else []), track]
        self.exit = RegisterSlice(own)
        self.latency, self.memories = Latency(slots=1, clocks=2), ()
        pixel = data.StructLayout({"pixel": track.width, "first": 1, "last": 1})
        super().__init__(
            {
                "width": In(range(max_width + 1)),
                "height": In(range(max_height + 1)),
                "i": In(stream.Signature(pixel)),
                "o": Out(stream.Signature(slot_layout(own))),
                "malformed": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.entry = entry = self.entry
        s = _Signals(self)
        offered = entry.i.payload
        m.d.comb += [
            entry.i.valid.eq(self.i.valid),
            self.i.ready.eq(entry.i.ready),
            offered.width.eq(self.width),
            offered.height.eq(self.height),
            *(offered[name].eq(self.i.payload[name]) for name in ("pixel", "first", "last")),
        ]
        self._take(m, s)
        m.submodules.exit = exit_ = self.exit
        m.d.comb += [
            exit_.i.valid.eq(s.made_valid),
            exit_.i.payload.eq(s.made),
            s.sent.eq(s.made_valid & exit_.i.ready),
            s.made[self.track.name].eq(s.held.pixel),
        ]
        wiring.connect(m, wiring.flipped(self.o), exit_.o)
        with m.FSM():
            with m.State("boundary"):
                self._boundary(m, s)
            with m.State("frame"):
                self._frame(m, s)
            with m.State("void"):
                self._void(m, s)
        return m

    def _take(self, m: Module, s: _Signals) -> None:
        """The register that holds a pixel, and for how long the source has been silent.

        What a frame's size decides is decided here, so that all behind sees registers.
        """
        i = self.entry.o
        columns, rows = i.payload.width, i.payload.height
        fits = (columns != 0) & (columns <= self.max_width)
        fits &= (rows != 0) & (rows <= self.max_height)
        for side, multiple in zip((columns, rows), self.multiple, strict=True):
            if multiple == 2:
                fits &= ~side[0]
        width, height = (columns - 1)[: len(s.last_x)], (rows - 1)[: len(s.held_last_y)]
        # Where a pixel has the time, it does not ask what becomes of the one before in this clock.
        m.d.comb += i.ready.eq(~s.full if self.relaxed else ~s.full | s.taken)
        with m.If(i.valid & i.ready):
            m.d.sync += [
                s.full.eq(1),
                *(s.held[name].eq(i.payload[name]) for name in ("pixel", "first", "last")),
                s.held_last_x.eq(width),
                s.held_last_y.eq(height),
                s.held_fits.eq(fits),
                s.held_narrow.eq(columns == 1),
                s.held_flat.eq(rows == 1),
                # A pixel that is taken as a frame begins is compared with that frame.
                s.same_width.eq(width == Mux(s.begins, s.held_last_x, s.last_x)),
            ]
        with m.Elif(s.taken):
            m.d.sync += s.full.eq(0)
        if self.patience:
            with m.If(i.valid):
                m.d.sync += [s.silent.eq(0), s.stopped.eq(0)]
            with m.Elif(~s.stopped):
                m.d.sync += [
                    s.silent.eq(s.silent + 1),
                    s.stopped.eq(s.silent == self.patience - 1),
                ]

    def _boundary(self, m: Module, s: _Signals) -> None:
        """Between frames: let the next one in, drop what begins none, or flush."""
        i, held = self.entry.o, s.held
        m.d.comb += [
            s.start.eq(s.full & held.first & s.held_fits),
            s.alone.eq(s.stopped | s.was_alone),
            # What the next pixel is does not matter, or it is no start mark.
            s.known.eq((s.held_narrow & s.held_flat) | s.alone | (i.valid & ~i.payload.first)),
        ]
        with m.If(s.start & s.known & (s.same_width | ~s.owed)):
            self._begin(m, s)
        with m.Else():
            with m.If(s.full & ~s.start):
                m.d.comb += s.taken.eq(1)
                with m.If(s.synced | held.first):
                    m.d.sync += self.malformed.eq(1)
            with m.Elif(s.start & ~s.known & i.valid):
                m.d.comb += s.taken.eq(1)
                m.d.sync += self.malformed.eq(1)
            with m.If(s.owed):
                m.d.sync += s.idle.eq(s.idle + 1)
                with m.If((s.start & ~s.same_width) | (s.idle == self.flush_after - 1)):
                    m.d.sync += s.idle.eq(0)
                    m.next = "void"
        # A start mark that goes out for want of a next pixel must not be called back by one.
        with m.If(s.start & s.stopped & ~s.sent):
            m.d.sync += s.was_alone.eq(1)

    def _begin(self, m: Module, s: _Signals) -> None:
        """Send the first pixel of a frame."""
        narrow, flat = s.held_narrow, s.held_flat
        m.d.comb += [
            s.made_valid.eq(1),
            s.made.first.eq(1),
            s.made.last.eq(narrow),
            s.taken.eq(s.sent),
            s.begins.eq(s.sent),
        ]
        self._mark_bottom(m, s, flat, s.held_last_y)
        with m.If(s.sent):
            m.d.sync += [
                s.last_x.eq(s.held_last_x),
                s.y_left.eq(s.held_last_y),
                s.bottom.eq(flat),
                s.synced.eq(1),
                s.given_up.eq(s.alone),
                s.was_alone.eq(0),
                s.rows_owed.eq(0),
                s.slots_owed.eq(0),
                s.owed.eq(0),
                s.idle.eq(0),
            ]
            m.next = "frame"
            self._pass(m, s, narrow)
            self._step(m, s, s.held_last_x, s.held_last_x, narrow)
            with m.If(narrow):
                self._line_done(m, s, s.held_last_y, flat)

    def _frame(self, m: Module, s: _Signals) -> None:
        """Inside a frame: drop what is too much in a line, fill what is missing, or pass on."""
        held = s.held
        m.d.comb += [
            s.early.eq(s.full & held.first),
            s.fill.eq(s.filling | s.given_up | s.early),
            s.frame_end.eq(s.line_end & s.bottom),
        ]
        with m.If(s.stopped & (~s.full | s.taken)):
            m.d.sync += s.given_up.eq(1)
        with m.If(s.dropping & ~s.given_up & ~s.early):
            m.d.comb += s.taken.eq(1)
            with m.If(s.full & held.last):
                m.d.sync += s.dropping.eq(0)
        with m.Else():
            m.d.comb += s.made.last.eq(s.line_end)
            self._mark_bottom(m, s, s.bottom, s.y_left)
            with m.If(s.fill):
                m.d.comb += [s.made_valid.eq(1), s.made[self.track.name].eq(s.pixel)]
                m.d.sync += [self.malformed.eq(1), s.dropping.eq(0)]
            with m.Else():
                m.d.comb += [
                    s.made_valid.eq(s.full & (self.entry.o.valid | s.stopped | s.frame_end)),
                    s.taken.eq(s.sent),
                ]
            with m.If(s.sent):
                with m.If(s.fill):
                    m.d.sync += s.filling.eq(s.filling & ~s.line_end)
                with m.Else():
                    self._pass(m, s, s.line_end)
                self._step(m, s, s.x_left, s.last_x, s.line_end)
                with m.If(s.line_end):
                    self._line_done(m, s, s.y_left, s.bottom)

    def _mark_bottom(self, m: Module, s: _Signals, bottom: Value, left: Value) -> None:
        """Where the track is wanted: of a line that is the frame's last, or has ``left`` behind."""
        if self.bottom:
            mark = bottom if self.multiple[1] == 1 else left <= 1
            m.d.comb += s.made[self.bottom.name].eq(mark)

    def _pass(self, m: Module, s: _Signals, line_end: Value) -> None:
        """A pixel was taken into a frame: compare its end mark with its place."""
        last = s.held.last
        m.d.sync += [
            s.pixel.eq(s.held.pixel),
            s.filling.eq(last & ~line_end),
            s.dropping.eq(line_end & ~last),
        ]
        with m.If(last != line_end):
            m.d.sync += self.malformed.eq(1)

    def _step(self, m: Module, s: _Signals, left: Value, last_x: Value, line_end: Value) -> None:
        """A pixel of a row was sent, behind which ``left`` remain: the next place.

        Whether it is the last is counted beforehand: all decisions hang on that.
        """
        m.d.sync += [
            s.x_left.eq(Mux(line_end, last_x, left - 1)),
            s.line_end.eq(Mux(line_end, last_x == 0, left == 1)),
        ]

    def _line_done(self, m: Module, s: _Signals, left: Value, bottom: Value) -> None:
        """A line of a frame was sent, behind which ``left`` remain: the next, or what is owed."""
        m.d.sync += [s.y_left.eq(left - 1), s.bottom.eq(left == 1)]
        with m.If(bottom):
            m.d.sync += [
                s.rows_owed.eq(self.flush.rows),
                s.slots_owed.eq(self.flush.slots),
                s.owed.eq(int(bool(self.flush.rows or self.flush.slots))),
            ]
            m.next = "boundary"

    def _void(self, m: Module, s: _Signals) -> None:
        """One void row, as wide as the frame before."""
        m.d.comb += [s.made_valid.eq(1), s.made.void.eq(1), s.made.last.eq(s.line_end)]
        with m.If(s.sent):
            self._step(m, s, s.x_left, s.last_x, s.line_end)
            with m.If((s.rows_owed == 0) & (s.slots_owed != 0)):
                m.d.sync += [s.slots_owed.eq(s.slots_owed - 1), s.owed.eq(s.slots_owed != 1)]
            with m.If(s.line_end):
                with m.If(s.rows_owed != 0):
                    m.d.sync += [
                        s.rows_owed.eq(s.rows_owed - 1),
                        s.owed.eq((s.rows_owed != 1) | (s.slots_owed != 0)),
                    ]
                m.next = "boundary"


class _Signals:
    """What the states of a `VideoIn` share."""

    def __init__(self, dut: VideoIn) -> None:
        columns, rows = range(max(dut.max_width, 2)), range(max(dut.max_height, 2))
        # The pixel that waits for the next, and the size beside it: its last column and row,
        # whether it may be, whether it has one column or one row, and whether it is as wide as the
        # frame before.
        self.full = Signal(name="full")
        self.held = Signal(dut.i.payload.shape(), name="held", reset_less=True)
        self.held_last_x = Signal(columns, name="held_last_x", reset_less=True)
        self.held_last_y = Signal(rows, name="held_last_y", reset_less=True)
        self.held_fits = Signal(name="held_fits", reset_less=True)
        self.held_narrow = Signal(name="held_narrow", reset_less=True)
        self.held_flat = Signal(name="held_flat", reset_less=True)
        self.same_width = Signal(name="same_width", reset_less=True)
        self.taken = Signal(name="taken")
        self.silent = Signal(range(dut.patience + 1), name="silent")
        self.stopped = Signal(name="stopped")
        # Whether it begins a frame.
        self.start = Signal(name="start")
        self.alone = Signal(name="alone")
        self.was_alone = Signal(name="was_alone")
        self.known = Signal(name="known")
        self.begins = Signal(name="begins")
        self.synced = Signal(name="synced")
        # The frame's last column, the pixels and lines that remain behind this place in it or in a
        # void row, and the last pixel taken.
        self.last_x = Signal(columns, name="last_x")
        self.x_left = Signal(columns, name="x_left")
        self.y_left = Signal(rows, name="y_left")
        self.bottom = Signal(name="bottom")
        self.pixel = Signal(dut.track.width, name="pixel", reset_less=True)
        # The slot that is made of it, and whether it is passed on.
        self.made = Signal(dut.o.payload.shape(), name="made")
        self.made_valid = Signal(name="made_valid")
        self.sent = Signal(name="sent")
        self.line_end = Signal(name="line_end")
        self.frame_end = Signal(name="frame_end")
        # What is wrong with it: to the end of the line, until an end mark, to the frame's end.
        self.filling = Signal(name="filling")
        self.dropping = Signal(name="dropping")
        self.given_up = Signal(name="given_up")
        self.early = Signal(name="early")
        self.fill = Signal(name="fill")
        # Behind it.
        self.rows_owed = Signal(range(dut.flush.rows + 1), name="rows_owed")
        self.slots_owed = Signal(range(dut.flush.slots + 1), name="slots_owed")
        self.owed = Signal(name="owed")
        self.idle = Signal(range(dut.flush_after + 1), name="idle")


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

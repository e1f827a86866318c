"""AXI4-Stream video into a pipeline: pixels to slots.

The source counts pixels by the frame's width and height. A frame whose marks disagree is
mended, so that every frame that begins also ends, and ``malformed`` stays set until the next
reset: ``golden/mending.py`` has the rule.
"""

from __future__ import annotations

from typing import Any

from amaranth import Module, Mux, Shape, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from lutscale.golden.validate import require_int
from lutscale.hw.build import MAX_PATIENCE
from lutscale.hw.register_slice import RegisterSlice
from lutscale.hw.slots import Latency, Track, slot_layout

__all__ = ["VideoIn"]


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
        relaxed: whether a pixel may take three clocks. Then what becomes of it is decided in one
            of them, and done in the next.
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
        self.latency, self.memories = Latency(slots=1, clocks=2 + int(relaxed)), ()
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
        m.submodules.exit = self.exit
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
        self._between_frames(m, s)
        self._inside_a_frame(m, s)
        self._count(m, s)
        self._choose(m, s)
        self._send(m, s)
        self._go_on(m, s)
        wiring.connect(m, wiring.flipped(self.o), self.exit.o)
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
        # Else it may come in as a frame begins, and is compared with that frame.
        m.d.comb += i.ready.eq(~s.full if self.relaxed else ~s.full | s.taken)
        last_x = s.last_x if self.relaxed else Mux(s.now.begin, s.held_last_x, s.last_x)
        with m.If(i.valid & i.ready):
            m.d.sync += [
                s.full.eq(1),
                *(s.held[name].eq(i.payload[name]) for name in ("pixel", "first", "last")),
                s.held_last_x.eq(width),
                s.held_last_y.eq(height),
                s.held_fits.eq(fits),
                s.held_narrow.eq(columns == 1),
                s.held_flat.eq(rows == 1),
                s.same_width.eq(width == last_x),
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

    def _between_frames(self, m: Module, s: _Signals) -> None:
        """Let the next frame in, drop what begins none, or flush."""
        i, held, next_ = self.entry.o, s.held, s.next
        boundary = ~s.inside & ~s.flushing
        waits, other = Signal(name="waits"), Signal(name="other")
        m.d.comb += [
            s.start.eq(s.full & held.first & s.held_fits),
            next_.alone.eq(s.stopped | s.was_alone),
            # What the next pixel is does not matter, or it is no start mark.
            s.known.eq((s.held_narrow & s.held_flat) | next_.alone | (i.valid & ~i.payload.first)),
            next_.begin.eq(boundary & s.start & s.known & (s.same_width | ~s.owed)),
            # Another start mark directly behind.
            other.eq(s.start & ~s.known & i.valid),
            waits.eq(boundary & s.owed & ~next_.begin),
            next_.flush.eq(
                waits & ((s.start & ~s.same_width) | (s.idle == self.flush_after - 1)),
            ),
        ]
        with m.If(boundary & ((s.full & ~s.start) | other)):
            m.d.comb += [next_.drop.eq(1), next_.bad.eq(s.start | s.synced | held.first)]
        with m.If(waits & ~s.acting):
            m.d.sync += s.idle.eq(s.idle + 1)
        # A start mark that goes out for want of a next pixel must not be called back by one.
        with m.If(boundary & s.start & s.stopped):
            m.d.sync += s.was_alone.eq(1)

    def _inside_a_frame(self, m: Module, s: _Signals) -> None:
        """Drop what is too much in a line, fill what is missing, or pass on."""
        held, next_ = s.held, s.next
        early, dropping = s.full & held.first, Signal(name="drops")
        m.d.comb += [
            dropping.eq(s.dropping & ~s.given_up & ~early),
            next_.stopped.eq(s.inside & s.stopped),
            next_.give_up.eq(s.inside & s.stopped & ~s.full),
        ]
        with m.If(s.inside & dropping):
            m.d.comb += next_.drop.eq(s.full)
        with m.Elif(s.inside & (s.filling | s.given_up | early)):
            m.d.comb += [next_.fill.eq(1), next_.bad.eq(1)]
        with m.Elif(s.inside):
            frame_end = s.line_end & s.bottom
            m.d.comb += next_.go.eq(s.full & (self.entry.o.valid | s.stopped | frame_end))
        with m.If((next_.begin | next_.go) & (held.last != next_.last)):
            m.d.comb += next_.bad.eq(1)

    def _count(self, m: Module, s: _Signals) -> None:
        """The place of the slot that would be sent, and the place behind it.

        Whether a pixel is its line's last, and a line its frame's, is counted beforehand.
        """
        next_, fresh = s.next, ~s.inside & ~s.flushing
        width = Mux(fresh, s.held_last_x, s.last_x)
        x_left = Mux(fresh, s.held_last_x, s.x_left)
        y_left, bottom = Signal.like(s.y_left, name="left"), Signal(name="bottom_now")
        m.d.comb += [
            next_.void.eq(s.flushing),
            next_.send.eq(next_.begin | next_.go | next_.fill | next_.void),
            next_.last.eq(Mux(fresh, s.held_narrow, s.line_end)),
            next_.x_left.eq(Mux(next_.last, width, x_left - 1)),
            next_.line_end.eq(Mux(next_.last, width == 0, x_left == 1)),
            y_left.eq(Mux(fresh, s.held_last_y, s.y_left)),
            bottom.eq(Mux(fresh, s.held_flat, s.bottom)),
            next_.y_left.eq(y_left - next_.last),
            next_.bottom.eq(Mux(next_.last, y_left == 1, bottom)),
            next_.frame_end.eq(next_.last & bottom),
            next_.marked.eq(~s.flushing & (bottom if self.multiple[1] == 1 else y_left <= 1)),
        ]

    def _choose(self, m: Module, s: _Signals) -> None:
        """What is done: what was chosen in this clock, or in the one before.

        In the latter case nothing else is chosen until it is done.
        """
        now, next_ = vars(s.now), vars(s.next)
        if not self.relaxed:
            m.d.comb += [now[name].eq(next_[name]) for name in now]
            return
        m.d.comb += s.acting.eq(s.now.send | s.now.drop | s.now.flush | s.now.give_up)
        with m.If(~s.now.send | self.exit.i.ready):
            m.d.sync += [now[name].eq(Mux(s.acting, 0, next_[name])) for name in now]

    def _send(self, m: Module, s: _Signals) -> None:
        """The slot."""
        now, exit_ = s.now, self.exit.i
        m.d.comb += [
            exit_.valid.eq(now.send),
            exit_.payload.first.eq(now.begin),
            exit_.payload.last.eq(now.last),
            exit_.payload.void.eq(now.void),
            exit_.payload[self.track.name].eq(Mux(now.fill, s.pixel, s.held.pixel)),
            s.sent.eq(now.send & exit_.ready),
            s.taken.eq(now.drop | ((now.begin | now.go) & s.sent)),
        ]
        if self.bottom:
            m.d.comb += exit_.payload[self.bottom.name].eq(now.marked)

    def _go_on(self, m: Module, s: _Signals) -> None:
        """What is so behind it."""
        now, last = s.now, s.held.last
        with m.If(now.bad):
            m.d.sync += self.malformed.eq(1)
        with m.If(now.flush):
            m.d.sync += [s.flushing.eq(1), s.idle.eq(0)]
        with m.If(now.give_up | (now.stopped & s.taken)):
            m.d.sync += s.given_up.eq(1)
        with m.If(now.fill | (now.drop & last)):
            m.d.sync += s.dropping.eq(0)
        with m.If(s.sent):
            m.d.sync += [s.x_left.eq(now.x_left), s.line_end.eq(now.line_end)]
        with m.If(s.sent & now.begin):
            m.d.sync += [
                s.inside.eq(1),
                s.last_x.eq(s.held_last_x),
                s.synced.eq(1),
                s.given_up.eq(now.alone),
                s.was_alone.eq(0),
                s.rows_owed.eq(0),
                s.slots_owed.eq(0),
                s.owed.eq(0),
                s.idle.eq(0),
            ]
        with m.If(s.sent & ~now.void):
            m.d.sync += [s.y_left.eq(now.y_left), s.bottom.eq(now.bottom)]
            with m.If(now.fill):
                m.d.sync += s.filling.eq(s.filling & ~now.last)
            with m.Else():
                # A pixel was taken into the frame: its end mark is compared with its place.
                m.d.sync += [
                    s.pixel.eq(s.held.pixel),
                    s.filling.eq(last & ~now.last),
                    s.dropping.eq(now.last & ~last),
                ]
            with m.If(now.frame_end):
                m.d.sync += [
                    s.inside.eq(0),
                    s.rows_owed.eq(self.flush.rows),
                    s.slots_owed.eq(self.flush.slots),
                    s.owed.eq(int(bool(self.flush.rows or self.flush.slots))),
                ]
        with m.If(s.sent & now.void):
            self._void(m, s)

    def _void(self, m: Module, s: _Signals) -> None:
        """A slot of a void row was sent, which is as wide as the frame before."""
        with m.If((s.rows_owed == 0) & (s.slots_owed != 0)):
            m.d.sync += [s.slots_owed.eq(s.slots_owed - 1), s.owed.eq(s.slots_owed != 1)]
        with m.If(s.now.last):
            with m.If(s.rows_owed != 0):
                m.d.sync += [
                    s.rows_owed.eq(s.rows_owed - 1),
                    s.owed.eq((s.rows_owed != 1) | (s.slots_owed != 0)),
                ]
            m.d.sync += s.flushing.eq(0)


class _Choice:
    """What is done next, and what is so behind it."""

    def __init__(self, name: str, last_x: Shape, last_y: Shape) -> None:
        def one(field: str, shape: Any = 1) -> Signal:
            return Signal(shape, name=f"{name}_{field}")

        # A slot is sent: a frame's first pixel, another, one that was missing, one of a void row.
        self.send, self.begin, self.go = one("send"), one("begin"), one("go")
        self.fill, self.void = one("fill"), one("void")
        # The held pixel is dropped; a void row begins; the source has stopped for good.
        self.drop, self.flush, self.give_up = one("drop"), one("flush"), one("give_up")
        # The stream broke a rule; the source is silent, and the start mark the last it gave.
        self.bad, self.stopped, self.alone = one("bad"), one("stopped"), one("alone")
        # The slot is the last of its line, of its frame, in a line that is marked.
        self.last, self.frame_end, self.marked = one("last"), one("frame_end"), one("marked")
        # The place behind it.
        self.x_left, self.line_end = one("x_left", last_x), one("line_end")
        self.y_left, self.bottom = one("y_left", last_y), one("bottom")


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
        self.was_alone = Signal(name="was_alone")
        self.known = Signal(name="known")
        self.synced = Signal(name="synced")
        # The frame's last column, the pixels and lines that remain behind this place in it or in a
        # void row, and the last pixel taken.
        self.last_x = Signal(columns, name="last_x")
        self.x_left = Signal(columns, name="x_left")
        self.y_left = Signal(rows, name="y_left")
        self.bottom = Signal(name="bottom")
        self.line_end = Signal(name="line_end")
        self.pixel = Signal(dut.track.width, name="pixel", reset_less=True)
        # Inside a frame, inside a void row, or neither; what is done next, and now.
        self.inside = Signal(name="inside")
        self.flushing = Signal(name="flushing")
        self.next = _Choice("next", self.x_left.shape(), self.y_left.shape())
        self.now = _Choice("now", self.x_left.shape(), self.y_left.shape())
        self.acting = Signal(name="acting")
        self.sent = Signal(name="sent")
        # What is wrong with it: to the end of the line, until an end mark, to the frame's end.
        self.filling = Signal(name="filling")
        self.dropping = Signal(name="dropping")
        self.given_up = Signal(name="given_up")
        # Behind it.
        self.rows_owed = Signal(range(dut.flush.rows + 1), name="rows_owed")
        self.slots_owed = Signal(range(dut.flush.slots + 1), name="slots_owed")
        self.owed = Signal(name="owed")
        self.idle = Signal(range(dut.flush_after + 1), name="idle")

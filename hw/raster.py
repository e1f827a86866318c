"""Raster order: patches of r x r pixels, row by row, become the lines of a larger frame.

Each of the r lines that a row of patches makes has its own FIFO, filled at the same time and
emptied one after the other. Line j waits while the j lines before it leave, and meanwhile the
next row arrives: ``1 + (j - 1) / r`` lines is what it has to hold, 4.5 lines in all for x4,
where two whole rows of patches would take 8. docs/reorder.md compares this with recomputing
the last layer for each line.

At the end of a pipeline the lines leave in beats of uint8 (`LastShuffle`); elsewhere as slots of
a frame that is r times as large (hw/layers/pixel_shuffle.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from lutscale.golden.validate import require_int
from lutscale.hw.build import BEATS
from lutscale.hw.fifo import Fifo
from lutscale.hw.folding import select
from lutscale.hw.register_slice import Skid
from lutscale.hw.slots import Latency, Track, slot_layout
from lutscale.hw.targets import Target

__all__ = ["LastShuffle", "LineOrder", "beat_layout"]

_ROWS_IN_FLIGHT = 8


def beat_layout(pixels_per_beat: int) -> data.StructLayout:
    """A beat: so many uint8 pixels, the first lowest; ``keep`` has a bit for each there is."""
    return data.StructLayout(
        {
            "pixels": pixels_per_beat * 8,
            "keep": pixels_per_beat,
            "last": 1,
            "first": 1,
        }
    )


class LineOrder(wiring.Component):
    """Patches in at ``i``, row by row; their lines out at ``o``, one after the other, in beats.

    ``i`` has the ``scale**2`` pixels of a patch, row by row, with the marks of its row; ``o``
    has a beat, how many of its pixels are missing (where one may be), the marks of the row of
    patches that it came from, and ``start`` in the first beat of each such row.

    Args:
        scale: r.
        pixel_bits: of a pixel.
        pixels_per_beat: one of `BEATS`.
        mark_bits: what is known of a whole row of patches.
        max_width: the longest line, in patches.
        layer: number in the program, for the account of memory.
        target: whose block memories there are.
    """

    def __init__(
        self,
        *,
        scale: int,
        pixel_bits: int,
        pixels_per_beat: int,
        mark_bits: int,
        max_width: int,
        layer: int,
        target: Target,
    ) -> None:
        require_int("scale", scale, 1, 4)
        if pixels_per_beat not in BEATS:
            raise ValueError(f"pixels_per_beat must be 1, 2 or 4, not {pixels_per_beat!r}")
        self.scale, self.pixel_bits, self.pixels_per_beat = scale, pixel_bits, pixels_per_beat
        # Slots until a beat is full; then the gearbox, the FIFO's write, its read, its register and
        # that of the slice behind it.
        self.latency = Latency(slots=-(-pixels_per_beat // scale) - 1, clocks=5)
        line = -(-max_width * scale // pixels_per_beat)
        spare_bits = (pixels_per_beat - 1).bit_length()
        # Where patches come at most every other clock, none is taken while a beat leaves.
        self.cuts_ready = scale**2 > pixels_per_beat
        self.lines = [
            Fifo(
                name=f"layer{layer}_reorder{j}",
                layer=layer,
                purpose="reorder_buffer",
                width=pixels_per_beat * pixel_bits + spare_bits + 1,
                # Four more words cover what the gearbox and the read registers add.
                depth=-(-line * (scale - 1 + j) // scale) + 4,
                target=target,
            )
            for j in range(scale)
        ]
        self.rows = Fifo(
            name=f"layer{layer}_rows",
            layer=layer,
            purpose="fifo",
            width=mark_bits,
            depth=_ROWS_IN_FLIGHT,
            target=target,
        )
        self.memories = tuple(use for fifo in (*self.lines, self.rows) for use in fifo.memories)
        patch = data.StructLayout(
            {"pixels": scale**2 * pixel_bits, "marks": mark_bits, "last": 1},
        )
        fields = {
            "pixels": pixels_per_beat * pixel_bits,
            "missing": spare_bits,
            "last": 1,
            "start": 1,
            "marks": mark_bits,
        }
        beat = data.StructLayout({name: bits for name, bits in fields.items() if bits})
        super().__init__({"i": In(stream.Signature(patch)), "o": Out(stream.Signature(beat))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        # The FIFOs lie where their block memories do: between them and what takes is a register.
        self._words = [Skid(len(fifo.o.payload)) for fifo in self.lines]
        for j, (fifo, skid) in enumerate(zip(self.lines, self._words, strict=True)):
            m.submodules[f"line{j}"] = fifo
            m.submodules[f"word{j}"] = skid
            wiring.connect(m, fifo.o, skid.i)
        m.submodules.rows = self.rows
        self._pack(m)
        self._unload(m)
        return m

    def _pack(self, m: Module) -> None:
        """Gather r pixels a slot and line into beats; all lines in step."""
        r, beat, bits = self.scale, self.pixels_per_beat, self.pixel_bits
        count = Signal(range(r + beat), name="count")
        ended = Signal(name="ended")
        start = Signal(name="start", init=1)
        left = Signal(range(r + beat), name="left")
        # Whether a beat is full, as a register beside ``count``.
        full = Signal(name="full")
        emit = Signal(name="emit")
        accept = Signal(name="accept")
        fewer = Mux(count > beat, count - beat, 0)
        # For the beat of the next clock, whatever becomes of that of this one: the lines' FIFOs lie
        # where their block memories do.
        free = Signal(name="free", init=1)
        m.d.sync += free.eq(Cat(fifo.room for fifo in self.lines).all())
        m.d.comb += [
            emit.eq(full & free),
            accept.eq(self.i.valid & self.i.ready),
            self.rows.i.payload.eq(self.i.payload.marks),
            self.rows.i.valid.eq(accept & start),
        ]
        if self.cuts_ready:
            m.d.comb += [left.eq(count), self.i.ready.eq(~full & (~start | self.rows.i.ready))]
        else:
            room = (left < beat) & (~ended | (left == 0))
            m.d.comb += [
                left.eq(Mux(emit, fewer, count)),
                self.i.ready.eq(room & (~start | self.rows.i.ready)),
            ]
        with m.If(accept):
            m.d.sync += [
                count.eq(left + r),
                ended.eq(self.i.payload.last),
                start.eq(self.i.payload.last),
                full.eq(self.i.payload.last | (left + r >= beat)),
            ]
        with m.Elif(emit):
            m.d.sync += [count.eq(fewer), full.eq((fewer >= beat) | (ended & (fewer != 0)))]
            with m.If(fewer == 0):
                m.d.sync += ended.eq(0)

        # Pixels come by r and go by the beat, so that what is left is a multiple of both's divisor.
        unit = math.gcd(r, beat)
        places = range(0, beat, unit)
        for j, fifo in enumerate(self.lines):
            pixels = Signal((r + beat - unit) * bits, name=f"pixels{j}", reset_less=True)
            rest: Value = pixels if self.cuts_ready else Mux(emit, pixels >> (beat * bits), pixels)
            line = self.i.payload.pixels[j * r * bits : (j + 1) * r * bits]
            joined = Signal.like(pixels, name=f"joined{j}")
            select(
                m,
                left >> (unit.bit_length() - 1),
                joined,
                [Cat(rest[: k * bits], line) for k in places],
            )
            with m.If(accept):
                m.d.sync += pixels.eq(joined)
            with m.Elif(emit):
                m.d.sync += pixels.eq(pixels >> (beat * bits))
            # Stored as the number of pixels missing, which takes fewer bits.
            spare = Mux(count >= beat, 0, beat - count)[: (beat - 1).bit_length()]
            m.d.comb += [
                fifo.i.valid.eq(emit),
                fifo.i.payload.eq(Cat(pixels[: beat * bits], spare, ended & (count <= beat))),
            ]

    def _unload(self, m: Module) -> None:
        """Line after line, while there is a row to tell the marks."""
        r = self.scale
        line = Signal(range(max(r, 2)), name="line")
        start = Signal(name="start", init=1)
        word = Signal(len(self._words[0].o.payload), name="word")
        ready = Signal(name="ready")
        done = Signal(name="done")
        # No case: of one whose cases never changed a simulator with four states knows nothing.
        valid = Cat((line == j) & skid.o.valid for j, skid in enumerate(self._words)).any()
        with m.Switch(line):
            for j, skid in enumerate(self._words):
                with m.Case(j):
                    m.d.comb += [word.eq(skid.o.payload), skid.o.ready.eq(ready)]
        pixels = len(self.o.payload.pixels)
        m.d.comb += [
            self.o.valid.eq(valid & self.rows.o.valid),
            ready.eq(self.o.ready & self.rows.o.valid),
            self.o.payload.pixels.eq(word[:pixels]),
            self.o.payload.last.eq(word[-1]),
            self.o.payload.start.eq(start & (line == 0)),
            self.o.payload.marks.eq(self.rows.o.payload),
            done.eq(self.o.valid & self.o.ready & self.o.payload.last),
            self.rows.o.ready.eq(done & (line == r - 1)),
        ]
        if self.pixels_per_beat > 1:
            m.d.comb += self.o.payload.missing.eq(word[pixels:-1])
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += start.eq(self.o.payload.last)
        with m.If(done):
            m.d.sync += line.eq(Mux(line == r - 1, 0, line + 1))


class LastShuffle(wiring.Component):
    """Slots with ``scale**2`` pixels in at ``i``, beats in raster order out at ``o``.

    Void rows end here.

    Args:
        tracks: those at ``i``; the last is the patch, uint8.
        scale: r; 1 passes pixels on, in beats.
        pixels_per_beat: one of `BEATS`. A line's last beat may be partly filled.
        max_width: the longest line, in slots.
        layer: number in the program, for the account of memory.
        target: whose block memories there are.
    """

    def __init__(
        self,
        tracks: Sequence[Track],
        *,
        scale: int,
        pixels_per_beat: int,
        max_width: int,
        layer: int,
        target: Target,
    ) -> None:
        self.inputs, self.scale = tuple(tracks), scale
        self.pixels_per_beat = pixels_per_beat
        self.order = LineOrder(
            scale=scale,
            pixel_bits=8,
            pixels_per_beat=pixels_per_beat,
            mark_bits=1,
            max_width=max_width,
            layer=layer,
            target=target,
        )
        self.latency, self.memories = self.order.latency, self.order.memories
        super().__init__(
            {
                "i": In(stream.Signature(slot_layout(tracks))),
                "o": Out(stream.Signature(beat_layout(pixels_per_beat))),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.order = order = self.order
        track, beat = self.inputs[-1], self.pixels_per_beat
        slot, made = self.i.payload, order.o.payload
        # Pixels that never reach 128 have fewer bits.
        patch = [track.element(slot[track.name], k) | Const(0, 8) for k in range(self.scale**2)]
        m.d.comb += [
            order.i.payload.pixels.eq(Cat(patch)),
            order.i.payload.marks.eq(slot.first),
            order.i.payload.last.eq(slot.last),
            order.i.valid.eq(self.i.valid & ~slot.void),
            self.i.ready.eq(order.i.ready | slot.void),
            self.o.valid.eq(order.o.valid),
            order.o.ready.eq(self.o.ready),
            self.o.payload.pixels.eq(made.pixels),
            self.o.payload.keep.eq(((1 << beat) - 1) >> made.missing if beat > 1 else 1),
            self.o.payload.last.eq(made.last),
            self.o.payload.first.eq(made.start & made.marks),
        ]
        return m

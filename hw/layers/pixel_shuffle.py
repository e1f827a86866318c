"""Hardware of golden/layers/pixel_shuffle.py: r x r patches become raster order, in beats.

Each of the r lines that a row of patches makes has its own FIFO, filled at the same time and
emptied one after the other. Line j waits while the j lines before it leave, and meanwhile the
next row arrives: ``1 + (j - 1) / r`` lines is what it has to hold, 4.5 lines in all for x4,
where two whole rows of patches would take 8. docs/reorder.md compares this with recomputing
the last layer for each line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from golden.validate import require_int
from hw.fifo import Fifo
from hw.slots import Latency, Track, slot_layout

__all__ = ["BEATS", "PixelShuffleStage", "beat_layout"]

BEATS = (1, 2, 4)
"""Pixels a beat that can be built."""

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


class PixelShuffleStage(wiring.Component):
    """Slots with ``scale**2`` pixels in at ``i``, beats in raster order out at ``o``.

    Args:
        tracks: those at ``i``; the last is the patch, uint8.
        scale: r; 1 passes pixels on, in beats.
        pixels_per_beat: one of `BEATS`. A line's last beat may be partly filled.
        max_width: the longest line, in slots.
        layer: number in the program, for the account of memory.
    """

    def __init__(
        self,
        tracks: Sequence[Track],
        *,
        scale: int,
        pixels_per_beat: int,
        max_width: int,
        layer: int,
    ) -> None:
        require_int("scale", scale, 1, 4)
        if pixels_per_beat not in BEATS:
            raise ValueError(f"pixels_per_beat must be 1, 2 or 4, not {pixels_per_beat!r}")
        self.inputs, self.scale = tuple(tracks), scale
        self.pixels_per_beat = pixels_per_beat
        # Slots until a beat is full; then the gearbox, the FIFO's write and its read.
        self.latency = Latency(slots=-(-pixels_per_beat // scale) - 1, clocks=3)
        line = -(-max_width * scale // pixels_per_beat)
        width = pixels_per_beat * 8 + (pixels_per_beat - 1).bit_length() + 1
        self.lines = [
            Fifo(
                name=f"layer{layer}_reorder{j}",
                layer=layer,
                purpose="reorder_buffer",
                width=width,
                # Four more words cover what the gearbox and the read registers add.
                depth=-(-line * (scale - 1 + j) // scale) + 4,
            )
            for j in range(scale)
        ]
        self.rows = Fifo(
            name=f"layer{layer}_rows",
            layer=layer,
            purpose="fifo",
            width=1,
            depth=_ROWS_IN_FLIGHT,
        )
        self.memories = tuple(use for fifo in (*self.lines, self.rows) for use in fifo.memories)
        super().__init__(
            {
                "i": In(stream.Signature(slot_layout(tracks))),
                "o": Out(stream.Signature(beat_layout(pixels_per_beat))),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        for j, fifo in enumerate(self.lines):
            m.submodules[f"line{j}"] = fifo
        m.submodules.rows = self.rows
        self._pack(m)
        self._unload(m)
        return m

    def _pack(self, m: Module) -> None:
        """Gather r pixels a slot and line into beats; all lines in step."""
        r, beat = self.scale, self.pixels_per_beat
        track = self.inputs[-1]
        word = self.i.payload[track.name]
        # Pixels that never reach 128 have fewer bits.
        patch = Cat(track.element(word, k) | Const(0, 8) for k in range(r * r))
        count, ended, start = Signal(range(r + beat)), Signal(), Signal(init=1)
        left = Signal(range(r + beat))
        full, emit, accept = Signal(), Signal(), Signal()
        m.d.comb += [
            full.eq((count >= beat) | (ended & (count != 0))),
            emit.eq(full & Cat(fifo.i.ready for fifo in self.lines).all()),
            left.eq(Mux(emit, Mux(count > beat, count - beat, 0), count)),
            accept.eq(
                self.i.valid
                & ~self.i.payload.void
                & (left < beat)
                & (~ended | (left == 0))
                & (~start | self.rows.i.ready)
            ),
            self.i.ready.eq(accept | self.i.payload.void),
            self.rows.i.payload.eq(self.i.payload.first),
            self.rows.i.valid.eq(accept & start),
        ]
        with m.If(accept):
            m.d.sync += [
                count.eq(left + r),
                ended.eq(self.i.payload.last),
                start.eq(self.i.payload.last),
            ]
        with m.Elif(emit):
            m.d.sync += count.eq(left)
            with m.If(left == 0):
                m.d.sync += ended.eq(0)

        for j, fifo in enumerate(self.lines):
            pixels = Signal((r + beat - 1) * 8, name=f"pixels{j}", reset_less=True)
            rest = Signal.like(pixels, name=f"rest{j}")
            m.d.comb += rest.eq(Mux(emit, pixels >> (beat * 8), pixels))
            line = patch[j * r * 8 : (j + 1) * r * 8]
            with m.If(accept):
                with m.Switch(left):
                    for k in range(beat):
                        with m.Case(k):
                            m.d.sync += pixels.eq(Cat(rest[: k * 8], line))
            with m.Else():
                m.d.sync += pixels.eq(rest)
            # Stored as the number of pixels missing, which takes fewer bits.
            spare = Mux(count >= beat, 0, beat - count)[: (beat - 1).bit_length()]
            m.d.comb += [
                fifo.i.valid.eq(emit),
                fifo.i.payload.eq(Cat(pixels[: beat * 8], spare, ended & (count <= beat))),
            ]

    def _unload(self, m: Module) -> None:
        """Line after line; the first beat of a frame's first line carries the mark."""
        r, beat = self.scale, self.pixels_per_beat
        line, start = Signal(range(max(r, 2))), Signal(init=1)
        word = Signal(len(self.lines[0].o.payload))
        ready, done = Signal(), Signal()
        valid: Value = Signal()
        with m.Switch(line):
            for j, fifo in enumerate(self.lines):
                with m.Case(j):
                    m.d.comb += [word.eq(fifo.o.payload), valid.eq(fifo.o.valid)]
                    m.d.comb += fifo.o.ready.eq(ready)
        m.d.comb += [
            self.o.valid.eq(valid & self.rows.o.valid),
            ready.eq(self.o.ready & self.rows.o.valid),
            self.o.payload.pixels.eq(word[: beat * 8]),
            self.o.payload.keep.eq(((1 << beat) - 1) >> word[beat * 8 : -1] if beat > 1 else 1),
            self.o.payload.last.eq(word[-1]),
            self.o.payload.first.eq(start & (line == 0) & self.rows.o.payload),
            done.eq(self.o.valid & self.o.ready & self.o.payload.last),
            self.rows.o.ready.eq(done & (line == r - 1)),
        ]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += start.eq(self.o.payload.last)
        with m.If(done):
            m.d.sync += line.eq(Mux(line == r - 1, 0, line + 1))

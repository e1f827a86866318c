# amaranth: UnusedElaboratable=no
"""Beats of luma in, beats of whole pixels out: chroma joins each beat as it leaves."""

from __future__ import annotations

from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from lutscale.hw.colour.across import Across
from lutscale.hw.colour.geometry import WORD_BITS, Geometry
from lutscale.hw.colour.rows import ROW_REGISTERS, Rows
from lutscale.hw.colour.store import BANKS
from lutscale.hw.fifo import Fifo
from lutscale.hw.folding import select
from lutscale.hw.raster import beat_layout
from lutscale.hw.slots import Latency, Track, slot_layout
from lutscale.hw.targets import Target

__all__ = ["Join"]


class Join(wiring.Component):
    """Luma beats wait in a short FIFO while their chroma is read and interpolated.

    The last beat of a column asks for it. So chroma needs no width and no height: beats say where
    lines and frames begin and end. By the time the beat is here, the luma's window has seen the
    line below, so that the store has it, too (`parts.colour_parts` sees to that).

    Ports:
        i: in, stream of beats as of `LastShuffle`.
        o: out, stream of slots with the track ``made``.
        read, address0, address1, data0, data1, free0, free1: to the `ChromaStore`.

    Args:
        geometry: of the chroma.
        clocks_per_pixel: F, for the latency.
        depth: of the store.
        target: whose block memories there are.

    Attributes:
        made: the track at ``o``: the pixels of a beat, the leftmost lowest.
        latency: of frames with more than one column, in clocks.
    """

    def __init__(
        self, geometry: Geometry, *, clocks_per_pixel: int, depth: int, target: Target
    ) -> None:
        self.geometry = g = geometry
        beat = g.pixels_per_beat
        self.rows, self.across = Rows(g, depth=depth), Across(g)
        # The last one holds a column while its beats leave, so that the next ones move on.
        behind_ask = ROW_REGISTERS + self.across.registers + 1
        # Beats of this column and the next, and those that come while chroma is on its way.
        self.fifo = Fifo(
            name="chroma_beats",
            layer=-1,
            purpose="fifo",
            width=8 * beat + 3,
            depth=2 * g.beats + behind_ask,
            target=target,
        )
        self.memories = self.fifo.memories
        self.made = Track("beat", beat * g.colour.components, 8)
        # The first beat is here with the pixel that fills it; the second column's last beat asks.
        pixel = (2 * g.lanes - 1) // g.scale
        slots = pixel - (-(-beat // g.scale) - 1)
        clocks = (pixel + 1) * g.scale // beat - pixel * g.scale // beat - 1 + behind_ask
        self.latency = Latency(clocks=slots * clocks_per_pixel + clocks)
        ports: dict[str, Any] = {
            "i": In(stream.Signature(beat_layout(beat))),
            "o": Out(stream.Signature(slot_layout([self.made]))),
            "read": Out(1),
        }
        for b in range(BANKS):
            ports |= {
                f"address{b}": Out(range(depth)),
                f"data{b}": In(WORD_BITS),
                f"free{b}": Out(1),
            }
        super().__init__(ports)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.rows, m.submodules.across = rows, across = self.rows, self.across
        m.submodules.fifo = self.fifo
        enable = Signal(name="enable")
        m.d.comb += [
            rows.enable.eq(enable),
            across.enable.eq(enable),
            across.valid.eq(rows.valid),
            across.ends.eq(rows.ends),
            across.sum0.eq(rows.sum0),
            across.sum1.eq(rows.sum1),
            self.read.eq(rows.read),
        ]
        for b in range(BANKS):
            m.d.comb += [
                getattr(self, f"address{b}").eq(getattr(rows, f"address{b}")),
                getattr(rows, f"data{b}").eq(getattr(self, f"data{b}")),
                getattr(self, f"free{b}").eq(getattr(rows, f"free{b}")),
            ]
        self._take(m, enable)
        self._give(m, enable)
        return m

    def _take(self, m: Module, enable: Value) -> None:
        """Beats into the FIFO; the last of a column asks for it."""
        i, fifo, count = self.i, self.fifo, self.geometry.beats
        beat = i.payload
        taken = Signal(name="taken")
        asks: Value = Const(1)
        if count > 1:
            place = Signal(range(count), name="place")
            asks = place == count - 1
            with m.If(taken):
                m.d.sync += place.eq(Mux(asks, 0, place + 1))
        plain: Value = Const(0)
        if self.geometry.colour.down == 2:
            plain = Signal(name="plain")
            asks &= ~plain
            with m.If(taken & beat.last):
                m.d.sync += plain.eq(~plain)
        goes = enable | ~asks
        m.d.comb += [
            fifo.i.valid.eq(i.valid & goes),
            i.ready.eq(fifo.i.ready & goes),
            taken.eq(i.valid & i.ready),
            fifo.i.payload.eq(Cat(beat.pixels, beat.first, beat.last, plain)),
            self.rows.ask.eq(taken & asks),
            self.rows.last.eq(beat.last),
            self.rows.first.eq(taken & beat.first),
        ]

    def _give(self, m: Module, enable: Value) -> None:
        """A beat and its share of the column's chroma; a line without any is plain."""
        fifo, across, g = self.fifo, self.across, self.geometry
        beat, bits = g.pixels_per_beat, g.lane_bits
        pixels = fifo.o.payload[: 8 * beat]
        first, last, plain = (fifo.o.payload[8 * beat + k] for k in range(3))
        column = Signal(g.lanes * bits, name="column", reset_less=True)
        there = Signal(name="there")
        given, done = Signal(name="given"), Signal(name="done")
        lanes: Value = column
        ends: Value = Const(1)
        if g.beats > 1:
            share = Signal(range(g.beats), name="share")
            lanes = Signal(beat * bits, name="lanes")
            shares = [column[k * beat * bits :][: beat * bits] for k in range(g.beats)]
            select(m, share, lanes, shares)
            ends = share == g.beats - 1
            with m.If(given & ~plain):
                m.d.sync += share.eq(Mux(ends, 0, share + 1))
        with m.If(~there | done):
            m.d.sync += [there.eq(across.there), column.eq(across.lanes)]
        ready = plain | there
        chroma = [Mux(plain, 0, lanes[k * bits : (k + 1) * bits]) for k in range(beat)]
        whole = [part for k in range(beat) for part in (pixels[8 * k : 8 * k + 8], chroma[k])]
        m.d.comb += [
            self.o.valid.eq(fifo.o.valid & ready),
            fifo.o.ready.eq(self.o.ready & ready),
            given.eq(self.o.valid & self.o.ready),
            done.eq(given & ~plain & ends),
            enable.eq(~across.there | ~there | done),
            self.o.payload[self.made.name].eq(Cat(*whole)),
            self.o.payload.first.eq(first),
            self.o.payload.last.eq(last),
        ]

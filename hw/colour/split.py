"""A pixel's luma goes its way through the program, its chroma into a store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from lutscale.golden.colour import Colour
from lutscale.hw.colour.geometry import WORD_BITS
from lutscale.hw.slots import MARKS, Latency, Track, slot_layout

__all__ = ["Split"]


class Split(wiring.Component):
    """Slots of whole pixels in, slots of luma and chroma words out; no register between.

    A word is whole with the second of two pixels where they share it, and only every second line
    has any in 4:2:0. While there is no room for a word, the slot that completes it waits.

    Ports:
        i: in, stream of slots: the pixel (Y lowest, then Cb and Cr, or one of both), and whether it
            lies in the frame's last chroma line.
        o: out, stream of slots with the luma.
        write: out, a chroma word is stored: ``word``; ``last`` of its line.
        room: in, whether it can be.

    Args:
        inputs: the tracks at ``i``: "bottom", and the pixel.
        pixel: name of the pixel's track.
        luma: the track at ``o``.
        colour: of the stream.
    """

    def __init__(self, inputs: Sequence[Track], *, pixel: str, luma: Track, colour: Colour) -> None:
        self.pixel, self.luma, self.colour = pixel, luma, colour
        self.latency, self.memories = Latency(), ()
        super().__init__(
            {
                "i": In(stream.Signature(slot_layout(inputs))),
                "o": Out(stream.Signature(slot_layout([luma]))),
                "write": Out(1),
                "word": Out(WORD_BITS),
                "last": Out(1),
                "room": In(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        i, o = self.i, self.o
        pixel = i.payload[self.pixel]
        taken = Signal(name="taken")
        wants: Value = ~i.payload.void
        chroma: Value = pixel[8:]
        if self.colour.across == 2:
            second = Signal(name="second")
            held = Signal(8, name="held", reset_less=True)
            with m.If(taken & ~i.payload.void):
                m.d.sync += second.eq(~second)
                with m.If(~second):
                    m.d.sync += held.eq(chroma)
            wants &= second
            chroma = Cat(held, chroma)
        if self.colour.down == 2:
            plain = Signal(name="plain")
            with m.If(taken & i.payload.last & ~i.payload.void):
                m.d.sync += plain.eq(~plain)
            wants &= ~plain
        goes = Mux(wants, self.room, Const(1))
        m.d.comb += [
            o.valid.eq(i.valid & goes),
            i.ready.eq(o.ready & goes),
            taken.eq(i.valid & i.ready),
            o.payload[self.luma.name].eq(pixel[:8]),
            *(o.payload[mark].eq(i.payload[mark]) for mark in MARKS),
            self.write.eq(taken & wants),
            self.word.eq(Cat(chroma, i.payload["bottom"])),
            self.last.eq(i.payload.last),
        ]
        return m

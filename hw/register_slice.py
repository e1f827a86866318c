"""Register slices: they cut the paths between their two sides at full throughput."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from lutscale.hw.slots import Latency, Stage, Track

__all__ = ["RegisterSlice", "Skid"]


class Skid(wiring.Component):
    """Two places for the words of a stream: ``o`` and ``i.ready`` come straight from registers.

    Args:
        shape: of a word.
    """

    def __init__(self, shape: Any) -> None:
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        shape = self.i.payload.shape()
        front = Signal(shape, name="front", reset_less=True)
        spare = Signal(shape, name="spare", reset_less=True)
        spare_full = Signal(name="spare_full")
        m.d.comb += [self.o.payload.eq(front), self.i.ready.eq(~spare_full)]
        # Whatever stands at ``i`` is taken along: a payload waits for nobody's decision.
        with m.If(~spare_full):
            m.d.sync += spare.eq(self.i.payload)
        with m.If(~self.o.valid | self.o.ready):
            m.d.sync += [
                self.o.valid.eq(self.i.valid | spare_full),
                spare_full.eq(0),
                front.eq(Mux(spare_full, spare, self.i.payload)),
            ]
        with m.Else():
            m.d.sync += spare_full.eq(spare_full | self.i.valid)
        return m


class RegisterSlice(Stage):
    """``o`` comes straight from registers.

    Attributes:
        places: 2, so that ``i.ready`` is a register, too; or 1, where the stage before decides with
            a register of its own.
    """

    cuts_ready = True
    places = 2

    def __init__(self, tracks: Sequence[Track]) -> None:
        super().__init__(tracks, tracks)
        self.latency = Latency(clocks=1)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        if self.places == 2:
            m.submodules.skid = skid = Skid(self.i.payload.shape())
            wiring.connect(m, wiring.flipped(self.i), skid.i)
            wiring.connect(m, skid.o, wiring.flipped(self.o))
            return m
        front = self.front(m)
        m.d.comb += self.i.ready.eq(~self.o.valid | self.o.ready)
        with m.If(self.i.ready):
            m.d.sync += [self.o.valid.eq(self.i.valid), front.eq(self.i.payload)]
        return m

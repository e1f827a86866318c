"""A register slice: cuts the paths between its two sides at full throughput."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth import Module, Signal

from lutscale.hw.slots import Latency, Stage, Track

__all__ = ["RegisterSlice"]


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
        shape = self.i.payload.shape()
        front = self.front(m)
        if self.places == 1:
            m.d.comb += self.i.ready.eq(~self.o.valid | self.o.ready)
            with m.If(self.i.ready):
                m.d.sync += [self.o.valid.eq(self.i.valid), front.eq(self.i.payload)]
            return m
        spare = Signal(shape, name="spare", reset_less=True)
        spare_full = Signal(name="spare_full")
        m.d.comb += self.i.ready.eq(~spare_full)
        with m.If(~self.o.valid | self.o.ready):
            m.d.sync += [
                self.o.valid.eq(self.i.valid | spare_full),
                spare_full.eq(0),
                front.eq(spare),
            ]
            with m.If(~spare_full):
                m.d.sync += front.eq(self.i.payload)
        with m.Elif(self.i.valid & ~spare_full):
            m.d.sync += [spare_full.eq(1), spare.eq(self.i.payload)]
        return m

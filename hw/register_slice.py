"""A two-place register slice: cuts every path between its two sides at full throughput."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth import Module, Signal

from lutscale.hw.slots import Latency, Stage, Track

__all__ = ["RegisterSlice"]


class RegisterSlice(Stage):
    """``i.ready`` and ``o.valid`` come straight from registers."""

    cuts_ready = True

    def __init__(self, tracks: Sequence[Track]) -> None:
        super().__init__(tracks, tracks)
        self.latency = Latency(clocks=1)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        shape = self.i.payload.shape()
        front = Signal(shape, name="front", reset_less=True)
        spare = Signal(shape, name="spare", reset_less=True)
        spare_full = Signal(name="spare_full")
        m.d.comb += [self.i.ready.eq(~spare_full), self.o.payload.eq(front)]
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

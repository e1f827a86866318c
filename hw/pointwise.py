"""Stages that compute each slot from that slot alone, one slot a clock."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from amaranth import Module, Signal, Value
from amaranth.lib import data

from lutscale.hw.slots import MARKS, Latency, Stage, Track

__all__ = ["Pointwise"]


class Pointwise(Stage):
    """A pipeline of ``depth`` registers that moves as a whole whenever its end is free.

    Tracks that are both input and output are carried along; `compute` drives the others.
    """

    def __init__(self, inputs: Sequence[Track], outputs: Sequence[Track], depth: int) -> None:
        super().__init__(inputs, outputs)
        self.depth = depth
        self.latency = Latency(clocks=depth)

    @abstractmethod
    def compute(self, m: Module, fields: Mapping[str, Value], enable: Value) -> dict[str, Value]:
        """Drive ``depth`` registers from the input ``fields``.

        Returns:
            the output tracks that are not carried, each behind exactly ``depth`` registers
            that load while ``enable`` is high.
        """

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        enable = Signal(name="enable")
        m.d.comb += [enable.eq(~self.o.valid | self.o.ready), self.i.ready.eq(enable)]
        given = {track.name: self.i.payload[track.name] for track in self.inputs}
        made = self.compute(m, given, enable)
        kept = [t for t in self.outputs if t.name not in made]
        layout = data.StructLayout(
            dict.fromkeys(MARKS, 1) | {track.name: track.width for track in kept}
        )
        carried: Any = self.i.payload
        valid: Value = self.i.valid
        for k in range(self.depth):
            step = Signal(layout, name=f"carried{k}", reset_less=True)
            flag = Signal(name=f"valid{k}")
            with m.If(enable):
                m.d.sync += flag.eq(valid)
                m.d.sync += [step[name].eq(carried[name]) for name, _ in layout]
            carried, valid = step, flag
        m.d.comb += self.o.valid.eq(valid)
        m.d.comb += [self.o.payload[name].eq(carried[name]) for name, _ in layout]
        m.d.comb += [self.o.payload[name].eq(value) for name, value in made.items()]
        return m

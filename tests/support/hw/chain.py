"""Stages in a row as one component, so that a layer can be tested by itself."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lutscale.hw.slots import Latency, Stage

__all__ = ["Chain"]


class Chain(wiring.Component):
    """What `hw.pipeline.Pipeline` makes of stages, without its ends."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self.stages = list(stages)
        self.inputs, self.outputs = stages[0].inputs, stages[-1].outputs
        self.latency = sum((stage.latency for stage in stages), Latency())
        self.memories = tuple(use for stage in stages for use in stage.memories)
        super().__init__({"i": In(stages[0].i.signature.flip()), "o": Out(stages[-1].o.signature)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        for k, stage in enumerate(self.stages):
            m.submodules[f"stage{k}"] = stage
        for before, after in itertools.pairwise(self.stages):
            wiring.connect(m, before.o, after.i)
        wiring.connect(m, wiring.flipped(self.i), self.stages[0].i)
        wiring.connect(m, self.stages[-1].o, wiring.flipped(self.o))
        return m

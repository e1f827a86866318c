"""A program as one component, wired from its plan."""

from __future__ import annotations

import itertools
from typing import Any

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lutscale.golden.program import Program
from lutscale.hw.build import Build
from lutscale.hw.plan import Plan

__all__ = ["Pipeline"]


class Pipeline(wiring.Component):
    """A program as one component: pixels of LR frames in at ``i``, beats out at ``o``.

    ``width`` and ``height`` of a frame are read with its first pixel. One colour plane is one
    frame; frames may follow each other without a gap.

    Args:
        program: what to compute.
        build: for what speed, frames and target.

    Attributes:
        plan: the components in a row, with all that is known before they are wired.
        memories, roms, latency: those of the `Plan`.

    Raises:
        ValueError: "clocks_per_pixel must be at least ..., not ...": the output could not keep up
            with the fold, or a layer at its scale.
    """

    def __init__(self, program: Program, build: Build) -> None:
        self.program, self.build = program, build
        self.plan = plan = Plan(program, build)
        self.memories, self.roms, self.latency = plan.memories, plan.roms, plan.latency
        super().__init__(
            {
                "width": In(range(build.max_width + 1)),
                "height": In(range(build.max_height + 1)),
                "i": In(plan.source.i.signature.flip()),
                "o": Out(plan.sink.o.signature),
                "malformed": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        plan = self.plan
        m.submodules.source = plan.source
        m.submodules.shuffle = plan.shuffle
        m.submodules.sink = plan.sink
        for k, stage in enumerate(plan.stages):
            m.submodules[f"stage{k}_{type(stage).__name__.lower()}"] = stage
        if plan.colour:
            for k, part in enumerate((*plan.colour.ahead, *plan.colour.behind)):
                m.submodules[f"colour{k}_{type(part).__name__.lower()}"] = part
            plan.colour.connect(m)
        for before, after in itertools.pairwise(plan.chain):
            wiring.connect(m, before.o, after.i)
            if getattr(before, "foresees", False):
                m.d.comb += before.soon.eq(after.soon)
        wiring.connect(m, wiring.flipped(self.i), plan.source.i)
        wiring.connect(m, plan.sink.o, wiring.flipped(self.o))
        m.d.comb += [
            plan.source.width.eq(self.width),
            plan.source.height.eq(self.height),
            self.malformed.eq(plan.source.malformed),
        ]
        return m

# amaranth: UnusedElaboratable=no
"""The plan: which tracks are carried where, what has to follow a frame, and what it all costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from lutscale.golden.layers import Layer, PixelShuffle, Requantise, Residual, TapTables
from lutscale.golden.program import Program
from lutscale.hw.build import Build
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.plan import Plan, carried_tracks
from lutscale.hw.register_slice import RegisterSlice
from tests.family_programs import FAMILIES


def taps(inputs: int, outputs: int, kernel: tuple[int, int]) -> list[Layer]:
    """Tables of 4-bit codes, and back to 4 bits."""
    tables = TapTables(np.zeros((inputs, *kernel, 16, outputs), np.int32), code_bits=4)
    return [tables, Requantise(np.ones(outputs, np.int32), 1, 0, 15)]


@dataclass(frozen=True)
class Blend(Residual):
    """A layer with a source of another name and type than any that is built in."""

    kind: ClassVar[str] = "blend"


def program(kernels: list[tuple[int, int]], end: Layer) -> Program:
    """From 8 to 4 bits, tables, tables, and a patch that something is added to."""
    layers: list[Layer] = [Requantise(np.ones(1, np.int32), 4, 0, 15)]
    layers += taps(1, 2, kernels[0]) + taps(2, 4, kernels[1])
    return Program("carried", 2, (*layers, end, PixelShuffle(2)))


@pytest.mark.parametrize("make", [Residual, Blend])
@pytest.mark.parametrize(
    ("kernels", "upsample", "kept", "own"),
    [
        # Nine pixels of the frame behind the last window, one before.
        ([(3, 3), (3, 3)], "bilinear", [{"v0"}, {"v0"}, {"v0"}, {"v0_3x3"}, {"v0_3x3"}], False),
        (
            [(3, 3), (1, 3)],
            "bilinear",
            [{"v0"}, {"v0_3x3"}, {"v0_3x3"}, {"v0_3x3"}, {"v0_3x3"}],
            False,
        ),
        ([(1, 1), (3, 1)], "bilinear", [{"v0"}] * 5, True),
        ([(3, 3), (3, 3)], "nearest", [{"v0"}] * 5, False),
    ],
)
def test_which_tracks_are_carried(
    make: type[Residual],
    kernels: list[tuple[int, int]],
    upsample: str,
    kept: list[set[str]],
    own: bool,
) -> None:
    keep, own_window = carried_tracks(program(kernels, make(0, upsample, 2, lo=0, hi=255)))
    assert keep == [*kept, set(), set()]
    assert own_window == [False] * 5 + [own, False]


def test_a_layer_that_reads_nothing_else_is_carried_nothing() -> None:
    clamp = Requantise(np.ones(4, np.int32), 1, 0, 255)
    assert carried_tracks(program([(3, 3), (3, 3)], clamp)) == ([set()] * 7, [False] * 7)


@pytest.mark.parametrize("make", FAMILIES.values(), ids=FAMILIES)
def test_a_pipeline_is_its_plan(make: type) -> None:
    made: Program = make(1)
    build = Build(max_width=64).slowed_for(made)
    plan, pipeline = Plan(made, build), Pipeline(made, build)
    assert (plan.memories, plan.latency) == (pipeline.memories, pipeline.latency)
    assert [rom.sha256 for rom in plan.roms] == [rom.sha256 for rom in pipeline.roms]
    assert plan.on_chip_bytes == -(-sum(use.bits for use in pipeline.memories) // 8)
    assert plan.chain == (plan.source, *plan.stages, plan.shuffle, plan.sink)


def test_a_register_slice_stands_before_all_tables_but_at_the_start() -> None:
    made = program([(3, 3), (3, 3)], Residual(0, "nearest", 2, lo=0, hi=255))
    stages = Plan(made, Build(max_width=64)).stages
    names = [type(stage).__name__ for stage in stages]
    assert names.count("RegisterSlice") == 2
    assert names[1] == "RegisterSlice"
    whole = TapTables(np.zeros((1, 3, 3, 256, 1), np.int32))
    bare = Program("bare", 1, (whole, Requantise(np.ones(1, np.int32), 1, 0, 255)))
    assert not any(isinstance(stage, RegisterSlice) for stage in Plan(bare, Build()).stages)

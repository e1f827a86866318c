# amaranth: UnusedElaboratable=no
"""The plan: which tracks are carried where, what has to follow a frame, and what it all costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from lutscale.golden.layers import Layer, PixelShuffle, Requantise, Residual, TapTables
from lutscale.golden.program import Program
from lutscale.golden.program_file import load
from lutscale.golden.zoo import find
from lutscale.hw.build import Build
from lutscale.hw.folding import Folded
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.plan import Plan, carried_tracks
from lutscale.hw.register_slice import RegisterSlice
from lutscale.hw.targets import TARGETS
from lutscale.hw.targets.ecp5 import ECP5
from tests.support.family_programs import FAMILIES


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


def test_a_register_slice_stands_before_tables_where_nothing_else_cuts_the_ready_path() -> None:
    made = program([(3, 3), (3, 3)], Residual(0, "nearest", 2, lo=0, hi=255))
    stages = Plan(made, Build(clocks_per_pixel=2, max_width=64)).stages
    names = [type(stage).__name__ for stage in stages]
    assert names.count("RegisterSlice") == 2
    assert names[1] == "RegisterSlice"
    # One place will do where the stage before waits for it with a register of its own.
    assert [stage.places for stage in stages if isinstance(stage, RegisterSlice)] == [2, 1]
    # A line buffer with a clock to spare does.
    stages = Plan(made, Build(clocks_per_pixel=3, max_width=64)).stages
    assert not any(isinstance(stage, RegisterSlice) for stage in stages)
    assert sum(stage.cuts_ready for stage in stages) == 2
    whole = TapTables(np.zeros((1, 3, 3, 256, 1), np.int32))
    bare = Program("bare", 1, (whole, Requantise(np.ones(1, np.int32), 1, 0, 255)))
    assert not any(isinstance(stage, RegisterSlice) for stage in Plan(bare, Build()).stages)


def test_4k60_in_clocks() -> None:
    """4 clocks a pixel and 4 pixels a beat at 125 MHz: 960x540 to 3840x2160, 60 times a second."""
    made = program([(3, 3), (3, 3)], Residual(0, "nearest", 2, lo=0, hi=255))
    plan = Plan(made, Build(max_width=960))
    assert plan.frame_clocks(960, 540) == 960 * 540 * 4
    assert plan.frames_per_second(960, 540, 125) == pytest.approx(60.28, abs=0.01)


@pytest.mark.parametrize("target", ["ecp5", "ice40", "intel-m10k"])
def test_blocks_are_those_of_the_target(target: str) -> None:
    made = program([(3, 3), (5, 5)], Residual(0, "bilinear", 2, lo=0, hi=255))
    plan = Plan(made, Build(max_width=480, target=TARGETS[target]))
    # A line buffer each of 2 lines of (4 bits, the frame's 8 beside), of 4 lines of 2 channels and
    # 3 lines of the frame; then two lines of 960 pixels in beats of 4, with 3 bits of marks.
    needed = {
        (480, 2 * 4 + 8): {"ecp5": 1, "ice40": 2, "intel-m10k": 1},
        (480, 4 * 2 * 4 + 3 * 8): {"ecp5": 2, "ice40": 7, "intel-m10k": 3},
        (124, 35): {"ecp5": 1, "ice40": 3, "intel-m10k": 1},
        (244, 35): {"ecp5": 1, "ice40": 3, "intel-m10k": 1},
    }
    blocks = [use for use in plan.memories if use.style == "block" and use.purpose != "table"]
    assert {(use.depth, use.width) for use in blocks} == set(needed)
    tables = [use for use in plan.memories if use.style == "block" and use.purpose == "table"]
    found = sum(plan.build.target.block.needed(use.depth, use.width)[0] for use in tables)
    assert plan.blocks - found == sum(counts[target] for counts in needed.values())


def test_roms_that_fill_their_blocks_least_make_room_for_the_others() -> None:
    hklut = load(find("hklut-s-x4"))
    builds = [
        Build(clocks_per_pixel=16, pixels_per_beat=1, target=TARGETS[name])
        for name in ("ecp5", "ecp5-25f")
    ]
    free, fitted = (Plan(hklut, build) for build in builds)
    assert (free.blocks, fitted.blocks) == (60, 56)
    moved = [a.name for a, b in zip(free.memories, fitted.memories, strict=True) if a != b]
    assert len(moved) == 4
    fill = ECP5.block.fill
    left = [use for use in fitted.memories if use.rom and use.style == "block"]
    own = [fill(use.depth, use.width) for use in free.memories if use.name in moved]
    assert max(own) < min(fill(use.depth, use.width) for use in left)
    assert fitted.roms == free.roms
    assert fitted.on_chip_bytes == free.on_chip_bytes


def test_a_program_that_no_logic_makes_fit_stays_as_it_is() -> None:
    hklut, device = load(find("hklut-s-x4")), TARGETS["ecp5-25f"].device
    assert device is not None
    # Fewer blocks than for the lines alone, and fewer than what little logic can make room for.
    few, lean = replace(device, blocks=4), replace(device, luts=16000)
    plans = [
        Plan(hklut, Build(clocks_per_pixel=16, pixels_per_beat=1, target=target))
        for target in (ECP5, ECP5.on("few", few), ECP5.on("lean", lean))
    ]
    assert plans[0].memories == plans[1].memories == plans[2].memories


def test_folded_stages_wait_where_nobody_needs_their_result_at_once() -> None:
    """Tables whose window is held for all steps are waited for; all others are taken at once."""
    made = program([(3, 3), (3, 3)], Residual(0, "nearest", 2, lo=0, hi=255))
    stages = Plan(made, Build(clocks_per_pixel=4, max_width=64)).stages
    folded = [stage for stage in stages if isinstance(stage, Folded)]
    assert folded
    for stage in folded:
        after = stages[stages.index(stage) + 1 :]
        behind = next((other for other in after if not other.wires), None)
        assert stage.unhurried == (stage.steps > 1 and (behind is None or not behind.holds))
    assert any(stage.unhurried for stage in folded)
    # With a clock a slot there is no time to wait.
    stages = Plan(made, Build(clocks_per_pixel=1, max_width=64)).stages
    assert not any(isinstance(stage, Folded) and stage.unhurried for stage in stages)

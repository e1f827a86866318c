"""Yosys maps every memory to what it was declared as: block memory or logic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lutscale.golden.layers import PatternTables, PixelShuffle, Requantise, Residual, TapTables
from lutscale.golden.layers.pattern_tables import Pattern
from lutscale.golden.program import Program
from lutscale.golden.program_file import load
from lutscale.hw.build import Build
from lutscale.hw.flow.yosys import run_yosys
from lutscale.hw.handoff import write_handoff
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.targets.ecp5 import ECP5
from tests.support.hw.netlist import placed_instances
from tests.support.random_programs import example_program

pytestmark = pytest.mark.slow

ZOO = Path(__file__).parents[2] / "model" / "zoo" / "iqlut-tiny-x4.npz"

TOP = "upscaler"
COMMANDS = (
    f"read_verilog -sv {TOP}.v {TOP}__memory.v",
    f"synth_ecp5 -top {TOP} -run begin:map_ffs",
    "tee -q -o blocks.txt select -list t:DP16KD t:PDPW16KD",
    "tee -q -o unmapped.txt select -list t:$mem_v2 t:$mem",
)


def tiny() -> Pipeline:
    """The smallest trained program; a drawn one where the zoo is empty."""
    if ZOO.exists():
        return Pipeline(load(ZOO), Build(clocks_per_pixel=4, pixels_per_beat=4, max_width=480))
    program = example_program(3, 2, max_taps=2)
    return Pipeline(
        program, Build(clocks_per_pixel=4, pixels_per_beat=1, max_width=480, max_height=270)
    )


def block_cells(pipeline: Pipeline, folder: Path) -> list[str]:
    """Names of the block memories in the netlist for ECP5, as ``stage.memory.words.x.y``."""
    write_handoff(pipeline, folder, TOP)
    run_yosys(COMMANDS, folder)
    assert not (folder / "unmapped.txt").read_text().strip()
    names = (folder / "blocks.txt").read_text().split()
    return [name.removeprefix(f"{TOP}/") for name in names]


def wide_words() -> Pipeline:
    """Direct tables whose ROMs, 512 x 32, deserve blocks."""
    rng = np.random.default_rng(0)
    layers = (
        TapTables(rng.integers(-128, 128, (1, 2, 1, 256, 4))),
        Requantise(np.full(4, 128), 8, -128, 127),
        TapTables(rng.integers(-128, 128, (4, 1, 1, 256, 4)), code_signed=True),
        Requantise(np.full(4, 128), 8, 0, 255),
        PixelShuffle(2),
    )
    program = Program("wide", 2, layers)
    return Pipeline(program, Build(clocks_per_pixel=2, pixels_per_beat=2, max_width=200))


def two_stages_of_patterns() -> Pipeline:
    """HKLUT's shape: tables of 4096 words of 32 bits, two stages of x2."""
    random = np.random.default_rng(0)
    stages = [
        PatternTables(
            (
                Pattern(
                    ((0, 0), (1, 2), (2, 1)),
                    random.integers(-99, 99, (4096, 4)),
                    code_bits=4,
                    shift=4,
                    border="reflect",
                ),
                Pattern(((0, 0), (0, 1)), random.integers(-9, 9, (256, 4)), code_bits=4),
            )
        )
        for _ in range(2)
    ]
    layers = (
        stages[0],
        Residual(0, "nearest", 2, lo=0, hi=255),
        PixelShuffle(2),
        stages[1],
        Residual(3, "nearest", 2, lo=0, hi=255),
        PixelShuffle(2),
    )
    program = Program("patterns", 4, layers)
    return Pipeline(program, Build(clocks_per_pixel=16, pixels_per_beat=1, max_width=240))


@pytest.mark.parametrize("make", [tiny, wide_words, two_stages_of_patterns])
def test_every_memory_is_mapped_as_declared(make: Callable[[], Pipeline], tmp_path: Path) -> None:
    """And takes as many blocks as the target says."""
    pipeline = make()
    cells = block_cells(pipeline, tmp_path / "verilog")
    expected = {}
    for path, (module, depth, width, _) in placed_instances(pipeline).items():
        block = module in ("lutscale__rom_block", "lutscale__ram_block")
        expected[path] = ECP5.block.needed(depth, width)[0] if block else 0
    found = {path: sum(name.startswith(f"pipeline.{path}.") for name in cells) for path in expected}
    assert found == expected
    assert sum(found.values()) == len(cells) == pipeline.plan.blocks > 0
    declared = [use.style for use in pipeline.memories]
    assert sum(count > 0 for count in found.values()) == declared.count("block")

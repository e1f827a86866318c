"""Pipelines of HKLUT's, TinyLUT's and SR-LUT's shapes: exact at any size, at full pace."""

from __future__ import annotations

import numpy as np
import pytest

from lutscale.golden.program import Program
from lutscale.golden.symmetry import GROUPS, turned_planes
from lutscale.hw.build import Build
from lutscale.hw.memory import MemoryUse
from lutscale.hw.pipeline import Pipeline
from tests.support.family_programs import (
    FAMILIES,
    hklut_like,
    simplex_like,
    symmetric_like,
    tinylut_like,
)
from tests.support.hw.netlist import check_memories
from tests.support.hw.pipeline_bench import check, make_bench
from tests.support.hw.streams import STALLS
from tests.support.random_programs import example_frame

SIZES = ((1, 1), (1, 1), (3, 4), (2, 4), (1, 6), (4, 1))


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("seed", "clocks_per_pixel"), [(0, 4), (1, 16), (3, 5)])
def test_exact_at_any_size_under_stalls(family: str, seed: int, clocks_per_pixel: int) -> None:
    bench = make_bench(FAMILIES[family](seed), clocks_per_pixel, 4, 6)
    pictures = [example_frame(k, *size) for k, size in enumerate(SIZES)]
    for name in ("none", "both"):
        check(bench, pictures, stalls=STALLS[name])
        pictures.append(pictures.pop(0))
    check_memories(bench.dut)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "clocks_per_pixel", "beat"),
    [
        (hklut_like(4), 4, 4),
        (hklut_like(4), 16, 1),
        (tinylut_like(3), 16, 4),
        (tinylut_like(0), 2, 1),
        (simplex_like(0), 20, 1),
        (symmetric_like(0), 9, 1),
    ],
    ids=["hklut-4", "hklut-16", "tinylut-16", "denoise-2", "simplex-20", "symmetric-9"],
)
def test_a_pixel_every_f_clocks(program: Program, clocks_per_pixel: int, beat: int) -> None:
    """A source that gives a pixel every F clocks is never stopped, across frames too."""
    bench = make_bench(program, clocks_per_pixel, beat, 8)
    pictures = [example_frame(k, 4, 8) for k in range(3)]
    run = check(bench, pictures, period=clocks_per_pixel)
    assert run.accepted == run.offered


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "clocks_per_pixel"),
    [(0, 8), (5, 16), pytest.param(8, 16, marks=pytest.mark.slow)],
)
def test_turned_frames_give_the_turned_picture(seed: int, clocks_per_pixel: int) -> None:
    """In hardware, every pixel, square and oblong, frame after frame."""
    program = symmetric_like(seed)
    assert program.symmetry is not None
    bench = make_bench(program, clocks_per_pixel, 4, 6)
    elements = range(GROUPS[program.symmetry])
    for size in ((4, 4), (4, 2)):
        picture = example_frame(seed, *size)
        result = program.run(picture)
        turned = [np.ascontiguousarray(turned_planes(picture, g)) for g in elements]
        wanted = [turned_planes(result, g) for g in elements]
        check(bench, turned, expected=wanted, stalls=STALLS["both"])


def tables_of(program: Program, clocks_per_pixel: int) -> list[MemoryUse]:
    pipeline = Pipeline(
        program, Build(clocks_per_pixel=clocks_per_pixel, pixels_per_beat=4, max_width=64)
    )
    return [use for use in pipeline.memories if use.purpose == "table"]


@pytest.mark.parametrize(
    ("program", "clocks_per_pixel", "copies"),
    [
        (hklut_like(4), 16, 1),
        (tinylut_like(3), 16, 1),
        (tinylut_like(0), 2, 2),
        (tinylut_like(0), 1, 4),
        (simplex_like(0), 20, 1),
        (simplex_like(0), 5, 4),
        (symmetric_like(8), 16, 1),
        (symmetric_like(8), 8, 1),
        (symmetric_like(8), 7, 2),
        (symmetric_like(0), 2, 4),
        (symmetric_like(0), 1, 8),
        (symmetric_like(7), 16, 1),
        (symmetric_like(7), 2, 2),
        (symmetric_like(7), 1, 4),
    ],
)
def test_tables_are_stored_once_when_the_fold_has_the_clocks(
    program: Program, clocks_per_pixel: int, copies: int
) -> None:
    stored = sum(use.bits for use in tables_of(program, clocks_per_pixel))
    assert stored == copies * program.table_bits


def test_the_second_stage_is_copied_where_it_has_fewer_clocks() -> None:
    """At F = 4 a pixel of the second stage has one clock, for the reads of four rotations."""
    program = hklut_like(4)
    uses = tables_of(program, 4)
    per_layer = {k: sum(use.bits for use in uses if use.layer == k) for k in (0, 4)}
    assert per_layer == {0: program.layers[0].table_bits, 4: 4 * program.layers[4].table_bits}

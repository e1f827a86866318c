"""Imported HKLUT and TinyLUT tables, and SR-LUT's simplex, in simulated hardware."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from lutscale.golden.layers import Layer, PatternTables, PixelShuffle, Requantise, Residual
from lutscale.golden.layers.pattern_tables import Pattern
from lutscale.golden.pictures.image import read_planes
from lutscale.golden.program import Program
from lutscale.hw.build import Build
from lutscale.hw.pipeline import Pipeline
from lutscale.model.released.hklut import hklut
from lutscale.model.released.tinylut import tinylut
from lutscale.sim.job import Job
from lutscale.sim.stalls import Stalls, stalls
from tests.support.family_programs import FAMILIES
from tests.support.random_programs import example_frame
from tests.support.released_tables import write_hklut, write_tinylut
from tests.support.sim.stalled_job import PATIENCE, StalledJob, check_outcomes

pytestmark = pytest.mark.slow

SIZES = ((3, 3), (3, 9), (19, 23), (7, 5), (20, 24), (1, 1), (2, 2))
"""(height, width), odd ones among them, down to one pixel."""

ROW = ((3, 4), (1, 1), (1, 1), (2, 2), (3, 3), (5, 4), (1, 5), (5, 1), (6, 6), (12, 12), (7, 12))
"""Of frames that follow each other without a gap."""


def simplex() -> Program:
    """SR-LUT's shape at x2: four pixels, 17 nodes each, in four rotations."""
    random = np.random.default_rng(1)
    words = random.integers(-128, 128, (17**4, 4)).astype(np.int32)
    pattern = Pattern(((0, 0), (0, 1), (1, 0), (1, 1)), words, code_bits=4, fraction_bits=4)
    layers: list[Layer] = [
        PatternTables((pattern,), rotations=4),
        Residual(0, "nearest", 2, 64),
        Requantise(np.ones(4, np.int32), 6, 0, 255),
        PixelShuffle(2),
    ]
    return Program("simplex-x2", 2, tuple(layers))


NO_STALLS = Stalls()


def build(program: Program, folder: Path, *, clocks_per_pixel: int, side: int = 24) -> Job:
    pipeline = Pipeline(
        program,
        Build(
            clocks_per_pixel=clocks_per_pixel, pixels_per_beat=4, max_width=side, max_height=side
        ),
    )
    job = Job(pipeline, folder, frame_size=side * side, quick=True)
    job.build()
    return job


def check(job: Job, frames: list[npt.NDArray[np.uint8]], held: Stalls = NO_STALLS) -> None:
    expected = [job.pipeline.program.run(frame) for frame in frames]
    found = job.run(frames, expected, stalls=held)
    assert found["first_mismatches"] == []
    assert (found["mismatches"], found["timeout"], found["malformed"]) == (0, 0, 0)
    np.testing.assert_array_equal(found["planes"], expected)


@pytest.mark.parametrize(
    ("make", "clocks_per_pixel"),
    [
        (lambda folder: hklut(write_hklut(folder / "tables")), 4),
        (lambda folder: tinylut(write_tinylut(folder / "tables")), 16),
        (lambda _: simplex(), 20),
    ],
    ids=["hklut-4", "tinylut-16", "simplex-20"],
)
def test_frames_of_all_sizes(
    make: Callable[[Path], Program], clocks_per_pixel: int, tmp_path: Path
) -> None:
    job = build(make(tmp_path), tmp_path / "job", clocks_per_pixel=clocks_per_pixel)
    for height, width in SIZES:
        check(job, [example_frame(seed, height, width) for seed in range(2)])
    check(job, [example_frame(3, 9, 8)], stalls("both", clocks_per_pixel))


# Two of the four folds for each family, each fold for two or three of them.
@pytest.mark.parametrize(
    ("family", "seed"),
    [(family, 4 + (k + half) % 4) for k, family in enumerate(FAMILIES) for half in (0, 2)],
)
def test_drawn_programs_under_every_stall(family: str, seed: int, tmp_path: Path) -> None:
    """Frames of all sizes in a row, stalls, malformed frames and reset, as in the stall matrix."""
    build = Build(
        clocks_per_pixel=(4, 7, 16, 25)[seed % 4],
        pixels_per_beat=4,
        max_width=12,
        max_height=12,
        patience=PATIENCE,
    )
    job = StalledJob(Pipeline(FAMILIES[family](seed), build), tmp_path / "job")
    job.build()
    check_outcomes(job.run([example_frame(k, *size) for k, size in enumerate(ROW)]))


@pytest.mark.parametrize("read", [hklut, tinylut])
def test_a_whole_frame_through_released_tables(
    read: Callable[[Path], Program], peers: Path, data_folder: Path, tmp_path: Path
) -> None:
    job = build(read(peers / read.__name__), tmp_path / "job", clocks_per_pixel=16, side=64)
    planes = read_planes(data_folder / "test" / "Set5" / "LRx4" / "butterfly.png")
    check(job, list(planes))
    for height, width in SIZES:
        check(job, [np.ascontiguousarray(plane[:height, :width]) for plane in planes])

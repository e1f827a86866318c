"""A symmetric program in simulated Verilog: turned frames give the turned picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lutscale.golden.symmetry import GROUPS, turned_planes
from lutscale.hw.build import Build
from lutscale.hw.pipeline import Pipeline
from lutscale.sim.job import Job
from lutscale.sim.stalls import Stalls, stalls
from tests.support.family_programs import symmetric_like
from tests.support.random_programs import example_frame

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("seed", "clocks_per_pixel"), [(4, 16), (1, 8), (8, 16)], ids=["p4m", "p4", "shifted"]
)
def test_turned_frames_give_the_turned_picture(
    seed: int, clocks_per_pixel: int, tmp_path: Path
) -> None:
    program = symmetric_like(seed)
    assert program.symmetry is not None
    build = Build(clocks_per_pixel=clocks_per_pixel, pixels_per_beat=4, max_width=24, max_height=24)
    folder = tmp_path / "job"
    job = Job(Pipeline(program, build), folder, frames=8, frame_size=24 * 24, quick=True)
    job.build()
    for size, held in (
        ((17, 17), Stalls()),
        ((24, 9), Stalls()),
        ((6, 7), stalls("both", clocks_per_pixel)),
    ):
        frame = example_frame(seed, *size)
        result = program.run(frame)
        turns = range(GROUPS[program.symmetry])
        # In a run all frames have one size: those that lie, and those that stand.
        for shape in {frame.shape, frame.shape[::-1]}:
            pairs = [
                (np.ascontiguousarray(moved), np.ascontiguousarray(turned_planes(result, g)))
                for g in turns
                if (moved := turned_planes(frame, g)).shape == shape
            ]
            assert len(pairs) == len(turns) // len({frame.shape, frame.shape[::-1]})
            moved, wanted = map(list, zip(*pairs, strict=True))
            found = job.run(moved, wanted, stalls=held)
            assert found["first_mismatches"] == []
            assert (found["mismatches"], found["timeout"], found["malformed"]) == (0, 0, 0)
            np.testing.assert_array_equal(found["planes"], wanted)

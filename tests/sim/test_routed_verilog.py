"""The Verilog of the 4K program as it is synthesised, on a frame of 128x72, and with colour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lutscale.golden import zoo
from lutscale.golden.pictures.image import sample_photo
from lutscale.golden.program_file import load
from lutscale.hw.build import Build
from lutscale.hw.flow.netlist import sources_of
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.targets import find_target
from lutscale.sim.job import TOP, Job

pytestmark = pytest.mark.slow


def test_the_4k_program_as_it_is_synthesised(tmp_path: Path) -> None:
    """Four clocks a pixel, four pixels a beat, built for lines of 960."""
    build = Build(max_width=960, target=find_target("ecp5-85f"))
    pipeline = Pipeline(load(zoo.find("lutscale-4k-x4")), build)
    job = Job(pipeline, tmp_path, frames=1, frame_size=128 * 72, quick=True)
    job.build()
    names, files = sources_of(pipeline, TOP)
    for name in names:
        assert (tmp_path / "rtl" / name).read_bytes() == files[name], name
    plane = np.ascontiguousarray(sample_photo("coffee")[100:172, 100:228, 0])
    found = job.run([plane], [pipeline.program.run(plane)])
    assert found["first_mismatches"] == []
    assert not any(found[name] for name in ("mismatches", "timeout", "unstable", "malformed"))
    # The last pixel goes in after 4 clocks for each; what is left inside follows.
    assert 128 * 72 * 4 <= found["clocks"] < 128 * 72 * 4 + 40 * 128

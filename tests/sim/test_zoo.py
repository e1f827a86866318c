"""The zoo's programs in simulated hardware, at several foldings and beats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lutscale.golden.layers import TapTables
from lutscale.golden.pictures.bicubic import downscale
from lutscale.golden.pictures.image import sample_photo
from lutscale.golden.program import Program
from lutscale.golden.program_file import load
from lutscale.hw.build import Build
from lutscale.hw.pipeline import Pipeline
from lutscale.sim.job import Job

ZOO = Path(__file__).parents[2] / "model" / "zoo"


def check(
    name: str, clocks_per_pixel: int, pixels_per_beat: int, folder: Path, form: str | None = None
) -> Program:
    """A photograph's three planes, exact; a pixel is taken every F clocks and no faster."""
    program = load(ZOO / f"{name}.npz")
    pipeline = Pipeline(
        program,
        Build(
            clocks_per_pixel=clocks_per_pixel,
            pixels_per_beat=pixels_per_beat,
            max_width=64,
            max_height=64,
            form=form,
        ),
    )
    job = Job(pipeline, folder, frames=6, frame_size=64 * 64, quick=True)
    job.build()
    lr = downscale(sample_photo("coffee")[120:216, 220:328], 4)
    planes = [np.ascontiguousarray(lr[..., c]) for c in range(3)]
    found = job.run(planes, [program.run(plane) for plane in planes], channels=3)
    assert found["mismatches"] == 0, found["first_mismatches"]
    assert not found["timeout"]
    if sum(layer.kind == "pixel_shuffle" for layer in program.layers) > 1:
        # Where stages of two scales meet, lines wait for each other, and the buffers in between may
        # fill in the second frame yet. So: what three frames more take, to the clock.
        again = job.run(2 * planes, 2 * [program.run(plane) for plane in planes], channels=3)
        assert again["mismatches"] == 0, again["first_mismatches"]
        taken = again["steady_to"] - found["steady_to"]
        assert taken == 3 * planes[0].size * clocks_per_pixel
    else:
        accepted = planes[0].size * 2 - 1
        assert found["steady_to"] - found["steady_from"] == accepted * clocks_per_pixel
    return program


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "clocks_per_pixel", "pixels_per_beat", "form"),
    # The largest ones take minutes to compile; what they are made of is tested in tests/hw.
    [
        ("iqlut-tiny-x4", 8, 2, None),
        ("iqlut-tiny-x4", 36, 1, None),
        ("iqlut-hd-x4", 4, 4, None),
        ("iqlut-xs-x4", 12, 2, None),
        ("lutscale-tiny-x4", 4, 4, None),
    ],
)
def test_exact_and_steady(
    name: str, clocks_per_pixel: int, pixels_per_beat: int, form: str | None, tmp_path: Path
) -> None:
    program = check(name, clocks_per_pixel, pixels_per_beat, tmp_path, form)
    # The largest layer (144 tables; 108 and 36 in the smaller programs) needs all F
    # steps here, so that no pixel is taken any faster.
    tables = max(
        layer.functions // layer.out_channels
        for layer in program.layers
        if isinstance(layer, TapTables)
    )
    banks = -(-tables // clocks_per_pixel)
    assert -(-tables // banks) == clocks_per_pixel


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["hklut-s-x4", "hklut-l-x4", "tinylut-s-x4", "tinylut-f-denoise-25"]
)
def test_families_are_exact_and_steady(name: str, tmp_path: Path) -> None:
    """At 16 clocks a pixel, which is 1080p60 at 125 MHz."""
    check(name, 16, 1, tmp_path)

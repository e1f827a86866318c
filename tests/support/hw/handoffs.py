"""Small hand-offs, and what the tools say of them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from lutscale.golden.program import Program
from lutscale.hw.build import Build
from lutscale.hw.pipeline import Pipeline
from lutscale.sim.verilator import verilator_command
from tests.support.random_programs import example_program

__all__ = ["SMALL", "contents", "lint", "small_pipeline"]

SMALL = "lutscale_random_3"
"""The default name of `small_pipeline`."""


def small_program(seed: int = 3, scale: int = 2) -> Program:
    """With a bilinear residual."""
    return example_program(seed, scale, max_taps=1, max_channels=2, frame_residual="bilinear")


def small_pipeline(seed: int = 3, scale: int = 2, *, beat: int = 1) -> Pipeline:
    """For frames up to 24 x 16."""
    build = Build(clocks_per_pixel=scale**2, pixels_per_beat=beat, max_width=24, max_height=16)
    return Pipeline(small_program(seed, scale), build)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def lint(folder: Path, top: str, *arguments: str) -> str:
    """What Verilator's lint has to say, run in a folder; empty when all is well.

    Args:
        arguments: sources, waivers, options.
    """
    done = subprocess.run(
        [*verilator_command(), "--lint-only", "-Wall", *arguments, "--top", top],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert bool(done.returncode) == ("%Error" in said or "%Warning" in said), said
    return said if done.returncode else ""

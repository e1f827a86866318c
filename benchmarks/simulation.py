"""The simulation against a bare C++ loop over the same model: ``python -m benchmarks.simulation``.

Both run in one go on the same frame: the bare loop only toggles the clock of the compiled
bench; the whole run starts cocotb, moves the pixels, reads the beats back and compares them.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

import click
import numpy as np

from benchmarks.machine import machine
from lutscale.golden.command import one_line_errors, program_argument
from lutscale.golden.pictures.bicubic import downscale
from lutscale.golden.pictures.image import sample_photo
from lutscale.golden.program_file import load
from lutscale.hw.build import Build, build_options
from lutscale.hw.pipeline import Pipeline
from lutscale.sim.job import Job
from lutscale.sim.verilator import BUILD_ARGS, MAKE_ARGS, verilator_command
from lutscale.sim.workshop import workshop

_SIDE = 128


def build_bare(job: Job) -> Path:
    """Compile the job's bench around bare_loop.cpp, with the very options of the job."""
    folder = workshop() / "bare"
    folder.mkdir()
    command = [*verilator_command(), "-cc", "--exe", "-Mdir", str(folder), "--prefix", "Vtop"]
    command += ["--top-module", "lutscale_bench", "-o", "bare_loop", "--timescale", "1ns/1ns"]
    command += BUILD_ARGS
    command += [f"-G{name}={value}" for name, value in job.parameters.items()]
    # Copies: make reads the sources' path, too.
    sources = [Path(__file__).with_name("bare_loop.cpp"), *job.sources]
    command += [str(shutil.copy(source, folder)) for source in sources]
    make = ["make", "-j2", "-C", str(folder), "-f", "Vtop.mk", *MAKE_ARGS]
    # Its name elsewhere is python3, or neither.
    make.append(f"PYTHON3={sys.executable}")
    for step in (command, make):
        subprocess.run(step, check=True, stdout=subprocess.DEVNULL)
    return folder / "bare_loop"


@click.command()
@program_argument
@build_options
@click.option("--repeats", default=3, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path("build/bench"))
@one_line_errors
def main(program: Path, build: Build, repeats: int, out: Path) -> None:
    """Measure clocks a second of both, alternating, best of REPEATS."""
    with tempfile.TemporaryDirectory(dir=workshop(), prefix="build-") as cache:
        # Nothing that was compiled before shortens the measurement.
        with mock.patch.dict(os.environ, LUTSCALE_CACHE=cache):
            result = measure(program, build, repeats, out)
    print(json.dumps(result))


def measure(program: Path, build: Build, repeats: int, out: Path) -> dict[str, Any]:
    """The result line of the benchmark."""
    network = load(program)
    beat = build.pixels_per_beat
    folder = out / f"{network.name}-f{build.clocks_per_pixel}-b{beat}"
    job = Job(Pipeline(network, build), folder)
    compile_seconds = job.build()
    started = time.monotonic()
    bare = build_bare(job)
    bare_compile_seconds = time.monotonic() - started

    side = _SIDE * network.scale
    lr = downscale(sample_photo("astronaut")[:side, :side], network.scale)
    planes = [np.ascontiguousarray(lr[..., c]) for c in range(3)]
    expected = [network.run(plane) for plane in planes]
    height, width = planes[0].shape
    lines = expected[0].shape
    beats = 3 * lines[0] * -(-lines[1] // beat)
    runs: list[dict[str, Any]] = []
    loops: list[tuple[int, float]] = []
    for _ in range(repeats):
        runs.append(job.run(planes, expected, channels=3))
        if runs[-1]["mismatches"]:
            raise ValueError(f"hardware must equal golden, but: {runs[-1]['first_mismatches']}")
        arguments = [str(n) for n in (width, height, 3, beats)]
        text = subprocess.run(
            [bare, *arguments], cwd=job.folder, check=True, capture_output=True, text=True
        ).stdout.split()
        loops.append((int(text[0]), float(text[1])))
    clocks = runs[0]["clocks"]
    test = min(run["test_seconds"] for run in runs)
    whole, loop = min(run["seconds"] for run in runs), min(seconds for _, seconds in loops)
    return {
        "benchmark": "simulation",
        "program": network.name,
        "frame": f"{width}x{height}x3",
        "clocks": clocks,
        "compile_seconds": round(compile_seconds, 1),
        "bare_compile_seconds": round(bare_compile_seconds, 1),
        "seconds": round(whole, 3),
        "clocks_per_second": round(clocks / whole),
        "test_seconds": round(test, 3),
        "test_clocks_per_second": round(clocks / test),
        "bare_seconds": round(loop, 3),
        "bare_clocks_per_second": round(loops[0][0] / loop),
        "ratio_to_bare_loop": round(whole / loop, 3),
        "command": shlex.join(
            ["python", "-m", "benchmarks.simulation", str(program), *build.options()]
        ),
        "machine": machine(),
    }


if __name__ == "__main__":
    main()

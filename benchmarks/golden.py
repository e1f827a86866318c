"""How fast golden upscales 128x128x3: ``python -m benchmarks.golden PROGRAM``."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click
import numpy as np

from benchmarks.machine import machine
from lutscale.golden.command import one_line_errors, program_argument
from lutscale.golden.program_file import load


@click.command()
@program_argument
@click.option("--repeats", default=5, show_default=True)
@one_line_errors
def main(program: Path, repeats: int) -> None:
    """Time the fast path and, on a small frame, the reference."""
    network = load(program)
    image = np.random.default_rng(0).integers(0, 256, (128, 128, 3)).astype(np.uint8)
    times = []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        network.run_image(image)
        times.append(time.perf_counter() - started)
    small = np.ascontiguousarray(image[:8, :8, 0])
    started = time.perf_counter()
    reference = network.run(small, reference=True)
    slow = time.perf_counter() - started
    if not np.array_equal(reference, network.run(small)):
        raise ValueError("fast and reference must be equal, but differ")
    result = {
        "benchmark": "golden",
        "program": network.name,
        "frame": "128x128x3",
        "seconds_best": round(min(times[1:]), 4),
        "seconds_median": round(float(np.median(times[1:])), 4),
        "reference_seconds_8x8x1": round(slow, 3),
        "command": f"python -m benchmarks.golden {program}",
        "machine": machine(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()

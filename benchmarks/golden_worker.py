"""One timed run of a program in a process of its own, so that its memory is its own too.

Started by `benchmarks.golden`, with the checkout to measure as the first of PYTHONPATH: this file
imports nothing of the one that it lies in.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["main"]


def loader(checkout: Path) -> Callable[[str], Any]:
    """`load` of a checkout, which may be one from before there was the package `lutscale`."""
    new = (checkout / "lutscale" / "golden").exists()
    module = import_module("lutscale.golden.program_file" if new else "golden.program")
    found = Path(str(module.__file__)).resolve()
    if not found.is_relative_to(checkout.resolve()):
        raise ImportError(f"{module.__name__} must be that of {checkout}, not {found}")
    load: Callable[[str], Any] = module.load
    return load


def upscaler(form: str, checkout: Path, program: str) -> Callable[[Any], Any]:
    """What takes an image to its result, in one of the forms of `benchmarks.golden.FORMS`."""
    if form == "numpy":
        # As if it were not installed.
        sys.modules["numba"] = None  # type: ignore[assignment]
    network = loader(checkout)(program)
    if form == "authors":
        upscale: Callable[[Any], Any] = import_module("benchmarks.hklut_torch").upscaler(network)
        return upscale
    run: Callable[[Any], Any] = network.run_image
    return run


def peak_mb() -> float:
    """The most memory that this process has had, in units of 2**20 bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not getrusage's, which starts at what the parent had.
        line = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM:"))
        return int(line.split()[1]) / (1 << 10)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)


def main(form: str, cores: str, checkout: str, program: str, image: str, out: str) -> None:
    """Run the program once to warm up and once for the figures; print them as JSON."""
    if cores != "0":
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(cores)])
    run = upscaler(form, Path(checkout), program)
    pixels = np.load(image)
    run(pixels)
    started, busy = time.perf_counter(), time.process_time()
    result = run(pixels)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - busy
    figures = {"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_mb": peak_mb()}
    np.save(out, result)
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])

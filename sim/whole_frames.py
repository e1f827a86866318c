"""cocotb test: lutscale_bench.v moves whole frames, the result must equal golden's.

Runs in the folder of a job, see sim/job.py.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import cocotb
import numpy as np

from lutscale.sim.bench import conclude, run_bench
from lutscale.sim.compare import compare_beats, read_hex

__all__ = ["whole_frames"]

INPUTS = (
    "width",
    "height",
    "pixels",
    "frame_pixels",
    "beats",
    "limit",
    "stall_in",
    "stall_out",
    "stall_single",
)
COUNTERS = ("clocks", "first_out", "steady_from", "steady_to", "received")


@cocotb.test()
async def whole_frames(dut: Any) -> None:
    """Send all frames back to back, record every beat, compare."""
    started = time.perf_counter()
    job = json.loads(Path("job.json").read_text())
    planes = np.load("expected.npz")
    expected = [planes[f"plane{n}"] for n in range(len(planes.files))]
    result = await run_bench(dut, job, INPUTS, COUNTERS)
    beats = read_hex(Path("beats.hex"), result["received"])
    mismatches = compare_beats(
        expected, beats, job["beat"], channels=job["channels"], components=job["components"]
    )
    conclude({**result, "test_seconds": time.perf_counter() - started}, mismatches)

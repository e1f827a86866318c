"""cocotb test: lutscale_tile_bench.v moves tiles, the result must equal golden's.

Runs in the folder of a job, see sim/refqsr/job.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cocotb
import numpy as np

from lutscale.sim.bench import conclude, run_bench
from lutscale.sim.compare import compare_beats, read_hex
from lutscale.sim.faults import TILES

__all__ = ["tiles"]

INPUTS = (
    "width",
    "height",
    "pixels",
    "tile_pixels",
    "tile_beats",
    "beats",
    "limit",
    "stall_in",
    "stall_out",
    "stall_single",
)
COUNTERS = ("clocks", "reads", "received")


@cocotb.test()
async def tiles(dut: Any) -> None:
    """Send all tiles back to back, record every pixel, compare."""
    job = json.loads(Path("job.json").read_text())
    with np.load("expected.npz") as stored:
        expected = [stored[f"tile{n}"] for n in range(len(stored.files))]
    result = await run_bench(dut, job, INPUTS, COUNTERS)
    beats = read_hex(Path("beats.hex"), result["received"])
    conclude(result, compare_beats(expected, beats, 3, components=3), **TILES)

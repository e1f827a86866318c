"""cocotb test: lutscale_tile_bench.v moves tiles, the result must equal golden's.

Runs in the folder of a job, see sim/refqsr/job.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge

from lutscale.sim.compare import compare_beats, read_hex

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
    Clock(dut.aclk, 10, unit="ns").start()
    dut.aresetn.value = 0
    dut.start.value = 0
    for name in INPUTS:
        getattr(dut, name).value = job[name]
    await ClockCycles(dut.aclk, 8)
    dut.aresetn.value = 1
    await ClockCycles(dut.aclk, 2)
    dut.start.value = 1
    await RisingEdge(dut.done)
    await ClockCycles(dut.aclk, 4)
    result: dict[str, Any] = {name: int(getattr(dut, name).value) for name in COUNTERS}
    beats = read_hex(Path("beats.hex"), result["received"])
    mismatches = compare_beats(expected, beats, 3, components=3)
    result |= {
        "timeout": int(dut.timeout.value),
        "unstable": int(dut.unstable.value),
        "malformed": int(dut.malformed.value),
        "mismatches": len(mismatches),
        "first_mismatches": [str(mismatch) for mismatch in mismatches[:5]],
    }
    Path("result.json").write_text(json.dumps(result))
    assert not result["timeout"], f"no last pixel within {job['limit']} clocks"
    assert not result["unstable"], "a pixel on m_axis must stand until tready"
    assert not result["malformed"], "malformed must stay low for well-formed tiles"
    assert not mismatches, "\n".join(map(str, mismatches[:5]))

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
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge

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
    mismatches = compare_beats(
        expected, beats, job["beat"], channels=job["channels"], components=job["components"]
    )
    result |= {
        "test_seconds": time.perf_counter() - started,
        "timeout": int(dut.timeout.value),
        "unstable": int(dut.unstable.value),
        "malformed": int(dut.malformed.value),
        "mismatches": len(mismatches),
        "first_mismatches": [str(mismatch) for mismatch in mismatches[:5]],
    }
    Path("result.json").write_text(json.dumps(result))
    assert not result["timeout"], f"no last beat within {job['limit']} clocks"
    assert not result["unstable"], "a beat on m_axis must stand until tready"
    assert not result["malformed"], "malformed must stay low for well-formed frames"
    assert not mismatches, "\n".join(map(str, mismatches[:5]))

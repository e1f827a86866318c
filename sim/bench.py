"""What the cocotb tests of both benches do: start one, wait, and say what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge

from lutscale.sim.compare import Mismatch
from lutscale.sim.faults import faults

__all__ = ["conclude", "run_bench"]

_FLAGS = ("timeout", "unstable", "malformed")


async def run_bench(
    dut: Any, job: Mapping[str, Any], inputs: Sequence[str], counters: Sequence[str]
) -> dict[str, Any]:
    """Reset the bench, start it with the job's inputs, and wait until it is done.

    Returns:
        its counters, "timeout", "unstable" and "malformed".
    """
    Clock(dut.aclk, 10, unit="ns").start()
    dut.aresetn.value = 0
    dut.start.value = 0
    for name in inputs:
        getattr(dut, name).value = job[name]
    await ClockCycles(dut.aclk, 8)
    dut.aresetn.value = 1
    await ClockCycles(dut.aclk, 2)
    dut.start.value = 1
    await RisingEdge(dut.done)
    await ClockCycles(dut.aclk, 4)
    return {name: int(getattr(dut, name).value) for name in (*counters, *_FLAGS)}


def conclude(result: dict[str, Any], mismatches: Sequence[Mismatch], **words: str) -> None:
    """Write result.json, and fail where something is wrong.

    Args:
        words: as `lutscale.sim.faults.faults` takes them.
    """
    result |= {
        "mismatches": len(mismatches),
        "first_mismatches": [str(mismatch) for mismatch in mismatches[:5]],
    }
    Path("result.json").write_text(json.dumps(result))
    found = faults(result, **words)
    assert not found, "\n".join(found)

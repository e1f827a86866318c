"""cocotb test: lutscale_board_bench.v runs until it has recorded enough; what the LEDs show then.

Runs in the folder of a board's simulation, see sim/board.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge

__all__ = ["board_frames"]


@cocotb.test()
async def board_frames(dut: Any) -> None:
    """Run, and keep the LEDs."""
    Clock(dut.clk, 2, unit="ns").start()
    await RisingEdge(dut.done)
    await ClockCycles(dut.clk, 2)
    Path("leds.json").write_text(json.dumps(int(dut.led.value)))

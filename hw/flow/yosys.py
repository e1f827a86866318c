"""Synthesis by Yosys, in a process of its own, and what the netlist counts.

Importing pyosys makes every library that is loaded later share its symbols with all others,
which crashes the kernels that `torch.compile` loads. So Yosys runs in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lutscale.golden.errors import InputError
from lutscale.hw.flow.block_registers import FLIP_FLOP, absorb_registers
from lutscale.hw.flow.cells import FAMILIES, Cells, count_cells
from lutscale.hw.flow.fan_out import split_fan_out
from lutscale.hw.flow.flat_tables import LUT, flatten_tables
from lutscale.hw.flow.tools import YOSYS, require_tool

__all__ = ["NETLIST", "Synthesis", "commands_for", "read_synthesis", "run_yosys", "synthesise"]

NETLIST = "netlist.json"
"""The netlist as nextpnr reads it."""


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


def run_yosys(commands: Sequence[str], folder: Path, log: Path | None = None) -> None:
    """Run the commands on an empty design in ``folder``.

    Args:
        log: gets what Yosys says; by default yosys.log in the folder.

    Raises:
        InputError: pyosys is not installed, or Yosys refused; ends with its last error.
    """
    require_tool(YOSYS)
    lines = ["from pyosys import libyosys as ys", "design = ys.Design()"]
    lines += [f"ys.run_pass({command!r}, design)" for command in commands]
    log = folder / "yosys.log" if log is None else log
    with log.open("w") as file:
        done = subprocess.run(
            [sys.executable, "-c", "\n".join(lines)], cwd=folder, stdout=file, stderr=file
        )
    if done.returncode:
        said = log.read_text(errors="replace").splitlines()
        errors = [line for line in said if "ERROR: " in line]
        if done.returncode < 0:
            errors.append(f"ended by signal {-done.returncode}, as when memory runs out")
        raise InputError(f"Yosys refuses {folder}: {errors[-1] if errors else f'see {log}'}")


def commands_for(
    names: Sequence[str], *, top: str, family: str = "ecp5", options: str = ""
) -> list[str]:
    """The commands that synthesise the sources of these names, up to the netlist in memory.

    Raises:
        InputError: nothing is known of the family.
    """
    if family not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise InputError(f"target must be of a family that is synthesised ({known}), not {family}")
    return [
        f"read_verilog -sv {' '.join(names)}",
        f"{FAMILIES[family].command.format(top=top)} {options}".strip(),
    ]


def synthesise(
    sources: Sequence[Path],
    *,
    top: str,
    folder: Path,
    family: str = "ecp5",
    options: str = "",
    hierarchy: bool = False,
) -> Synthesis:
    """Make a netlist of Verilog sources that lie in one folder.

    For ECP5, lookup tables are put near to registers (`flow.flat_tables`), block memories and
    multipliers take in registers (`flow.block_registers`), and cells that drive much are doubled
    (`flow.fan_out`).
    ROM files are looked for beside the sources. ``folder`` gets netlist.json, cells.json, and
    yosys.log.

    Args:
        family: one of `FAMILIES`.
        options: further options of the family's command, such as ``-nowidelut``.
        hierarchy: keep the modules apart, to count each; the netlist is then a little larger.
            ECP5 only.

    Raises:
        InputError: pyosys is not installed, Yosys refused, or nothing is known of the family.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # Yosys takes a space for the end of a path, and this one has none that is not ours.
    place = os.path.relpath(folder, sources[0].parent)
    flatten = "-noflatten " if hierarchy else ""
    names = [source.name for source in sources]
    commands = [
        *commands_for(names, top=top, family=family, options=flatten + options),
        f"write_json {place}/{NETLIST}",
        f"tee -q -o {place}/cells.json stat -json",
    ]
    run_yosys(commands, sources[0].parent, folder / "yosys.log")
    if family == "ecp5":
        _improve(folder)
    return read_synthesis(folder, top=top, family=family, hierarchy=hierarchy)


def _improve(folder: Path) -> None:
    """Flatten tables, take registers into blocks, double cells that drive much, count again."""
    netlist, path = folder / NETLIST, folder / "cells.json"
    more = Counter({(name, LUT): -n for name, n in flatten_tables(netlist).items()})
    more.update({(name, FLIP_FLOP): -n for name, n in absorb_registers(netlist).items()})
    more.update(split_fan_out(netlist))
    counted = json.loads(path.read_text())
    for name, module in counted["modules"].items():
        for kind in module["num_cells_by_type"]:
            module["num_cells_by_type"][kind] += more[name.removeprefix("\\"), kind]
    path.write_text(json.dumps(counted))


def read_synthesis(
    folder: Path, *, top: str, family: str = "ecp5", hierarchy: bool = False
) -> Synthesis:
    """What `synthesise` left in ``folder`` when it was called so."""
    counted = json.loads((folder / "cells.json").read_text())["modules"]
    modules = {name.removeprefix("\\"): _with_all_below(name, counted, family) for name in counted}
    return Synthesis(folder.resolve() / NETLIST, modules[top], modules if hierarchy else {})


def _with_all_below(name: str, modules: Mapping[str, Any], family: str) -> Cells:
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
    return count_cells(total, family)

"""Cells that drive too much are doubled, for ECP5: each copy drives what lies together.

An enable that every register of a layer reads, or a bit of an index that the tables of all
outputs do, has to cross the whole layer, which on a large chip takes most of a clock. Copies of a
register or a lookup table give the same bit in every clock, whatever they are wired to, so nothing
else changes. Yosys would make one of them again, so they are made in its netlist.

Cells lie together that belong to one output of a layer: their names tell.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from lutscale.hw.flow.block_registers import FLIP_FLOP
from lutscale.hw.flow.flat_tables import LUT

__all__ = ["FAN_OUT", "MOST", "split_fan_out"]

FAN_OUT = 3
"""Changes with what is doubled, as `block_registers.ABSORPTION`."""

MOST = 32
"""Cells that another may drive; eight flip-flops with one enable are a cell."""

_OUTPUTS = {FLIP_FLOP: "Q", LUT: "Z"}
"""Kinds of cells that are doubled, and the pin that drives."""

# Of a reset no copies: it has all the time that there is.
_WEIGHTS = {"CE": 1 / 8, "LSR": 0.0}
_CLOCK = "CLK"
_CARRY = "CCU2C"

Sink = tuple[str, str]
"""A cell and its pin."""

# Signals of a layer that belong to one output: a table's, a tree's, an accumulator's.
_OUTPUT = re.compile(r"(?:table\d+_|tree|acc|sum)(\d+)")


def split_fan_out(netlist: Path, most: float = MOST) -> Counter[tuple[str, str]]:
    """Change a netlist for ECP5, JSON of Yosys, in place.

    Args:
        most: of `MOST`.

    Returns:
        cells that were added, by module and kind.
    """
    design = json.loads(netlist.read_text())
    added: Counter[tuple[str, str]] = Counter()
    for name, module in design["modules"].items():
        added.update((name, kind) for kind in _split(module, most))
    if added:
        netlist.write_text(json.dumps(design))
    return added


def _split(module: dict[str, Any], most: float) -> list[str]:
    """Kinds of the cells that were added."""
    cells, readers, slices = module["cells"], _readers(module), _slices(module)
    names = _names(module)
    fresh = 1 + max(names, default=0)
    copies: dict[str, Any] = {}
    for name, cell in cells.items():
        pin = _OUTPUTS.get(cell["type"])
        if pin is None:
            continue
        bit = cell["connections"][pin][0]
        for k, sinks in enumerate(_groups(readers.get(bit, ()), most, slices)[1:], 1):
            copies[f"{name}_copy{k}"] = doubled = deepcopy(cell)
            doubled["connections"][pin] = [fresh]
            net = {"hide_name": 0, "bits": [fresh], "attributes": {}}
            module["netnames"][f"{names[bit]}_copy{k}"] = net
            for sink, read in sinks:
                bits = cells[sink]["connections"][read]
                bits[:] = [fresh if own == bit else own for own in bits]
            fresh += 1
    cells.update(copies)
    return [cell["type"] for cell in copies.values()]


def _readers(module: Mapping[str, Any]) -> dict[int, list[Sink]]:
    """The pins of cells that read each net, clocks apart."""
    found: dict[int, list[Sink]] = {}
    for name, cell in module["cells"].items():
        for pin, bits in cell["connections"].items():
            if cell["port_directions"][pin] == "input" and pin != _CLOCK:
                for bit in dict.fromkeys(bits):
                    if isinstance(bit, int):
                        found.setdefault(bit, []).append((name, pin))
    return found


def _names(module: Mapping[str, Any]) -> dict[int, str]:
    """The shortest name of each net; a bit of many with its place."""
    found: dict[int, str] = {}
    for name, net in module["netnames"].items():
        for k, bit in enumerate(net["bits"]):
            own = name if len(net["bits"]) == 1 else f"{name}_{k}"
            if isinstance(bit, int) and (bit not in found or len(own) < len(found[bit])):
                found[bit] = own
    return found


def _slices(module: Mapping[str, Any]) -> dict[str, str]:
    """The carry cell beside every flip-flop of an adder: one enable serves both of its bits."""
    cells = module["cells"]
    adders = {
        bit: name
        for name, cell in cells.items()
        if cell["type"] == _CARRY
        for pin in ("S0", "S1")
        for bit in cell["connections"].get(pin, ())
    }
    registers = ((name, cell) for name, cell in cells.items() if cell["type"] == FLIP_FLOP)
    found = {name: adders.get(cell["connections"]["DI"][0]) for name, cell in registers}
    return {name: adder for name, adder in found.items() if adder is not None}


def _groups(sinks: Sequence[Sink], most: float, slices: Mapping[str, str]) -> list[list[Sink]]:
    """Sinks that one copy drives each, of about the same weight; a slice's are in one."""
    total = sum(map(_weight, sinks))
    count = -int(-total // most)
    if count < 2:
        return [list(sinks)]
    together: dict[str, list[Sink]] = {}
    for sink in sorted(sinks, key=_place):
        together.setdefault(slices.get(sink[0], sink[0]), []).append(sink)
    groups: list[list[Sink]] = [[] for _ in range(count)]
    done = 0.0
    for some in together.values():
        groups[min(int(done * count / total), count - 1)] += some
        done += sum(map(_weight, some))
    return [group for k, group in enumerate(groups) if group or not k]


def _weight(sink: Sink) -> float:
    return _WEIGHTS.get(sink[1], 1.0)


def _place(sink: Sink) -> tuple[str, int, str]:
    """Component, output, name."""
    component, _, name = sink[0].rpartition(".")
    found = _OUTPUT.match(name)
    return component, int(found[1]) if found else -1, sink[0]

"""Cells that drive too much are doubled, for ECP5: each copy drives what lies together.

A bit of an index that the tables of all outputs read, or the first step that all accumulators do,
has to cross the whole layer, which on a large chip takes most of a clock. Copies of a register or a
lookup table give the same bit in every clock, whatever they are wired to, so nothing else changes.
Yosys would make one of them again, so they are made in its netlist.

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

__all__ = ["ENABLED", "FAN_OUT", "MOST", "split_fan_out"]

FAN_OUT = 5
"""Changes with what is doubled, as `block_registers.ABSORPTION`."""

MOST = 32
"""Pins that a cell may drive, those of enables, resets and clocks apart."""

ENABLED = 128
"""Flip-flops that a cell may enable.

A router that does not ask for time leads a wire to thousands of them by the longest way. Those
that share a slice must share the enable, so with fewer some find no place where a device is full.
"""

_OUTPUTS = {FLIP_FLOP: "Q", LUT: "Z"}
"""Kinds of cells that are doubled, and the pin that drives."""

_APART = ("CLK", "LSR")

Sink = tuple[str, str]
"""A cell and its pin."""

# Signals of a layer that belong to one output, or one unit: a table's, a tree's, an accumulator's.
_OUTPUT = re.compile(r"(?:table\d+_|tree|acc|sum|number|unit)(?P<places>\d+(?:_\d+)*)")

_NUMBER = re.compile(r"\d+")


def split_fan_out(
    netlist: Path, most: int = MOST, enabled: int = ENABLED
) -> Counter[tuple[str, str]]:
    """Change a netlist for ECP5, JSON of Yosys, in place.

    Args:
        most, enabled: of `MOST` and `ENABLED`.

    Returns:
        cells that were added, by module and kind.
    """
    design = json.loads(netlist.read_text())
    added: Counter[tuple[str, str]] = Counter()
    for name, module in design["modules"].items():
        added.update((name, kind) for kind in _split(module, most, enabled))
    if added:
        netlist.write_text(json.dumps(design))
    return added


def _split(module: dict[str, Any], most: int, enabled: int) -> list[str]:
    """Kinds of the cells that were added."""
    cells, readers = module["cells"], _readers(module)
    names = _names(module)
    fresh = 1 + max(names, default=0)
    copies: dict[str, Any] = {}
    for name, cell in cells.items():
        pin = _OUTPUTS.get(cell["type"])
        if pin is None:
            continue
        bit = cell["connections"][pin][0]
        driven = readers.get(bit, ())
        enables = [sink for sink in driven if sink[1] == "CE"]
        others = [sink for sink in driven if sink[1] != "CE"]
        # The first of each kind stay with the cell itself.
        apart = [*_groups(others, most)[1:], *_groups(enables, enabled)[1:]]
        for k, sinks in enumerate(apart, 1):
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
    """The pins of cells that read each net and count."""
    found: dict[int, list[Sink]] = {}
    for name, cell in module["cells"].items():
        for pin, bits in cell["connections"].items():
            if cell["port_directions"][pin] == "input" and pin not in _APART:
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


def _groups(sinks: Sequence[Sink], most: int) -> list[list[Sink]]:
    """Sinks that one copy drives each: about as many."""
    count = max(-(-len(sinks) // most), 1)
    ordered = sorted(sinks, key=_place) if count > 1 else list(sinks)
    return [ordered[k * len(sinks) // count : (k + 1) * len(sinks) // count] for k in range(count)]


def _place(sink: Sink) -> tuple[str, Sequence[int], str, Sequence[int]]:
    """Component; output, where it belongs to one; name, and the numbers in it."""
    component, _, name = sink[0].rpartition(".")
    found = _OUTPUT.match(name)
    output = [int(n) for n in found["places"].split("_")] if found else []
    return component, output, _NUMBER.sub("", name), [int(n) for n in _NUMBER.findall(name)]

"""Registers that drive much are doubled: every pin reads the same bit as before."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from lutscale.hw.flow.fan_out import ENABLED, split_fan_out

CLOCK, DATA, HELD = 1, 2, 3


def register(q: int, **pins: Any) -> dict[str, Any]:
    connections = {"CLK": [CLOCK], "DI": [DATA], "LSR": ["0"], "Q": [q], **pins}
    directions = {pin: "output" if pin == "Q" else "input" for pin in connections}
    parameters = {"REGSET": "RESET", "CEMUX": "CE"}
    return {
        "type": "TRELLIS_FF",
        "parameters": parameters,
        "connections": connections,
        "port_directions": directions,
    }


def table(reads: int) -> dict[str, Any]:
    directions = {"A": "input", "B": "input", "Z": "output"}
    pins = {"A": [reads], "B": [reads], "Z": [99]}
    return {"type": "LUT4", "connections": pins, "port_directions": directions}


def design(tables: dict[str, int]) -> dict[str, Any]:
    """A register at HELD, and tables that read, twice each, nets."""
    cells = {"a.held_FF": register(HELD)}
    cells |= {name: table(bit) for name, bit in tables.items()}
    nets = {"a.held": [HELD], "clk": [CLOCK], "d": [DATA]}
    netnames = {name: {"bits": bits} for name, bits in nets.items()}
    ports = {"out": {"direction": "output", "bits": [HELD]}}
    return {"modules": {"top": {"cells": cells, "netnames": netnames, "ports": ports}}}


def split(tmp_path: Path, before: dict[str, Any], most: int) -> tuple[int, dict[str, Any]]:
    """Flip-flops that were added, and the module then."""
    path = tmp_path / "netlist.json"
    path.write_text(json.dumps(before))
    added = split_fan_out(path, most)
    return sum(added.values()), json.loads(path.read_text())["modules"]["top"]


def same(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether every pin reads a register's bit, or a copy of it, as it did."""
    original = {}
    for name, cell in after["cells"].items():
        pin = {"TRELLIS_FF": "Q", "LUT4": "Z"}[cell["type"]]
        first = before["cells"][name.partition("_copy")[0]]
        original[cell["connections"][pin][0]] = first["connections"][pin][0]
    cells = copy.deepcopy(after["cells"])
    for cell in cells.values():
        for bits in cell["connections"].values():
            bits[:] = [original.get(bit, bit) for bit in bits]
    copies = {name for name in cells if "_copy" in name}
    kept = {name: cell for name, cell in cells.items() if name not in copies}
    like = all(cells[name] == before["cells"][name.partition("_copy")[0]] for name in copies)
    return like and kept == before["cells"] and after["ports"] == before["ports"]


def test_each_copy_drives_cells_of_neighbouring_outputs(tmp_path: Path) -> None:
    names = [f"a.table{t}_{o}_LUT4" for t in range(3) for o in (10, 2, 11, 1)]
    before = design(dict.fromkeys(names, HELD))
    added, after = split(tmp_path, before, 6)
    assert added == 3
    assert same(before["modules"]["top"], after)
    driven: dict[int, set[str]] = {}
    for name in names:
        (bit,) = after["cells"][name]["connections"]["A"]
        driven.setdefault(bit, set()).add(name.split("_")[1])
    assert sorted(driven.values(), key=min) == [{"1"}, {"10"}, {"11"}, {"2"}]
    assert after["netnames"]["a.held_copy1"]["bits"] in [[bit] for bit in driven]
    # The port stays with the register itself, which keeps its share.
    assert HELD in driven


def test_resets_stay_one(tmp_path: Path) -> None:
    before = design({})
    cells = before["modules"]["top"]["cells"]
    cells |= {f"a.r{k}_FF": register(100 + k, LSR=[HELD]) for k in range(999)}
    assert split(tmp_path, before, 3) == (0, before["modules"]["top"])


def test_enables_have_a_measure_of_their_own(tmp_path: Path) -> None:
    """Registers that follow each other by number share one, whatever else is driven."""
    before = design({f"a.b{k}_LUT4": HELD for k in range(3)})
    cells = before["modules"]["top"]["cells"]
    cells |= {f"a.r{k}_FF": register(100 + k, CE=[HELD]) for k in range(ENABLED + 1)}
    added, after = split(tmp_path, before, 6)
    assert added == 1
    assert same(before["modules"]["top"], after)
    bits = [after["cells"][f"a.r{k}_FF"]["connections"]["CE"] for k in range(ENABLED + 1)]
    assert [bit != bits[0] for bit in bits] == [2 * k >= ENABLED for k in range(ENABLED + 1)]
    assert all(after["cells"][f"a.b{k}_LUT4"]["connections"]["A"] == [HELD] for k in range(3))


def test_lookup_tables_that_drive_much_are_doubled_too(tmp_path: Path) -> None:
    before = design({f"a.b{k}_LUT4": 50 for k in range(4)})
    cells = before["modules"]["top"]["cells"]
    cells["a.take_LUT4"] = {**table(HELD), "connections": {"A": [HELD], "B": [DATA], "Z": [50]}}
    before["modules"]["top"]["netnames"]["a.take"] = {"bits": [50]}
    added, after = split(tmp_path, before, 3)
    assert added == 2
    assert same(before["modules"]["top"], after)
    assert {"a.take_LUT4_copy1", "a.take_LUT4_copy2"} <= set(after["cells"])


def test_few_readers_change_nothing(tmp_path: Path) -> None:
    before = design({f"a.b{k}_LUT4": HELD for k in range(3)})
    assert split(tmp_path, before, 6) == (0, before["modules"]["top"])


def test_a_pin_that_is_left_behind_would_be_seen(tmp_path: Path) -> None:
    """The check itself, with a fault: a pin that reads the data in place of a copy."""
    before = design({f"a.b{k}_LUT4": HELD for k in range(9)})
    _, after = split(tmp_path, before, 6)
    assert same(before["modules"]["top"], after)
    after["cells"]["a.b8_LUT4"]["connections"]["A"] = [DATA]
    assert not same(before["modules"]["top"], after)


@pytest.mark.parametrize(("pin", "copies"), [("CE", 2), ("DI", 3)])
def test_a_register_that_reads_itself(tmp_path: Path, pin: str, copies: int) -> None:
    before = design({f"a.b{k}_LUT4": HELD for k in range(9)})
    before["modules"]["top"]["cells"]["a.held_FF"] = register(HELD, **{pin: [HELD]})
    added, after = split(tmp_path, before, 6)
    assert added == copies
    assert same(before["modules"]["top"], after)

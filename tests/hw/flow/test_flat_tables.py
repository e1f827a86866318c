"""Lookup tables read what those before them read: the same bits, fewer tables in a row."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from lutscale.hw.flow.flat_tables import flatten_tables

INPUTS = 6


def lut(init: int, *pins: int | str, out: int) -> dict[str, Any]:
    connections = {pin: [bit] for pin, bit in zip("ABCD", [*pins, *"0000"][:4], strict=True)}
    directions = dict.fromkeys("ABCD", "input") | {"Z": "output"}
    return {
        "type": "LUT4",
        "parameters": {"INIT": f"{init:016b}"},
        "connections": {**connections, "Z": [out]},
        "port_directions": directions,
    }


def module(cells: dict[str, Any], outputs: list[int]) -> dict[str, Any]:
    ports = {"out": {"direction": "output", "bits": outputs}}
    return {"modules": {"top": {"cells": cells, "ports": ports, "netnames": {}}}}


def values(cells: dict[str, Any], given: list[int]) -> dict[int, int]:
    """Every net, of inputs 2, 3 and so on."""
    known: dict[Any, int] = {2 + k: bit for k, bit in enumerate(given)} | {"0": 0, "1": 1, "x": 0}
    waiting = list(cells.values())
    while waiting:
        cell = waiting.pop(0)
        pins = [cell["connections"][pin][0] for pin in "ABCD"]
        if not all(pin in known for pin in pins):
            waiting.append(cell)
            continue
        index = sum(known[pin] << k for k, pin in enumerate(pins))
        init = int(cell["parameters"]["INIT"], 2)
        known[cell["connections"]["Z"][0]] = init >> index & 1
    return known


def depth(cells: dict[str, Any]) -> int:
    by_net = {cell["connections"]["Z"][0]: cell for cell in cells.values()}

    def of(bit: Any) -> int:
        if bit not in by_net:
            return 0
        return 1 + max(of(by_net[bit]["connections"][pin][0]) for pin in "ABCD")

    return max(map(of, by_net))


def flattened(tmp_path: Path, before: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    path = tmp_path / "netlist.json"
    path.write_text(json.dumps(before))
    gone = flatten_tables(path)
    return gone["top"], json.loads(path.read_text())["modules"]["top"]["cells"]


@pytest.mark.parametrize("seed", range(12))
def test_random_tables_keep_their_bits(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    cells: dict[str, Any] = {}
    nets: list[int | str] = [*range(2, 2 + INPUTS), "0", "1"]
    for k in range(30):
        pins = [rng.choice(nets[-9:] if k % 2 else nets) for _ in range(4)]
        cells[f"lut{k}"] = lut(rng.getrandbits(16), *pins, out=100 + k)
        nets.append(100 + k)
    outputs = [100 + k for k in range(20, 30)]
    # In any order, as Yosys writes them.
    shuffled = dict(rng.sample(sorted(cells.items()), len(cells)))
    gone, after = flattened(tmp_path, module(shuffled, outputs))
    assert len(after) == len(cells) - gone
    assert depth(after) <= depth(cells)
    for number in range(1 << INPUTS):
        given = [number >> k & 1 for k in range(INPUTS)]
        before, found = values(cells, given), values(after, given)
        assert all(found[net] == before[net] for net in outputs)


def chain() -> dict[str, Any]:
    """Four in a row, of the same four bits."""
    cells = {"lut0": lut(0x1234, 2, 3, 4, 5, out=100)}
    for k in range(1, 4):
        cells[f"lut{k}"] = lut(0x6996, 99 + k, 2, 3, 4, out=100 + k)
    return cells


def test_a_chain_of_one_index_becomes_one_table_each(tmp_path: Path) -> None:
    gone, after = flattened(tmp_path, module(chain(), [100, 101, 102, 103]))
    assert (gone, depth(chain()), depth(after)) == (0, 4, 1)
    # What is read by nobody else goes.
    gone, after = flattened(tmp_path, module(chain(), [103]))
    assert (gone, list(after)) == (3, ["lut3"])


def test_a_wrong_bit_would_be_seen(tmp_path: Path) -> None:
    """The comparison itself, with a fault."""
    _, after = flattened(tmp_path, module(chain(), [103]))
    init = after["lut3"]["parameters"]["INIT"]
    after["lut3"]["parameters"]["INIT"] = init[:-1] + str(1 - int(init[-1]))
    given = [0] * INPUTS
    assert values(after, given)[103] != values(chain(), given)[103]


def test_what_is_flat_stays_as_it_is(tmp_path: Path) -> None:
    # The second reads five bits through the first: one table cannot.
    cells = {"a": lut(0x8000, 2, 3, 4, 5, out=100), "b": lut(0x8, 100, 6, out=101)}
    assert flattened(tmp_path, module(cells, [101])) == (0, cells)

"""Registers go into the block beside them, and only where that changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lutscale.hw.flow.block_registers import absorb_registers

CLOCK, ENABLE = 2, 3
PINS = 18


def flip_flop(data: int, out: int, **other: Any) -> dict[str, Any]:
    """Without a reset; ``other``: pins, and parameters."""
    pins = {"CLK": CLOCK, "CE": ENABLE, "LSR": "0", "DI": data, "Q": out}
    parameters = {"CEMUX": "CE", "CLKMUX": "CLK", "REGSET": "RESET"}
    for name, value in other.items():
        (pins if name in pins else parameters)[name] = value
    return cell("TRELLIS_FF", pins, {"Q"}, parameters)


def cell(
    kind: str, pins: dict[str, Any], outputs: set[str], parameters: dict[str, str]
) -> dict[str, Any]:
    return {
        "type": kind,
        "parameters": parameters,
        "port_directions": {pin: "output" if pin in outputs else "input" for pin in pins},
        "connections": {pin: [bit] for pin, bit in pins.items()},
    }


def memory(width: int, first: int) -> dict[str, Any]:
    """Port B reads: ``first`` and so on at DOB, and at DOA where it is 36 bits wide."""
    names = [f"DO{port}{k}" for port in "BA" for k in range(PINS)]
    pins: dict[str, Any] = {name: first + k for k, name in enumerate(names)}
    pins |= dict.fromkeys(("CLKA", "CLKB"), CLOCK)
    pins |= dict.fromkeys(("OCEA", "OCEB"), "1") | dict.fromkeys(("RSTA", "RSTB"), "0")
    parameters = {"DATA_WIDTH_A": "10010", "DATA_WIDTH_B": f"{width:b}"}
    parameters |= {"REGMODE_A": "NOREG", "REGMODE_B": "NOREG"}
    return cell("DP16KD", pins, set(names), parameters)


def multiplier(a: int, b: int, p: int) -> dict[str, Any]:
    """Operands of two bits each, the second's upper one constant; three bits of product."""
    pins: dict[str, Any] = {f"{operand}{k}": "0" for operand in "AB" for k in range(PINS)}
    pins |= {f"P{k}": p + k for k in range(2 * PINS)}
    pins |= {"A0": a, "A1": a + 1, "B0": b, "B1": "1"}
    return cell("MULT18X18D", pins, {f"P{k}" for k in range(2 * PINS)}, {})


def absorbed(
    folder: Path, cells: dict[str, Any], outputs: list[int]
) -> tuple[int, dict[str, dict[str, Any]]]:
    """Flip-flops gone, and the cells that remain."""
    path = folder / "netlist.json"
    ports = {"out": {"direction": "output", "bits": outputs}}
    path.write_text(json.dumps({"modules": {"top": {"ports": ports, "cells": cells}}}))
    gone = absorb_registers(path)
    return gone["top"], json.loads(path.read_text())["modules"]["top"]["cells"]


def test_the_output_register_of_a_memory(tmp_path: Path) -> None:
    cells = {"m": memory(18, 100), "low": flip_flop(100, 50), "high": flip_flop(101, 51)}
    gone, left = absorbed(tmp_path, cells, [50, 51])
    assert (gone, set(left)) == (2, {"m"})
    pins, parameters = left["m"]["connections"], left["m"]["parameters"]
    assert (parameters["REGMODE_A"], parameters["REGMODE_B"]) == ("NOREG", "OUTREG")
    assert (pins["DOB0"], pins["DOB1"], pins["OCEB"]) == ([50], [51], [ENABLE])
    assert pins["OCEA"] == ["1"]


def test_a_word_of_36_bits_leaves_through_both_ports(tmp_path: Path) -> None:
    cells = {"m": memory(36, 100), "low": flip_flop(100, 50), "high": flip_flop(130, 51)}
    _, left = absorbed(tmp_path, cells, [50, 51])
    pins, parameters = left["m"]["connections"], left["m"]["parameters"]
    assert parameters["REGMODE_A"] == parameters["REGMODE_B"] == "OUTREG"
    assert pins["DOB0"] + pins["DOA12"] + pins["OCEA"] + pins["OCEB"] == [50, 51, "1", ENABLE]


def test_a_register_that_always_loads(tmp_path: Path) -> None:
    register = flip_flop(100, 50, CEMUX="1 ")
    del register["connections"]["CE"]
    _, left = absorbed(tmp_path, {"m": memory(9, 100), "r": register}, [50])
    assert left["m"]["connections"]["OCEB"] == ["1"]


@pytest.mark.parametrize(
    "second",
    [
        {"LSR": 9},
        {"REGSET": "SET"},
        {"CE": 9},
        {"CEMUX": "INV"},
        {"CLK": 9},
        {"DI": 100},
    ],
    ids=["reset", "starts at 1", "another enable", "inverted", "another clock", "beside another"],
)
def test_registers_that_stay(second: dict[str, Any], tmp_path: Path) -> None:
    cells = {"m": memory(18, 100), "r": flip_flop(100, 50), "s": flip_flop(101, 51)}
    cells["s"] = flip_flop(**{"data": 101, "out": 51, **second})
    assert absorbed(tmp_path, cells, [50, 51]) == (0, cells)


def test_a_word_that_leaves_unregistered_stays(tmp_path: Path) -> None:
    cells = {"m": memory(18, 100), "r": flip_flop(100, 50)}
    assert absorbed(tmp_path, cells, [50, 101]) == (0, cells)


def around(**of_product: Any) -> dict[str, Any]:
    """A multiplier between registers."""
    return {
        "x": multiplier(10, 20, 200),
        **{f"a{k}": flip_flop(60 + k, 10 + k) for k in range(2)},
        "b": flip_flop(70, 20),
        **{f"p{k}": flip_flop(200 + k, 80 + k, **of_product) for k in range(3)},
    }


def test_registers_around_a_product(tmp_path: Path) -> None:
    gone, left = absorbed(tmp_path, around(), [80, 81, 82])
    assert (gone, set(left)) == (6, {"x"})
    pins, parameters = left["x"]["connections"], left["x"]["parameters"]
    found = [pins[pin][0] for pin in ("A0", "A1", "B0", "B1", "P0", "P2", "CLK0", "CE0", "RST0")]
    assert found == [60, 61, 70, "1", 80, 82, CLOCK, ENABLE, "0"]
    for stage in ("INPUTA", "INPUTB", "OUTPUT"):
        assert parameters[f"REG_{stage}_CLK"] == "CLK0"
    assert left["x"]["port_directions"]["CLK0"] == "input"


def test_an_operand_that_others_read_keeps_its_register(tmp_path: Path) -> None:
    gone, left = absorbed(tmp_path, around(), [10, 80, 81, 82])
    assert (gone, set(left)) == (5, {"x", "a0"})
    assert left["x"]["connections"]["A0"] == [60]


def test_a_product_with_an_enable_of_its_own(tmp_path: Path) -> None:
    """A multiplier has one: the product's register is taken, the operands' stay."""
    gone, left = absorbed(tmp_path, around(CE=9), [80, 81, 82])
    assert (gone, set(left)) == (3, {"x", "a0", "a1", "b"})
    assert left["x"]["connections"]["CE0"] == [9]
    assert "REG_INPUTA_CLK" not in left["x"]["parameters"]


def test_an_operand_that_is_no_register(tmp_path: Path) -> None:
    cells = around()
    del cells["b"]
    gone, left = absorbed(tmp_path, cells, [80, 81, 82])
    assert (gone, set(left)) == (3, {"x", "a0", "a1"})
    assert left["x"]["connections"]["B0"] == [20]


def test_a_product_that_is_an_operand(tmp_path: Path) -> None:
    """The register between two products goes to the first of them, also where others read it."""
    cells = {"y": multiplier(80, 90, 300), "x": multiplier(10, 20, 200)}
    cells |= {f"p{k}": flip_flop(200 + k, 80 + k) for k in range(2)}
    cells["b"] = flip_flop(70, 90)
    for outputs, gone in (([300], 3), ([80, 300], 2)):
        found, left = absorbed(tmp_path, json.loads(json.dumps(cells)), outputs)
        assert found == gone
        y, x = left["y"]["connections"], left["x"]["connections"]
        assert (y["A0"], y["A1"], y["B0"]) == ([200], [201], [70])
        assert (x["P0"], x["P1"]) == ([200], [201])
        assert "REG_OUTPUT_CLK" not in left["x"]["parameters"]


def test_a_product_that_comes_back(tmp_path: Path) -> None:
    cells = {"x": multiplier(80, 90, 200), "b": flip_flop(70, 90)}
    cells |= {f"p{k}": flip_flop(200 + k, 80 + k) for k in range(2)}
    gone, left = absorbed(tmp_path, cells, [])
    assert gone == 3
    assert left["x"]["connections"]["A0"] == left["x"]["connections"]["P0"] == [200]
    assert "REG_OUTPUT_CLK" not in left["x"]["parameters"]


def test_a_word_that_is_an_operand_stays_with_its_memory(tmp_path: Path) -> None:
    """A memory gains more by it."""
    cells = {"x": multiplier(50, 90, 300), "b": flip_flop(70, 90), "m": memory(18, 100)}
    cells |= {"low": flip_flop(100, 50), "high": flip_flop(101, 51)}
    gone, left = absorbed(tmp_path, cells, [300])
    assert gone == 2
    assert left["m"]["connections"]["DOB0"] == left["x"]["connections"]["A0"] == [50]

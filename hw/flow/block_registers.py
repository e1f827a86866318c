"""Registers beside ECP5 blocks become the blocks' own, which Yosys leaves unused.

A block memory answers after 5.8 ns on speed grade 6, and through its output register after 0.7;
a multiplier takes 3.9 ns, and 0.6 behind its registers. So where nothing but a register stands
behind a memory, or around a multiplier, that register is taken into the block. A memory's needs
no reset and one enable for all bits of a port. A multiplier's operands are registered both or not
at all, since nextpnr knows no timing of other ways; and its enables are one.

Pins and parameters: Lattice FPGA-TN-02204 (memories) and FPGA-TN-02205 (multipliers).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["ABSORPTION", "FLIP_FLOP", "absorb_registers"]

ABSORPTION = 1
"""Changes with what is absorbed, so that netlists that were kept before are made again."""

FLIP_FLOP = "TRELLIS_FF"

Bit = int | str
"""A net by its number, or a constant: "0", "1" or "x"."""
Cells = dict[str, dict[str, Any]]
Clocking = tuple[Bit, Bit]
"""Clock and enable of a register."""

_WIDEST = 36
_OPERANDS = "AB"
_PINS = 18


def absorb_registers(netlist: Path) -> Counter[str]:
    """Change a netlist for ECP5, JSON of Yosys, in place.

    Returns:
        flip-flops that are gone, by module.
    """
    design = json.loads(netlist.read_text())
    gone: Counter[str] = Counter()
    for name, module in design["modules"].items():
        nets = _Nets(module)
        # Memories first: what stands between a memory and a multiplier helps it more.
        for own in nets.of_kind("DP16KD"):
            for ports in _read_ports(nets.cells[own]):
                _into_memory(nets, nets.cells[own], ports)
        for own in nets.of_kind("MULT18X18D"):
            _into_multiplier(nets, own)
        if nets.gone:
            gone[name] = nets.gone
    if gone:
        netlist.write_text(json.dumps(design))
    return gone


class _Nets:
    """Who drives and who reads each net of a module, as far as registers ask.

    Attributes:
        cells: of the module, by name.
        gone: flip-flops that were taken away.
    """

    def __init__(self, module: Mapping[str, Any]) -> None:
        self.cells: Cells = module["cells"]
        self.gone = 0
        self._readers: dict[Bit, list[tuple[str, str]]] = {}
        self._register: dict[Bit, str] = {}
        for name, cell in self.cells.items():
            for pin, bits in cell["connections"].items():
                if cell["port_directions"][pin] == "input":
                    for bit in bits:
                        self._readers.setdefault(bit, []).append((name, pin))
            if cell["type"] == FLIP_FLOP:
                self._register[cell["connections"]["Q"][0]] = name
        for name, port in module["ports"].items():
            if port["direction"] != "input":
                for bit in port["bits"]:
                    self._readers.setdefault(bit, []).append(("", name))

    def of_kind(self, kind: str) -> list[str]:
        """Names of all cells of a type."""
        return [name for name, cell in self.cells.items() if cell["type"] == kind]

    def behind(self, bits: Iterable[Bit]) -> dict[Bit, str] | None:
        """The register behind each bit that is read; None where anything else reads one."""
        found = {}
        for bit in bits:
            readers = self._readers.get(bit, [])
            if not readers:
                continue
            (name, pin), *more = readers
            if more or pin != "DI" or self.cells[name]["type"] != FLIP_FLOP:
                return None
            found[bit] = name
        return found

    def ahead(self, bits: Iterable[Bit]) -> dict[Bit, str] | None:
        """The register that drives each bit, constants apart; None where anything else drives."""
        wanted = {bit for bit in bits if isinstance(bit, int)}
        if not wanted <= set(self._register):
            return None
        return {bit: self._register[bit] for bit in wanted}

    def clocking(self, registers: Iterable[str]) -> Clocking | None:
        """Of all of them; None where they differ, start at 1, or are reset."""
        found = {_clocking(self.cells[name]) for name in registers}
        return found.pop() if len(found) == 1 else None

    def pin(self, register: str, pin: str) -> Bit:
        """The net at a pin of a register."""
        return self.cells[register]["connections"][pin][0]

    def remove(self, register: str) -> None:
        """Take a register away, whose output another cell now drives."""
        for pin, (bit,) in self.cells[register]["connections"].items():
            if pin != "Q":
                self._readers[bit].remove((register, pin))
        del self._register[self.pin(register, "Q")]
        del self.cells[register]
        self.gone += 1

    def read_ahead(self, cell: str, pin: str, register: str) -> None:
        """Let a pin read what a register does, and take that away when nobody reads it."""
        own, ahead = self.cells[cell]["connections"], self.pin(register, "DI")
        behind = own[pin][0]
        own[pin] = [ahead]
        self._readers[behind].remove((cell, pin))
        self._readers.setdefault(ahead, []).append((cell, pin))
        if not self._readers[behind]:
            self.remove(register)


def _clocking(cell: Mapping[str, Any]) -> Clocking | None:
    pins, own = cell["connections"], cell["parameters"]
    plain = pins["LSR"] == ["0"] and own["REGSET"] == "RESET" and own["CLKMUX"] == "CLK"
    # One that always loads has no such pin: its parameter is 1, and a space that says it is text.
    (enable,) = {"CE": pins.get("CE", [None]), "1": ["1"]}.get(own["CEMUX"].strip(), [None])
    return (pins["CLK"][0], enable) if plain and enable is not None else None


def _read_ports(cell: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    """The ports of a memory that have one clock and enable; at 36 bits B reads through both."""
    if int(cell["parameters"]["DATA_WIDTH_B"], 2) == _WIDEST:
        yield "BA"
    else:
        yield from ("A", "B")


def _into_memory(nets: _Nets, cell: dict[str, Any], ports: Sequence[str]) -> None:
    pins, parameters = cell["connections"], cell["parameters"]
    outputs = [f"DO{port}{k}" for port in ports for k in range(_PINS)]
    registers = nets.behind(pins[pin][0] for pin in outputs)
    if not registers:
        return
    clocking = nets.clocking(registers.values())
    clock = pins[f"CLK{ports[0]}"][0]
    if clocking is None or clocking[0] != clock or pins[f"RST{ports[0]}"] != ["0"]:
        return
    for port in ports:
        parameters[f"REGMODE_{port}"] = "OUTREG"
    pins[f"OCE{ports[0]}"] = [clocking[1]]
    _take_over(nets, pins, outputs, registers)


def _take_over(
    nets: _Nets, pins: dict[str, list[Bit]], outputs: Iterable[str], registers: Mapping[Bit, str]
) -> None:
    """Let outputs of a block drive what the registers behind them did."""
    for pin in outputs:
        register = registers.get(pins[pin][0])
        if register is not None:
            pins[pin] = [nets.pin(register, "Q")]
            nets.remove(register)


def _into_multiplier(nets: _Nets, name: str) -> None:
    cell = nets.cells[name]
    pins, parameters = cell["connections"], cell["parameters"]
    operands = [f"{operand}{k}" for operand in _OPERANDS for k in range(_PINS)]
    outputs = [f"P{k}" for k in range(2 * _PINS)]
    ahead = nets.ahead(pins[pin][0] for pin in operands)
    behind = nets.behind(pins[pin][0] for pin in outputs)
    first = nets.clocking(ahead.values()) if ahead else None
    last = nets.clocking(behind.values()) if behind else None
    clocking = last or first
    if clocking is None:
        return
    if ahead and first == clocking:
        for pin in operands:
            if pins[pin][0] in ahead:
                nets.read_ahead(name, pin, ahead[pins[pin][0]])
        _clocked(parameters, [f"INPUT{operand}" for operand in _OPERANDS])
        # What came back from the product to an operand stands behind it no longer.
        behind = nets.behind(pins[pin][0] for pin in outputs)
    if behind and last == clocking:
        _take_over(nets, pins, outputs, behind)
        _clocked(parameters, ["OUTPUT"])
    parameters["GSR"] = "DISABLED"
    for pin, bit in (("CLK0", clocking[0]), ("CE0", clocking[1]), ("RST0", "0")):
        pins[pin] = [bit]
        cell["port_directions"][pin] = "input"


def _clocked(parameters: dict[str, str], stages: Iterable[str]) -> None:
    for stage in stages:
        for pin in ("CLK", "CE", "RST"):
            parameters[f"REG_{stage}_{pin}"] = f"{pin}0"

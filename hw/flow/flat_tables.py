"""Lookup tables behind lookup tables read what those read, for ECP5, where four inputs do.

Mapping spares tables and, where it sees time enough, lets one read another that reads the same
few bits: the tables of a layer, each a function of four bits of an index, became chains of four.
Reading the index itself takes no table more. So each is put as near to registers as it can be.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

__all__ = ["FLATTENING", "LUT", "flatten_tables"]

FLATTENING = 1
"""Changes with what is rewritten, as `block_registers.ABSORPTION`."""

LUT = "LUT4"

Bit = int | str
"""A net by its number, or a constant: "0", "1" or "x"."""

Function = tuple[tuple[int, ...], int]
"""Nets that are read, and a bit of the result for each number that they make, the first lowest."""

_PINS = "ABCD"


def flatten_tables(netlist: Path) -> Counter[str]:
    """Change a netlist for ECP5, JSON of Yosys, in place.

    Returns:
        lookup tables that nobody reads any more, and are gone, by module.
    """
    design = json.loads(netlist.read_text())
    gone: Counter[str] = Counter()
    changed = False
    for name, module in design["modules"].items():
        tables = _Tables(module)
        changed |= tables.rewrite()
        count = tables.sweep()
        if count:
            gone[name] = count
    if changed:
        netlist.write_text(json.dumps(design))
    return gone


class _Tables:
    """The lookup tables of a module, by the net that each drives."""

    def __init__(self, module: Mapping[str, Any]) -> None:
        self._cells: dict[str, dict[str, Any]] = module["cells"]
        self._ports = module["ports"]
        self._name = {
            cell["connections"]["Z"][0]: name
            for name, cell in self._cells.items()
            if cell["type"] == LUT
        }
        self._found: dict[int, Function] = {}
        self._level: dict[int, int] = {}

    def rewrite(self) -> bool:
        """Let each read the nets that are nearest to registers; whether any changed."""
        changed = False
        for net in self._in_order():
            own = _function(self._cells[self._name[net]])
            best = min(self._ways(own), key=lambda way: (self._depth(way[0]), len(way[0])))
            if self._depth(best[0]) < self._depth(own[0]):
                _put(self._cells[self._name[net]], best)
                changed = True
            else:
                best = own
            self._found[net] = best
            self._level[net] = 1 + self._depth(best[0])
        return changed

    def sweep(self) -> int:
        """Take tables away that nobody reads; how many."""
        reads: Counter[Bit] = Counter()
        for cell in self._cells.values():
            for pin, bits in cell["connections"].items():
                if cell["port_directions"][pin] == "input":
                    reads.update(bits)
        for port in self._ports.values():
            if port["direction"] != "input":
                reads.update(port["bits"])
        idle = [net for net in self._name if not reads[net]]
        count = 0
        while idle:
            net = idle.pop()
            cell = self._cells.pop(self._name[net])
            count += 1
            for pin in _PINS:
                (bit,) = cell["connections"][pin]
                reads[bit] -= 1
                if bit in self._name and not reads[bit]:
                    idle.append(bit)
        return count

    def _in_order(self) -> Iterator[int]:
        """Every table's net, behind those that the table reads."""
        done: set[int] = set()
        for start in self._name:
            waiting = [start]
            while waiting:
                net = waiting[-1]
                if net in done:
                    waiting.pop()
                    continue
                ahead = [bit for bit in self._reads(net) if bit in self._name and bit not in done]
                if ahead:
                    waiting += ahead
                    continue
                done.add(net)
                waiting.pop()
                yield net

    def _reads(self, net: int) -> list[int]:
        return list(_function(self._cells[self._name[net]])[0])

    def _depth(self, nets: Sequence[int]) -> int:
        """Tables in a row in front of the nets."""
        return max((self._level.get(net, 0) for net in nets), default=0)

    def _ways(self, own: Function) -> Iterator[Function]:
        """The function itself, and with some of the tables that it reads put into it."""
        inner = [net for net in own[0] if net in self._found]
        for count in range(len(inner) + 1):
            for some in combinations(inner, count):
                kept = [net for net in own[0] if net not in some]
                deeper = [net for each in some for net in self._found[each][0]]
                nets = tuple(dict.fromkeys([*kept, *deeper]))
                if len(nets) <= len(_PINS):
                    yield nets, self._composed(own, set(some), nets)

    def _composed(self, own: Function, some: set[int], nets: tuple[int, ...]) -> int:
        """The truth of a function of ``nets`` that reads ``some`` tables through what they read."""
        truth = 0
        for number in range(1 << len(nets)):
            value = {net: number >> k & 1 for k, net in enumerate(nets)}
            inputs = [
                _look_up(self._found[net], value) if net in some else value[net] for net in own[0]
            ]
            index = sum(bit << k for k, bit in enumerate(inputs))
            truth |= (own[1] >> index & 1) << number
        return truth


def _look_up(function: Function, value: Mapping[int, int]) -> int:
    nets, truth = function
    return truth >> sum(value[net] << k for k, net in enumerate(nets)) & 1


def _function(cell: Mapping[str, Any]) -> Function:
    """Of a cell: constants at its pins are no nets, and neither are nets that change nothing."""
    full = int(cell["parameters"]["INIT"], 2)
    pins = [cell["connections"][pin][0] for pin in _PINS]
    nets = list(dict.fromkeys(bit for bit in pins if isinstance(bit, int)))

    def at(values: Mapping[Bit, int]) -> int:
        return full >> sum(values.get(bit, int(bit == "1")) << k for k, bit in enumerate(pins)) & 1

    for net in list(nets):
        others = [other for other in nets if other != net]
        if all(
            at({**dict(zip(others, bits, strict=True)), net: 0})
            == at({**dict(zip(others, bits, strict=True)), net: 1})
            for bits in _numbers(len(others))
        ):
            nets = others
    truth = 0
    for number, bits in enumerate(_numbers(len(nets))):
        truth |= (
            at({**dict.fromkeys(pins, 0), "1": 1, **dict(zip(nets, bits, strict=True))}) << number
        )
    return tuple(nets), truth


def _numbers(count: int) -> Iterator[list[int]]:
    """The bits of every number of so many bits, the lowest first."""
    for number in range(1 << count):
        yield [number >> k & 1 for k in range(count)]


def _put(cell: dict[str, Any], function: Function) -> None:
    nets, truth = function
    init = sum(
        (truth >> number % (1 << len(nets)) & 1) << number for number in range(1 << len(_PINS))
    )
    cell["parameters"]["INIT"] = f"{init:016b}"
    for k, pin in enumerate(_PINS):
        cell["connections"][pin] = [nets[k] if k < len(nets) else "0"]

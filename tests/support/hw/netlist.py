"""The memories that a component instantiates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from amaranth import Elaboratable, Fragment, Instance
from amaranth.hdl import MemoryInstance

from lutscale.hw.memory import RomCollector

__all__ = ["check_memories", "instances", "placed_instances"]

Place = tuple[str, int, int, str]
"""Module, depth, width and file (of a ROM) of a memory."""


def placed_instances(dut: Elaboratable) -> dict[str, Place]:
    """Every memory instance in the Verilog of a component, by its path."""
    found = {}
    for path, fragment in _fragments(Fragment.get(dut, RomCollector())):
        if isinstance(fragment, Instance):
            p = fragment.parameters
            place = (fragment.type, p["DEPTH"], p["WIDTH"], p.get("FILE", ""))
            found[".".join(path)] = place
    return found


def instances(dut: Elaboratable) -> list[Place]:
    """The same without the paths, sorted."""
    return sorted(placed_instances(dut).values())


def check_memories(dut: Any) -> None:
    """Fail unless ``dut.memories`` are exactly the memories that are instantiated."""
    modules = {
        (True, "block"): "lutscale__rom_block",
        (True, "logic"): "lutscale__rom_logic",
        (False, "block"): "lutscale__ram_block",
        (False, "logic"): "lutscale__ram_logic",
    }
    # Tables whose form derives gates from them are no memories.
    built = [use for use in dut.memories if use.style != "gates"]
    listed = sorted(
        (
            modules[use.rom, use.style],
            use.depth,
            use.width,
            f"lutscale__{use.name}.hex" if use.rom else "",
        )
        for use in built
    )
    assert instances(dut) == listed
    assert len({use.name for use in dut.memories}) == len(dut.memories)
    # What is simulated has the same shapes.
    simulated = sorted(
        (f._data.depth, f._data.shape)
        for _, f in _fragments(Fragment.get(dut, None))
        if isinstance(f, MemoryInstance)
    )
    assert simulated == sorted((use.depth, use.width) for use in built)


def _fragments(
    fragment: Fragment, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Fragment]]:
    yield path, fragment
    for inner, name, *_ in fragment.subfragments:
        yield from _fragments(inner, (*path, name))

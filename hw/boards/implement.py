"""A board's design synthesised, placed and routed: a bitstream that meets both clocks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lutscale.golden.errors import InputError
from lutscale.hw.boards.design import BoardDesign
from lutscale.hw.estimates import estimate
from lutscale.hw.flow.block_registers import ABSORPTION
from lutscale.hw.flow.budget import check_cells, check_estimate
from lutscale.hw.flow.cache import kept, key_of
from lutscale.hw.flow.cells import Cells
from lutscale.hw.flow.implement import device_of
from lutscale.hw.flow.netlist import write_sources
from lutscale.hw.flow.nextpnr import Route, pack, place_and_route
from lutscale.hw.flow.tools import NEXTPNR, YOSYS, Router, identity, require_tool, router
from lutscale.hw.flow.yosys import Synthesis, commands_for, read_synthesis, synthesise

__all__ = ["BoardRun", "Implemented", "implement_board", "read_clocks"]

_ALIKE = 0.001
"""Clocks that differ by less are the same; nextpnr counts whole picoseconds."""


@dataclass(frozen=True)
class BoardRun:
    """One routed design.

    Attributes:
        seed: of placement.
        clocks: of ``pixel`` and ``shift`` the MHz reached and the MHz needed.
    """

    seed: int
    clocks: Mapping[str, tuple[float, float]]

    @property
    def met(self) -> bool:
        """Whether each clock is fast enough."""
        return all(reached >= needed for reached, needed in self.clocks.values())

    @property
    def margin(self) -> float:
        """The smallest ratio of a clock reached to the one needed."""
        return min(reached / needed for reached, needed in self.clocks.values())


@dataclass(frozen=True)
class Implemented:
    """A design on its device.

    Attributes:
        cells: of the netlist.
        runs: of place and route, in order.
        bitstream: of the run with the largest margin; empty where nothing was routed.
        tools: name and version of each that was used.
    """

    cells: Cells
    runs: tuple[BoardRun, ...]
    bitstream: bytes
    tools: Mapping[str, str]

    @property
    def best(self) -> BoardRun | None:
        """The run whose bitstream it is."""
        return max(self.runs, key=lambda run: run.margin, default=None)


def implement_board(
    design: BoardDesign,
    cache: Path,
    *,
    seeds: Sequence[int],
    tool: Router | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> Implemented:
    """Synthesise, then place and route with one seed after the other until one meets both clocks.

    Args:
        cache: folder of what was made before, made if missing.
        tool: as `router` gives it; by default the wheel's nextpnr.
        progress: is told each step as it ends, in a few words.

    Raises:
        InputError: a tool is missing, or the design does not fit or does not route.
    """
    used: Router | None = None
    if seeds:
        # The wheel has ecppack, too.
        require_tool(NEXTPNR)
        used = tool or router()
    check_estimate(estimate(design.pipeline.plan), design.pipeline.build)
    folder, key = _netlist(design, cache)
    made = _read(design, folder)
    check_cells(made.cells, design.pipeline.build)
    cells = made.cells
    progress(f"netlist: {cells.comb} COMB, {cells.dsp} multipliers, {cells.blocks} blocks")
    runs: list[tuple[BoardRun, Path]] = []
    for seed in seeds:
        assert used is not None
        runs.append(_routed(design, made.netlist, key, cache, seed, used))
        run = runs[-1][0]
        reached = (f"{name} {mhz:.1f} of {n:.1f} MHz" for name, (mhz, n) in run.clocks.items())
        progress(f"seed {seed}: {', '.join(reached)}")
        if run.met:
            break
    bitstream = b""
    if runs:
        best, place = max(runs, key=lambda run: run[0].margin)
        path = place / f"seed{best.seed}.bit"
        if not path.exists():
            pack(place / f"seed{best.seed}.config", path)
        bitstream = path.read_bytes()
        progress("bitstream")
    tools = {"yosys": identity(YOSYS), **({"nextpnr": used.identity} if used else {})}
    return Implemented(cells, tuple(run for run, _ in runs), bitstream, tools)


def _netlist(design: BoardDesign, cache: Path) -> tuple[Path, str]:
    names, files = design.sources()
    commands = commands_for(names, top=design.name)
    key = key_of(identity(YOSYS), commands, files, ABSORPTION)

    def make(folder: Path) -> None:
        paths = write_sources(folder / "rtl", names, files)
        synthesise(paths, top=design.name, folder=folder / "netlist")

    return kept(cache, "netlist", key, make), key


def _read(design: BoardDesign, folder: Path) -> Synthesis:
    return read_synthesis(folder / "netlist", top=design.name)


def _routed(
    design: BoardDesign, netlist: Path, key: str, cache: Path, seed: int, tool: Router
) -> tuple[BoardRun, Path]:
    lpf = design.board.constraints()
    route = Route(tool, device_of(design.pipeline.build), design.pll.pixel)
    key = key_of(key, *route.key, seed, lpf)

    def make(folder: Path) -> None:
        pins = folder / "board.lpf"
        pins.write_text(lpf)
        place_and_route(netlist, route, folder=folder, seed=seed, constraints=pins)
        (folder / netlist.name).unlink()

    folder = kept(cache, "routed", key, make)
    report = json.loads((folder / f"seed{seed}.json").read_text())
    needed = {"pixel": design.pll.pixel, "shift": design.pll.shift}
    return BoardRun(seed, read_clocks(report, needed)), folder


def read_clocks(
    report: Mapping[str, Any], needed: Mapping[str, float]
) -> dict[str, tuple[float, float]]:
    """MHz reached by each clock, and MHz needed, from nextpnr's report.

    Nets have other names there; what nextpnr derived from the PLL's dividers tells which is which.

    Args:
        needed: MHz by name.

    Raises:
        InputError: it has no figure for one of them, as where the PLL drives nothing.
    """
    found = {}
    for name, mhz in needed.items():
        mine = [
            figure["achieved"]
            for figure in report["fmax"].values()
            if abs(figure["constraint"] / mhz - 1) < _ALIKE
        ]
        if not mine:
            there = ", ".join(f"{f['constraint']:.1f}" for f in report["fmax"].values())
            raise InputError(
                f"report of nextpnr must have a clock of {mhz:.1f} MHz, but has {there or 'none'}"
            )
        found[name] = min(mine), mhz
    return found

"""A core on a chip: Verilog, synthesis, and place and route with several seeds, as one figure.

The last word is `Implementation.to_json`: what was built, what it takes, and whether it reaches the
clock that was asked for, by the median of the seeds. Every step is kept by content (`flow.cache`),
so that the same is never done twice and a run that was killed goes on where it stood.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lutscale.golden.errors import InputError
from lutscale.hw.build import Build
from lutscale.hw.flow import nextpnr
from lutscale.hw.flow.budget import check_cells
from lutscale.hw.flow.cache import kept, key_of
from lutscale.hw.flow.cells import Cells
from lutscale.hw.flow.design import design_of
from lutscale.hw.flow.netlist import Netlist, synthesised
from lutscale.hw.flow.nextpnr import (
    DEVICES,
    SPEED,
    Route,
    Routed,
    median_fmax,
    place_and_route,
    read_routed,
)
from lutscale.hw.flow.paths import path_json
from lutscale.hw.flow.tools import NEXTPNR, YOSYS, Router, identity, require_tool, router
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.refqsr.build import TileBuild
from lutscale.hw.refqsr.processor import TileProcessor

__all__ = [
    "AT_ONCE",
    "Implementation",
    "device_of",
    "implement",
    "route_for",
    "routed",
    "routed_key",
]

AT_ONCE = 2
"""Seeds that are placed and routed side by side unless said otherwise, a processor each."""


@dataclass(frozen=True)
class Implementation:
    """One core at one build, synthesised, and placed and routed where there are seeds.

    Attributes:
        program: name of the program or network.
        build: for what.
        cells: of the netlist.
        runs: of place and route, a seed each.
        asked: MHz.
        forms: how each layer became gates, as in the hand-off's manifest.
        bitstream: of the fastest seed; its pins are anywhere.
        tools: name and version of each that was used.
        speed: grade of the device.
    """

    program: str
    build: Build | TileBuild
    cells: Cells
    runs: tuple[Routed, ...]
    asked: float
    forms: tuple[Mapping[str, Any], ...]
    bitstream: bytes = b""
    tools: Mapping[str, str] = field(default_factory=dict)
    speed: int = SPEED

    @property
    def fmax(self) -> float | None:
        """MHz, the median of the seeds; None without any."""
        return median_fmax(self.runs) if self.runs else None

    @property
    def result(self) -> str:
        """By the clock that was asked for; "synthesised" where nothing was routed."""
        if self.fmax is None:
            return "synthesised"
        return "pass" if self.fmax >= self.asked else "fail"

    def to_json(self) -> dict[str, Any]:
        """Program, build, cells, clock of each seed and their median, critical path of the median's
        seed, forms, the result, and which figure is of what ("source").
        """
        figures: dict[str, Any] = {
            "program": self.program,
            **self.build.to_json(),
            **self.cells.as_dict(),
            "clock_mhz": self.asked,
            "fmax_mhz": None if self.fmax is None else round(self.fmax, 2),
            "seeds": {str(run.seed): round(run.fmax, 2) for run in self.runs},
            "source": dict.fromkeys(self.cells.as_dict(), "synthesised"),
        }
        if self.runs:
            fmax = self.fmax or 0.0
            middle = min(self.runs, key=lambda run: abs(run.fmax - fmax))
            routed = ("fmax_mhz", "seeds", "utilisation", "critical_path")
            figures |= {
                "speed_grade": self.speed,
                "utilisation": {name: list(n) for name, n in middle.used.items() if n[0]},
                "critical_path": {"seed": middle.seed, **path_json(middle.critical)},
                "source": {**figures["source"], **dict.fromkeys(routed, "routed")},
            }
        rest = {"tools": dict(self.tools), "forms": list(self.forms), "result": self.result}
        return {**figures, **rest}


def device_of(build: Build | TileBuild) -> str:
    """nextpnr's device for the build's target.

    Raises:
        InputError: it is no ECP5 device.
    """
    part = build.target.device.part.removeprefix("LFE5U-") if build.target.device else ""
    if build.target.family != "ecp5" or part not in DEVICES:
        devices = ", ".join(f"ecp5-{name.lower()}" for name in DEVICES)
        raise InputError(f"target must be one of {devices} to be routed, not {build.target.name!r}")
    return part


def route_for(
    build: Build | TileBuild, tool: Router | None, frequency: float, speed: int = SPEED
) -> Route:
    """For the build's target.

    Raises:
        InputError: it is no ECP5 device, or a tool is missing.
    """
    device = device_of(build)
    # The wheel has ecppack, too.
    require_tool(NEXTPNR)
    return Route(tool or router(), device, frequency, speed)


def routed_key(netlist: Netlist, route: Route, seed: int) -> str:
    """The key that `routed` keeps its result by."""
    return key_of(netlist.key, *route.key, seed)


def routed(netlist: Netlist, cache: Path, route: Route, seed: int) -> tuple[Routed, Path]:
    """One seed's place and route, from the cache where it is there; and the folder it is kept in.

    Raises:
        InputError: the design does not route.
    """
    key = routed_key(netlist, route, seed)

    def make(folder: Path) -> None:
        found = netlist.made.netlist
        place_and_route(found, route, folder=folder, seed=seed)
        # A link to what is kept with the netlist.
        (folder / found.name).unlink()

    folder = kept(cache, "routed", key, make)
    return read_routed(folder, seed), folder


def implement(
    pipeline: Pipeline | TileProcessor,
    cache: Path,
    *,
    name: str | None = None,
    seeds: Sequence[int] = (1, 2, 3, 4, 5),
    frequency: float = 125.0,
    options: str = "",
    tool: Router | None = None,
    speed: int = SPEED,
    at_once: int = AT_ONCE,
    check: Callable[[Netlist], bool] = lambda netlist: True,
    progress: Callable[[str], None] = lambda step: None,
) -> Implementation:
    """Generate, synthesise, place and route.

    Args:
        pipeline: of a program, or a network's tile processor; its build's target must be an ECP5
            device where there are seeds.
        cache: folder of what was made before, made if missing.
        name: of the build, by default the program's.
        seeds: of placement; without any nothing is routed.
        frequency: MHz asked for.
        options: of the family's synthesis command.
        tool: as `router` gives it; by default the wheel's nextpnr. Without options of its own it
            gets those of `Route.suited`.
        speed: grade of the device, one of `SPEEDS`.
        at_once: seeds side by side.
        check: is given the netlist, and says whether it is worth routing.
        progress: is told each step as it ends, in a few words.

    Raises:
        InputError: a tool is missing, the target cannot be synthesised or routed for, or the
            design does not fit or does not route.
    """
    core, build = design_of(pipeline), pipeline.build
    route = route_for(build, tool, frequency, speed) if seeds else None
    core.check()
    netlist = synthesised(pipeline, cache, name=name, options=options)
    cells = netlist.made.cells
    check_cells(cells, build)
    progress(f"netlist: {cells.comb} COMB, {cells.dsp} multipliers, {cells.blocks} blocks")
    route = route and route.suited(cells.comb)
    if not check(netlist):
        seeds = ()

    def run_seed(seed: int) -> tuple[Routed, Path]:
        assert route is not None
        return routed(netlist, cache, route, seed)

    runs = []
    with ThreadPoolExecutor(at_once) as pool:
        jobs = [pool.submit(run_seed, seed) for seed in seeds]
        try:
            for job in as_completed(jobs):
                runs.append(job.result())
                progress(f"seed {runs[-1][0].seed}: {runs[-1][0].fmax:.1f} MHz")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    runs.sort(key=lambda run: run[0].seed)
    bitstream = b""
    if runs:
        best, folder = max(runs, key=lambda run: run[0].fmax)
        bitstream = _packed(folder, best.seed)
        progress("bitstream")
    used = {"nextpnr": route.tool.identity} if route and runs else {}
    tools = {"yosys": identity(YOSYS), **used}
    return Implementation(
        core.program,
        build,
        cells,
        tuple(run for run, _ in runs),
        frequency,
        core.forms,
        bitstream,
        tools,
        speed,
    )


def _packed(folder: Path, seed: int) -> bytes:
    """The bitstream of a seed, kept beside its configuration."""
    made = folder / f"seed{seed}.bit"
    if not made.exists():
        nextpnr.pack(folder / f"seed{seed}.config", made)
    return made.read_bytes()

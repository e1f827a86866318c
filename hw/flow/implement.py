"""A program on a chip: hand-off, synthesis, and place and route with several seeds, as one figure.

The last word is `Implementation.to_json`: what was built, what it takes, and whether it reaches the
clock that was asked for, by the median of the seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lutscale.golden.errors import InputError
from lutscale.golden.program import Program
from lutscale.hw.build import Build
from lutscale.hw.flow.nextpnr import DEVICES, Routed, median_fmax, place_and_route
from lutscale.hw.flow.yosys import Cells, synthesise
from lutscale.hw.handoff import write_handoff
from lutscale.hw.names import default_name
from lutscale.hw.pipeline import Pipeline

__all__ = ["Implementation", "implement"]


@dataclass(frozen=True)
class Implementation:
    """One program at one build, placed and routed.

    Attributes:
        program: its name.
        build: for what.
        cells: of the netlist.
        runs: of place and route, a seed each.
        asked: MHz.
        forms: how each layer became gates, as in the hand-off's manifest.
    """

    program: str
    build: Build
    cells: Cells
    runs: tuple[Routed, ...]
    asked: float
    forms: tuple[Mapping[str, Any], ...]

    @property
    def fmax(self) -> float:
        """MHz, the median of the seeds."""
        return median_fmax(self.runs)

    def to_json(self) -> dict[str, Any]:
        """Program, build, cells, clock of each seed and their median, critical path of the median's
        seed, forms, and "pass" or "fail" by the clock asked for.
        """
        middle = min(self.runs, key=lambda run: abs(run.fmax - self.fmax))
        return {
            "program": self.program,
            **self.build.to_json(),
            **self.cells.as_dict(),
            "fmax_mhz": round(self.fmax, 2),
            "seeds": {str(run.seed): round(run.fmax, 2) for run in self.runs},
            "utilisation": {name: list(count) for name, count in middle.used.items() if count[0]},
            "critical_path": [vars(hop) for hop in middle.critical],
            "forms": list(self.forms),
            "result": "pass" if self.fmax >= self.asked else "fail",
        }


def implement(
    program: Program,
    build: Build,
    folder: Path,
    *,
    seeds: Sequence[int] = (1, 2, 3, 4, 5),
    frequency: float = 125.0,
    options: str = "",
    progress: Callable[[str], None] = lambda step: None,
) -> Implementation:
    """Generate, synthesise, place and route; ``folder`` gets rtl/ and netlist/ with all reports.

    Args:
        build: its target must be an ECP5 device.
        seeds: of placement, at least one.
        frequency: MHz asked for.
        options: of ``synth_ecp5``.
        progress: is told each step as it starts.

    Raises:
        InputError: a tool is missing, the target is no ECP5 device, or the design does not route.
        ValueError: the program cannot be built so.
    """
    part = build.target.device.part.removeprefix("LFE5U-") if build.target.device else ""
    if build.target.family != "ecp5" or part not in DEVICES:
        devices = ", ".join(f"ecp5-{name.lower()}" for name in DEVICES)
        raise InputError(f"target must be one of {devices} to be routed, not {build.target.name!r}")
    pipeline = Pipeline(program, build)
    progress("verilog")
    top = default_name(program.name)
    sources = write_handoff(pipeline, folder / "rtl", top)
    progress("synthesis")
    made = synthesise(sources, top=top, folder=folder / "netlist", options=options)
    runs = []
    for seed in seeds:
        progress(f"place and route, seed {seed}")
        runs.append(place_and_route(made.netlist, device=part, seed=seed, frequency=frequency))
    forms = tuple(choice.as_dict() for choice in pipeline.plan.choices.values())
    return Implementation(program.name, build, made.cells, tuple(runs), frequency, forms)

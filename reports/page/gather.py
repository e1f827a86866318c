"""All that a page says of a program, as one tree of JSON: what the program is, and the reports.

The reports stand in it as their commands wrote them; templates only show.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from lutscale.golden import zoo
from lutscale.golden.errors import InputError
from lutscale.golden.origin import origin
from lutscale.golden.program import Program
from lutscale.golden.program_file import load
from lutscale.hw.build import Build
from lutscale.hw.estimates import FACTORS
from lutscale.hw.plan import Plan
from lutscale.hw.targets import TARGETS
from lutscale.reports.account import BUDGET_BITS
from lutscale.reports.page.functions import functions_json
from lutscale.reports.page.pictures import pictures_of
from lutscale.reports.page.pipeline import pipeline_json
from lutscale.reports.page.sources import FPGA, Found, Shelf
from lutscale.reports.provenance import how_made, trained_on
from lutscale.reports.published import PUBLISHED
from lutscale.reports.zoo import listing

__all__ = ["gather"]

T = TypeVar("T")


def gather(path: Path, root: Path, build: Build) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Read everything.

    Args:
        path: the program file.
        root: the folder that holds reports/, sim/ and fpga/.
        build: of the pipeline that is drawn; more clocks a pixel where the program needs them.

    Returns:
        a tree of JSON types with stable keys: "program", "plan", "functions", "memory",
        "benchmark", "fpga", "estimate" (each as its command wrote it, or None), "simulations",
        "zoo", "chips" (reports of `lutscale fpga` on other programs), "device" (what it has of
        each), "estimates" (how their factors were made), "published", "budget_bytes", and
        "sources": of each report the "file", or None, and the "command" that makes it. And the
        pictures of the first simulation, as `pictures_of` gives them, or None.

    Raises:
        InputError: a report is of another program or version, or a picture cannot be read.
    """
    program = load(path)
    build = build.slowed_for(program)
    shelf = Shelf(program, zoo.word_for(path), root, build)
    found = {
        name: _read(name, getattr(shelf, name))
        for name in ("memory", "benchmark", "fpga", "estimate")
    }
    simulations = _read("sim", shelf.simulations)
    programs = {program.name: path, **_others(program.name)}
    entries = listing(programs)
    data = {
        "format": "lutscale-page",
        "version": 1,
        "origin": origin(program),
        "budget_bytes": BUDGET_BITS // 8,
        "program": _program(program, next(e for e in entries if e["name"] == program.name)),
        "plan": pipeline_json(Plan(program, build)),
        "functions": functions_json(program),
        **{name: source.report for name, source in found.items()},
        "simulations": [source.report for source in simulations if source.report is not None],
        "zoo": [{key: e[key] for key in e if key != "file"} for e in entries],
        "chips": _chips(root / "fpga", programs, program.name),
        "device": _read("fpga", lambda: _device(found["fpga"].report or found["estimate"].report)),
        "estimates": json.loads(FACTORS.read_text())["made"],
        "published": [{**system.to_json(), "size": system.size} for system in PUBLISHED],
        "sources": {
            **{name: source.as_dict() for name, source in found.items()},
            "simulations": [source.as_dict() for source in simulations],
        },
    }
    return data, _pictures(simulations, program.scale)


def _read(name: str, read: Callable[[], T]) -> T:
    """A report, where one that lacks what its command writes is bad input, too."""
    try:
        return read()
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise InputError(
            f"the report of {name} must be as it was written, but: {error!r}"
        ) from error


def _others(name: str) -> dict[str, Path]:
    return {other: path for other, path in zoo.programs().items() if other != name}


def _program(program: Program, entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{key: entry[key] for key in entry if key != "file"},
        "layers": len(program.layers),
        "table_layers": sum(1 for layer in program.layers if layer.table_bits),
        "quantiser_bits": program.quantiser_bits,
        "trained_on": trained_on(program),
        "how_made": how_made(program),
    }


def _chips(folder: Path, programs: Mapping[str, Path], own: str) -> list[dict[str, Any]]:
    """Reports of other programs, for the picture; those that are not of today's are left out.

    Of one program what was synthesised comes before what was estimated.
    """
    origins: dict[str, Any] = {}
    chips: dict[str, dict[str, Any]] = {}
    files = sorted(folder.glob("*__estimate.json")) + sorted(folder.glob("*__fpga.json"))
    for path in files:
        try:
            report = json.loads(path.read_bytes())
            name = report["program"]
            if (report["format"], report["version"]) != FPGA or name == own:
                continue
            if name not in origins and name in programs:
                origins[name] = origin(load(programs[name]))
            if report["origin"] == origins.get(name):
                chips[name] = report
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return [chips[name] for name in sorted(chips)]


def _device(report: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The counts of the device that a report of `lutscale fpga` is for, where it is for one."""
    target = None if report is None else TARGETS.get(report["target"])
    device = target and target.device
    if not device:
        return None
    counts = ("luts", "flip_flops", "multipliers", "blocks")
    return {"part": device.part, **{name: getattr(device, name) for name in counts}}


def _pictures(simulations: list[Found], scale: int) -> dict[str, Any] | None:
    first = simulations[0]
    if first.report is None:
        return None
    report, folder = first.report, first.path.parent
    return _read("sim", lambda: pictures_of(report, folder, scale))

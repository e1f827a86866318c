"""The points of a page's pictures of quality against cost: which figures, of whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lutscale.hw.targets import TARGETS
from lutscale.reports.page.figures import Figures, Steps

__all__ = ["Mark", "marks_of_bytes", "marks_of_logic", "scores_of"]


@dataclass(frozen=True)
class Mark:
    """One point.

    Attributes:
        name: shown beside it.
        kind: "own", "ours", "imported", "measured" or "published"; of logic "estimated", too.
        x, y: keys of the two figures.
        note: what else a reader is told of it.
    """

    name: str
    kind: str
    x: Steps
    y: Steps
    note: str = ""


def scores_of(figures: Figures, name: str) -> dict[str, Steps]:
    """By set, where the scores of a program stand: in the benchmark, or else on its card."""
    for k, entry in enumerate(figures.get("benchmark", "programs") or ()):
        if entry["name"] == name and entry["sets"]:
            return {s: ("benchmark", "programs", k, "sets", s) for s in entry["sets"]}
    for k, entry in enumerate(figures.data["zoo"]):
        if entry["name"] == name:
            return {s: ("zoo", k, "scores", s) for s in entry["scores"]}
    return {}


def marks_of_bytes(figures: Figures, measured_on: str) -> list[Mark]:
    """Every program of the same task that was measured on a set, and what others publish."""
    own = figures.data["program"]
    found: list[Mark] = []
    families = set()
    for k, entry in enumerate(figures.get("benchmark", "programs") or ()):
        if _same_task(entry, own) and measured_on in entry["sets"]:
            families.add(entry["imported_family"])
            kind = "imported" if entry["imported_family"] else "ours"
            size: Steps = ("benchmark", "programs", k, "costs", "table_bytes_with_quantiser")
            level: Steps = ("benchmark", "programs", k, "sets", measured_on, "psnr")
            found.append(Mark(entry["name"], _kind(entry["name"], own, kind), size, level))
    names = {mark.name for mark in found}
    for k, entry in enumerate(figures.data["zoo"]):
        name = entry["name"]
        if name not in names and _same_task(entry, own) and measured_on in entry["scores"]:
            size, level = ("zoo", k, "table_bytes"), ("zoo", k, "scores", measured_on, "psnr")
            found.append(Mark(name, _kind(name, own, "ours"), size, level))
    # What others publish is for enlarging by 4.
    for k, system in enumerate(figures.data["published"] if own["scale"] == 4 else ()):
        if measured_on in system["psnr"] and system["family"] not in families - {""}:
            size, level = ("published", k, "bytes"), ("published", k, "psnr", measured_on)
            found.append(Mark(system["name"], system["source"], size, level, system["note"]))
    return found


def marks_of_logic(figures: Figures, measured_on: str) -> list[Mark]:
    """The program, and others whose reports of `lutscale fpga` are there, on ECP5."""
    own = figures.data["program"]
    tasks = {entry["name"]: entry for entry in figures.data["zoo"]}
    here = next((key for key in ("fpga", "estimate") if figures.data[key]), None)
    places: list[tuple[Steps, Mapping[str, Any]]] = []
    if here is not None:
        places.append((here, figures.data[here]))
    places += [(("chips", k), chip) for k, chip in enumerate(figures.data["chips"])]
    found = []
    for place, report in places:
        name, target = report["program"], TARGETS.get(report["target"])
        scores = scores_of(figures, name)
        if target is None or target.family != "ecp5" or measured_on not in scores:
            continue
        made = report["comb"] is not None
        figure: Steps = (place, "comb") if made else (place, "estimate", "comb")
        if not _same_task(tasks[name], own) or figures.get(figure) is None:
            continue
        how, kind = ("synthesised", "") if made else ("estimated", " estimated")
        note = f"{report['clocks_per_pixel']} clocks a pixel, {how}"
        level = (scores[measured_on], "psnr")
        found.append(Mark(name, _kind(name, own, "ours") + kind, figure, level, note))
    return found


def _same_task(entry: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    return (entry["scale"], entry["sigma"]) == (own["scale"], own["sigma"])


def _kind(name: str, own: Mapping[str, Any], other: str) -> str:
    return "own" if name == own["name"] else other

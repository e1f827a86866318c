"""The page as HTML: what templates are given, and nothing that is not in the data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, UndefinedError, select_autoescape

import lutscale
from lutscale.golden.errors import InputError
from lutscale.hw.memory import PURPOSES
from lutscale.reports.memory_page import LABELS
from lutscale.reports.page.charts import LARGE, SMALL, chart
from lutscale.reports.page.drawing import curve, reach
from lutscale.reports.page.figures import Figures, Steps, pointer
from lutscale.reports.page.marks import Mark, marks_of_bytes, marks_of_logic, scores_of
from lutscale.reports.page.pictures import LENS
from lutscale.reports.page.sources import at
from lutscale.reports.page.trust import unchecked

__all__ = ["environment", "render"]

_SECTIONS = (
    ("picture", "Picture"),
    ("trust", "Checks"),
    ("quality", "Quality"),
    ("memory", "Memory"),
    ("pipeline", "Pipeline"),
    ("functions", "Tables"),
    ("chip", "Chip"),
    ("training", "Training"),
    ("commands", "Commands"),
)
_PURPOSES = (
    ("table", "tables"),
    ("copies", "copies of tables"),
    *((purpose, LABELS[purpose]) for purpose in PURPOSES[1:]),
)
_RESOURCES = (
    ("comb", "LUT4 places (COMB)", "luts"),
    ("ff", "flip-flops", "flip_flops"),
    ("dsp", "multipliers", "multipliers"),
    ("blocks", "block memories", "blocks"),
)
_WORDS = {
    "bytes": {
        "own": "this program, measured",
        "ours": "our other programs, measured",
        "imported": "others: released tables, measured here",
        "measured": "others: measured from released tables",
        "published": "others: as published",
    },
    "logic": {
        "own": "this program, synthesised",
        "own estimated": "this program, estimated",
        "ours": "our other programs, synthesised",
        "ours estimated": "our other programs, estimated",
    },
}
"""What a kind of mark means, in each picture."""


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Jinja's, which escapes everything and refuses what is not there."""
    return Environment(
        loader=PackageLoader("lutscale.reports.page"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def render(data: Mapping[str, Any], pictures: Mapping[str, Any] | None, command: str) -> str:
    """The page of a program.

    Args:
        data, pictures: of `gather`.
        command: the command line that makes the page again.

    Raises:
        InputError: a report lacks what its command writes.
    """
    try:
        figures = Figures(data, _files(data))
        context = _context(figures, pictures)
        return (
            environment()
            .get_template("page.html")
            .render(
                **data,
                **context,
                lutscale=lutscale.__version__,
                page_command=command,
                sections=_SECTIONS,
            )
        )
    except (UndefinedError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise InputError(f"reports must be as they were written, but: {error!r}") from error


def _context(figures: Figures, pictures: Mapping[str, Any] | None) -> dict[str, Any]:
    data = figures.data
    noisy = data["program"]["sigma"] is not None
    baseline = "noisy" if noisy else "bicubic"
    scores = scores_of(figures, data["program"]["name"])
    measured_on = next(iter(scores), None)
    memory, device = data["memory"], data["device"]
    return {
        "show": figures.show,
        "plain": figures.plain,
        "baseline": f"{baseline} picture" if noisy else baseline,
        "baseline_key": f"psnr_{baseline}",
        "pictures": pictures,
        "lens": LENS,
        "lenses": _lenses(pictures, "noisy" if noisy else "bicubic"),
        "unchecked": unchecked(data),
        "scores": _scores(scores),
        "rows": list(scores.items()),
        "measured_on": measured_on,
        "charts": {} if measured_on is None else _charts(figures, measured_on),
        "budget_label": f"{data['budget_bytes']:,} bytes",
        "device_label": device and f"{device['luts']:,} in {device['part']}",
        "purposes": _PURPOSES,
        "memory_scale": 1 if memory is None else _scale(memory),
        "percent": lambda part, whole: round(100 * part / whole, 3),
        "entry_segments": _entry_segments,
        "layer_segments": _layer_segments,
        "curve": curve,
        "reach": reach,
        "chip": _chip(data),
        "resources": _RESOURCES,
        "more_than_there": lambda count, there: (
            " over" if device and count is not None and count > device[there] else ""
        ),
        "how_made": [_parts(line) for line in data["program"]["how_made"] if line],
        "reproduced": _reproduced(data["sources"]),
    }


def _files(data: Mapping[str, Any]) -> dict[str, str]:
    """By the first step of a pointer, the file that it leads into."""
    sources = {name: s for name, s in data["sources"].items() if name != "simulations"}
    files = {name: source["file"] for name, source in sources.items() if source["file"]}
    return {
        **files,
        "simulations": "sim.json",
        "zoo": "lutscale zoo --json",
        "chips": "lutscale fpga",
        "published": "lutscale benchmark",
        "device": "the target's data sheet",
    }


def _lenses(pictures: Mapping[str, Any] | None, before: str) -> list[tuple[str, str]]:
    names = [("bicubic", before), ("hardware", "hardware"), ("original", "original")]
    there = {} if pictures is None else pictures["uris"]
    return [pair for pair in (*names, ("difference", "difference")) if pair[0] in there]


def _scores(scores: Mapping[str, Steps]) -> dict[str, Any] | None:
    """What the head of the page says of quality: of the first set."""
    for name, here in scores.items():
        return {
            "set": name,
            "psnr": (here, "psnr"),
            "baseline": (here, "psnr_baseline"),
            "tag": "measured" if pointer(here).startswith("/benchmark") else "from its card",
        }
    return None


def _charts(figures: Figures, measured_on: str) -> dict[str, Any]:
    device = figures.data["device"]
    marks = {
        "bytes": (marks_of_bytes(figures, measured_on), figures.data["budget_bytes"]),
        "logic": (marks_of_logic(figures, measured_on), device and device["luts"]),
    }
    # One point alone says nothing that its figure does not.
    return {
        name: _sized(name, figures, own, limit)
        for name, (own, limit) in marks.items()
        if len(own) > 1
    }


def _sized(name: str, figures: Figures, marks: Sequence[Mark], limit: int | None) -> dict[str, Any]:
    kinds, words, in_bytes = {mark.kind for mark in marks}, _WORDS[name], name == "bytes"
    return {
        "large": chart(figures, marks, LARGE, limit=limit, in_bytes=in_bytes),
        "small": chart(figures, marks, SMALL, limit=limit, in_bytes=in_bytes),
        "legend": [(kind, text) for kind, text in words.items() if kind in kinds],
        "words": words,
    }


def _scale(memory: Mapping[str, Any]) -> float:
    """Bits that fill a bar."""
    largest = max(entry["on_chip"]["bits"] for entry in memory["line_widths"])
    return 1.04 * max(largest, memory["budget"]["bits"])


def _entry_segments(entry: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    bits = {purpose: entry["purposes"][purpose]["bits"] for purpose in PURPOSES}
    return _segments(bits, entry["on_chip"]["table_copy_bits"])


def _layer_segments(layer: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    return _segments({purpose: layer[purpose] for purpose in PURPOSES}, layer["table_copy_bits"])


def _segments(bits: Mapping[str, int], copies: int) -> list[tuple[str, str, int]]:
    """(purpose, text, bits) of a bar from left to right, copies apart from tables."""
    parts = {**bits, "table": bits["table"] - copies, "copies": copies}
    return [(name, f"{text}: {parts[name]:,} bits", parts[name]) for name, text in _PURPOSES]


def _chip(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """The report that speaks of the chip: of what was synthesised, else the estimate."""
    here = next((key for key in ("fpga", "estimate") if data[key]), None)
    if here is None:
        return None
    report = data[here]
    logic: tuple[str, ...] | None = (here, "comb")
    tag = "synthesised"
    if report["comb"] is None:
        logic, tag = (here, "estimate", "comb"), "estimated"
        if report["estimate"]["comb"] is None:
            logic = None
    fitted = f"{report['program']}:{report['clocks_per_pixel']}" in data["estimates"]["designs"]
    device, verdict = data["device"], None
    if device and logic is not None:
        verdict = "over" if at(data, pointer(logic)) > device["luts"] else "fits"
    found = {"here": here, "report": report, "logic": logic, "tag": tag}
    return {**found, "fitted": fitted, "verdict": verdict}


def _reproduced(sources: Mapping[str, Any]) -> list[tuple[str, Any]]:
    texts = {
        "memory": "memory",
        "benchmark": "quality",
        "fpga": "synthesis, place and route",
        "estimate": "estimate",
    }
    simulations = [("pictures and simulation", source) for source in sources["simulations"]]
    return [*simulations, *((text, sources[name]) for name, text in texts.items())]


def _parts(line: str) -> tuple[str, list[tuple[bool, str]]]:
    """A line of a card: "title", "code" or "text", and its parts, each code or not."""
    if line.startswith("## "):
        return "title", [(False, line.removeprefix("## "))]
    if line.startswith("    "):
        return "code", [(True, line.strip())]
    parts = re.split(r"`([^`]*)`", line)
    return "text", [(bool(k % 2), part) for k, part in enumerate(parts) if part]

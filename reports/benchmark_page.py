"""The benchmark as text: JSON, and Markdown tables to paste."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lutscale.reports.markdown import markdown_table
from lutscale.reports.published import SOURCES
from lutscale.reports.refqsr.benchmark import lines as network_lines

__all__ = ["to_json", "to_markdown", "training_lines"]

_COSTS = {
    "table_bytes": "tables, bytes",
    "table_bytes_with_quantiser": "with quantiser ROMs",
    "on_chip_bytes": "on-chip, bytes",
    "clocks_per_pixel": "clocks",
    "functions": "functions",
    "reads": "reads",
}


def to_json(result: Mapping[str, Any]) -> str:
    """All figures as JSON text."""
    return json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_markdown(result: Mapping[str, Any]) -> str:
    """A page: a table for each task, the literature, and how all was measured."""
    programs = result["programs"]
    lines = ["# Benchmark", ""]
    for task in dict.fromkeys(program["task"] for program in programs):
        own = [program for program in programs if program["task"] == task]
        title = f"Super-resolution, {task}" if own[0]["sigma"] is None else task.capitalize()
        lines += [f"## {title}", "", *_task_table(own), "", _legend(own), ""]
    if result["networks"]:
        lines += network_lines(result["networks"])
    if any(program["task"] == "x4" for program in programs):
        lines += ["## What others report at x4", "", *_published_table(result["published"]), ""]
        lines += [*(f"- {word}: {text}." for word, text in SOURCES.items()), ""]
    lines += ["## How it was measured", ""]
    lines += [f"- {line}" for line in training_lines(result)]
    lines += [f"- {line}" for line in result["protocol"]]
    lines += ["", "Made by", "", f"    LUTSCALE_DATA=FOLDER {result['command']}", ""]
    return "\n".join(lines)


def _task_table(programs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Programs of one task: a row each, PSNR / SSIM in a column for each set."""
    sets = {name: row["images"] for program in programs for name, row in program["sets"].items()}
    heads = [f"{name} ({_count(images)}), dB / SSIM" for name, images in sets.items()]
    head = ["program", *_COSTS.values(), *heads]
    rows = [[programs[0]["baseline"], *[""] * len(_COSTS), *_scores(programs, sets, "_baseline")]]
    for program in programs:
        costs = program["costs"]
        figures = [f"{costs[key]:,}" for key in _COSTS]
        rows.append([f"`{program['name']}`", *figures, *_scores([program], sets)])
    return markdown_table(head, rows, texts=1)


def _count(images: int) -> str:
    return f"{images} image{'s' * (images != 1)}"


def _scores(
    programs: Iterable[Mapping[str, Any]], sets: Iterable[str], suffix: str = ""
) -> list[str]:
    """A cell for each set, of the first program that was measured on it."""
    cells = dict.fromkeys(sets, "")
    for program in programs:
        for name, row in program["sets"].items():
            scores = f"{row[f'psnr{suffix}']:.3f} / {row[f'ssim{suffix}']:.4f}"
            cells[name] = cells[name] or scores
    return list(cells.values())


def _legend(programs: Sequence[Mapping[str, Any]]) -> str:
    costs = programs[0]["costs"]
    return (
        f"On-chip holds for {costs['line_width']} LR pixels a line and "
        f"{costs['pixels_per_beat']} pixels a beat, at so many clocks for an LR pixel; functions "
        "and table reads are those of an LR pixel."
    )


def _published_table(systems: Sequence[Mapping[str, Any]]) -> list[str]:
    sets = list(dict.fromkeys(name for system in systems for name in system["psnr"]))
    rows = []
    for system in systems:
        levels = (system["psnr"].get(name) for name in sets)
        figures = ["" if level is None else f"{level:.{system['decimals']}f}" for level in levels]
        source = system["source"] + (f"; {system['note']}" if system["note"] else "")
        rows.append([system["name"], system["size"], *figures, "DIV2K", source])
    head = ["system", "tables, bytes", *sets, "trained on", "figure"]
    table = markdown_table(head, rows, texts=1)
    # The last two columns are texts too.
    table[1] = "| " + " | ".join(["---", *["---:"] * (len(sets) + 1), "---", "---"]) + " |"
    return table


def training_lines(result: Mapping[str, Any]) -> list[str]:
    """One line for each choice of training pictures, with the programs it holds for."""
    by_text: dict[str, list[str]] = {}
    for program in [*result["programs"], *result.get("networks", ())]:
        by_text.setdefault(program["trained_on"], []).append(program["name"])
    lines = [f"{', '.join(names)}: {text}." for text, names in by_text.items()]
    return ["The systems of the literature are trained on DIV2K.", *lines]

"""The trained programs at a glance: ``lutscale zoo``.

Bytes are counted from the programs; PSNR stands as their cards have it, measured by
``lutscale benchmark``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from lutscale.golden import zoo
from lutscale.golden.command import Command, one_line_errors
from lutscale.golden.program_file import load
from lutscale.golden.refqsr import network_file
from lutscale.reports.card import read_scores
from lutscale.reports.provenance import trained_on
from lutscale.reports.refqsr.card import precision, read_costs

__all__ = ["listing", "main", "network_table", "networks"]

_EXAMPLES = (
    ("the programs, smallest first", "lutscale zoo"),
    ("the same for a script", "lutscale zoo --json"),
    ("take one of them", "lutscale sim iqlut-s-x4"),
)


def listing(files: Mapping[str, Path]) -> list[dict[str, Any]]:
    """What is known of programs, those of a task together, the smallest first.

    Args:
        files: by name, as `golden.zoo.programs` gives them; a card (.md) beside a file tells its
            scores.

    Returns:
        for each "name", "file", "task", "sigma", "scale", "symmetry", "table_bytes" (with
        quantiser ROMs), "functions" and "reads" a pixel, "trained_on", and "scores" by set.
    """
    entries = []
    for name, path in files.items():
        program = load(path)
        card = path.with_suffix(".md")
        entries.append(
            {
                "name": name,
                "file": str(path),
                "task": program.task.kind,
                "sigma": program.task.sigma,
                "scale": program.scale,
                "symmetry": program.symmetry,
                "table_bytes": program.table_bytes,
                "functions": program.functions,
                "reads": program.reads,
                "trained_on": trained_on(program),
                "scores": read_scores(card.read_text()) if card.exists() else {},
            }
        )
    # Denoisers last, the largest scale first.
    return sorted(entries, key=lambda e: (e["task"] == "denoise", -e["scale"], e["table_bytes"]))


def networks(files: Mapping[str, Path]) -> list[dict[str, Any]]:
    """What is known of networks of mixed precision, in the order of their names.

    Args:
        files: by name, as `golden.zoo.networks` gives them; a card (.md) beside a file tells its
            scores and costs.

    Returns:
        for each "name", "file", "scale", "body" (its precision in words), "file_bytes",
        "trained_on", and by set "scores", as `listing` has them, and "costs", as
        `reports.refqsr.card.read_costs` has them.
    """
    entries = []
    for name, path in files.items():
        network = network_file.load(path)
        card = path.with_suffix(".md")
        text = card.read_text() if card.exists() else ""
        entries.append(
            {
                "name": name,
                "file": str(path),
                "scale": network.scale,
                "body": precision(network),
                "file_bytes": path.stat().st_size,
                "trained_on": trained_on(network),
                "scores": read_scores(text),
                "costs": read_costs(text),
            }
        )
    return entries


def network_table(entries: Sequence[Mapping[str, Any]]) -> Table:
    sets = list(dict.fromkeys(name for entry in entries for name in entry["scores"]))
    title = "Networks of mixed precision: body BitOPs saved, luma PSNR in dB"
    table = Table(title=title, title_justify="left")
    table.add_column("program", no_wrap=True)
    table.add_column("body, bits")
    for head in ("saved", *sets):
        table.add_column(head, justify="right")
    for entry in entries:
        costs, scores = entry["costs"], entry["scores"]
        last = costs[sets[-1]]["body_saved"] if sets and sets[-1] in costs else None
        table.add_row(
            entry["name"],
            entry["body"],
            "" if last is None else f"{last:.1%}",
            *(f"{scores[name]['psnr']:.3f}" if name in scores else "" for name in sets),
        )
    return table


def _table(entries: Sequence[Mapping[str, Any]], title: str) -> Table:
    sets = list(dict.fromkeys(name for entry in entries for name in entry["scores"]))
    table = Table(title=title, title_justify="left")
    table.add_column("program")
    for head in ("task", "tables, bytes", "reads", *sets):
        table.add_column(head, justify="right")
    for entry, following in zip(entries, [*entries[1:], None], strict=True):
        scores = (entry["scores"].get(name) for name in sets)
        table.add_row(
            entry["name"],
            f"x{entry['scale']}" if entry["sigma"] is None else f"sigma {entry['sigma']:g}",
            f"{entry['table_bytes']:,}",
            f"{entry['reads']:,}",
            *(f"{row['psnr']:.3f}" if row else "" for row in scores),
            end_section=following is not None and following["scale"] != entry["scale"],
        )
    return table


@click.command(cls=Command, examples=_EXAMPLES)
@click.option("--json", "as_json", is_flag=True, help="All that is known, as JSON.")
@one_line_errors
def main(as_json: bool) -> None:
    """List the trained programs with bytes and measured PSNR.

    Tables are in bytes, with the ROMs of the quantisers; reads are those of an LR pixel; PSNR is
    that of the integer program in dB, from its card. The last table has networks of mixed
    precision; what they save of the BitOPs of a body of 8 by 8 bits is that of the last set.
    """
    entries = listing(zoo.programs())
    mixed = networks(zoo.networks())
    if as_json:
        click.echo(json.dumps([*entries, *mixed], indent=1))
        return
    console = Console()
    for title, own in (
        ("Super-resolution, luma PSNR in dB", [e for e in entries if e["task"] != "denoise"]),
        ("Greyscale denoising, PSNR in dB", [e for e in entries if e["task"] == "denoise"]),
    ):
        if own:
            console.print(_table(own, title))
    if mixed:
        console.print(network_table(mixed))
    click.echo("Any command takes these names: lutscale upscale photo.jpg out.png --program NAME")

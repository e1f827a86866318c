"""The memory report: tables as papers count them, and every bit that the hardware holds.

    lutscale report iqlut-hd-x4 --line-width 480 --line-width 960

Two figures are always given together: *tables* (all tables and quantiser ROMs, each once) and
*on-chip* (every memory of the pipeline as instantiated: copies of ROMs, line buffers, reorder
buffers and FIFOs, for a stated line width). Then the physical view: blocks of the target by
legal shape, and ROMs that become logic.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from lutscale.golden import zoo
from lutscale.golden.command import Command, one_line_errors, out_option, program_argument
from lutscale.golden.files import write_whole
from lutscale.golden.model_file import load
from lutscale.golden.refqsr.network import Network
from lutscale.hw.build import MAX_SIDE, Build, build_options
from lutscale.hw.refqsr.build import TileBuild
from lutscale.reports.account import account
from lutscale.reports.memory_page import (
    LABELS,
    blocks_text,
    kilobytes,
    shown_purposes,
    to_json,
    to_markdown,
    verdict_text,
)
from lutscale.reports.memory_picture import picture
from lutscale.reports.plots import plotted
from lutscale.reports.refqsr.memory import write_tile_report

__all__ = ["main"]


def _print_summary(report: Mapping[str, Any], console: Console) -> None:
    """The totals in KB as a table, a column per line width, and the verdicts."""
    tables, entries = report["tables"], report["line_widths"]
    title = f"{report['program']['name']}: memory, KB of 1024 bytes"
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for entry in entries:
        table.add_column(f"{entry['line_width']} px a line", justify="right")
    table.add_row("tables, as papers count", *[kilobytes(tables["bits"]) for _ in entries])
    table.add_section()
    for purpose in shown_purposes(entries):
        sizes = [kilobytes(entry["purposes"][purpose]["bits"]) for entry in entries]
        table.add_row(LABELS[purpose], *sizes)
        copies = [entry["on_chip"]["table_copy_bits"] for entry in entries]
        if purpose == "table" and any(copies):
            table.add_row("  of which copies", *map(kilobytes, copies), style="dim")
    table.add_section()
    table.add_row(
        "on-chip", *[kilobytes(entry["on_chip"]["bits"]) for entry in entries], style="bold"
    )
    table.add_section()
    blocks = [f"{e['blocks']['count']} ({e['blocks']['utilisation']:.0%})" for e in entries]
    table.add_row(f"{blocks_text(report['target'])} (use)", *blocks)
    table.add_row("ROMs in logic", *[kilobytes(entry["logic_rom_bits"]) for entry in entries])
    console.print(table)
    for entry in entries:
        style = "green" if entry["verdict"]["result"] == "fits" else "bold red"
        console.print(verdict_text(entry), style=style, highlight=False, soft_wrap=True)


_EXAMPLES = (
    ("a program of the zoo", "lutscale report iqlut-hd-x4"),
    ("1080p60 at 125 MHz", "lutscale report hklut-s-x4 --clocks-per-pixel 16 --line-width 480"),
    ("fail when over 100 KB", "lutscale report mine.npz --line-width 480 --strict"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@program_argument
@click.option(
    "--line-width",
    "line_widths",
    type=int,
    multiple=True,
    help="Longest LR line to account for; may be given again. [default: --max-width, and twice it]",
)
@build_options
@out_option("build/reports", "memory.json, memory.md and memory.png")
@click.option("--strict", is_flag=True, help="Exit with 1 when a line width is over the budget.")
@one_line_errors
def main(
    program: Path,
    line_widths: tuple[int, ...],
    build: Build,
    out: Path,
    strict: bool,
) -> None:
    """Account for every bit of memory.

    Tables as papers count them, memory on the chip, blocks of the target, of PROGRAM's hardware at
    the build asked for.

    Exit codes: 0; 1 when over the budget of 100 KB and --strict; 2 for bad input.
    """
    given = load(program)
    if isinstance(given, Network):
        write_tile_report(given, TileBuild.of(build), out, zoo.word_for(program))
        return
    widths = line_widths or [n for n in (build.max_width, 2 * build.max_width) if n <= MAX_SIDE]
    report = account(given, build, widths)
    words = ["lutscale", "report", zoo.word_for(program)]
    for entry in report["line_widths"]:
        words += ["--line-width", str(entry["line_width"])]
    words += [*build.options(), "--out", str(out)]
    plot = plotted("memory.png", lambda: picture(report))
    files = {
        "memory.json": to_json(report).encode(),
        "memory.md": to_markdown(report, shlex.join(words), pictured=bool(plot)).encode(),
    } | plot
    write_whole(out, files)
    if not plot:
        # One of before would show other figures.
        (out / "memory.png").unlink(missing_ok=True)
    _print_summary(report, Console())
    click.echo(f"written: {', '.join(str(out / name) for name in files)}")
    if strict and any(e["verdict"]["result"] == "over" for e in report["line_widths"]):
        raise SystemExit(1)

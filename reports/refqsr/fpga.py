"""A network's tile processor on a chip: what ``lutscale fpga`` does with a network's file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from lutscale.golden.errors import InputError
from lutscale.golden.folders import write_folder
from lutscale.golden.origin import origin
from lutscale.golden.refqsr.network import Network
from lutscale.hw.build import Build
from lutscale.hw.names import part_name
from lutscale.hw.refqsr.build import TileBuild
from lutscale.hw.refqsr.processor import TileProcessor
from lutscale.hw.targets import TARGETS

__all__ = ["processor_of", "write_tile_fpga"]

_LINE = (
    "program", "target", "tile", "lanes", "comb", "ff", "dsp", "blocks", "fmax_mhz", "seeds",
    "result",
)  # fmt: skip
"""Of the report, what the last line says."""

_LABELS = {
    "comb": ("LUT places (COMB)", "luts"),
    "ff": ("flip-flops", "flip_flops"),
    "dsp": ("multipliers", "multipliers"),
    "blocks": ("block memories", "blocks"),
}
"""What figures are called, and what devices call their counts."""


def processor_of(network: Network, build: Build, *, estimated: bool) -> TileProcessor:
    """The tile processor that the options of ``lutscale fpga`` say.

    Args:
        estimated: whether an estimate is asked for.

    Raises:
        InputError: it is, or the target is an ASIC.
        ValueError: the network is none that the processor runs.
    """
    if estimated:
        raise InputError(
            f"--estimate-only must stand with a program, but {network.name} is a network: "
            "--seeds 0 synthesises its tile processor"
        )
    if build.target.family == "asic":
        raise InputError(f"target must be an FPGA for a network, not {build.target.name!r}")
    return TileProcessor(network, TileBuild.of(build))


def write_tile_fpga(
    processor: TileProcessor, report: dict[str, Any], bitstream: bytes, out: Path, name: str
) -> None:
    """Write NAME__fpga.json and the bitstream, and print a table, the files, and the line.

    Args:
        processor: what was implemented.
        report: `Implementation.to_json`, and "netlist" where that was simulated.
        bitstream: or nothing.
        out: the folder.
        name: of the files.

    Raises:
        SystemExit: 1, where the result is "fail".
    """
    build = processor.build
    # Layers of networks have no forms.
    report = {field: value for field, value in report.items() if field != "forms"}
    report |= {
        "format": "lutscale-tile-fpga",
        "version": 1,
        "origin": origin(processor.network),
        "tile": f"{build.max_width}x{build.max_height}",
        "lanes": processor.schedule.tables.lanes,
    }
    files = {f"{name}.bit": bitstream} if bitstream else {}
    manifest = f"{part_name(name, 'fpga')}.json"
    write_folder(out, files, manifest=manifest, about=report)
    _print(report, Console())
    line = {field: report[field] for field in _LINE}
    if "netlist" in report:
        for fault in report["netlist"]["faults"]:
            click.echo(fault)
        line["netlist"] = report["netlist"]["result"]
    click.echo(f"written: {', '.join(str(out / file) for file in [*files, manifest])}")
    click.echo(json.dumps(line))
    if report["result"] == "fail":
        raise SystemExit(1)


def _print(report: Mapping[str, Any], console: Console) -> None:
    """A table of what it takes, and what the device has."""
    device = TARGETS[report["target"]].device if report["target"] in TARGETS else None
    title = f"{report['program']}, tiles of {report['tile']}, {report['target']}"
    table = Table(title=title, title_justify="left")
    for column in ["", "synthesised", *(["device"] if device else [])]:
        table.add_column(column, justify="right" if column else "left")
    for figure, (label, count) in _LABELS.items():
        there = [getattr(device, count)] if device else []
        table.add_row(label, *(f"{n:,}" for n in [report[figure], *there]))
    console.print(table)

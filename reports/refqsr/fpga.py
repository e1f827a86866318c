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
from lutscale.hw.flow.implement import Implementation
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


def processor_of(network: Network, build: Build, given: Mapping[str, object]) -> TileProcessor:
    """The tile processor that the options of ``lutscale fpga`` say.

    Args:
        given: options that are for programs alone, by name, with what was given or nothing.

    Raises:
        InputError: one of them is given, or the target is an ASIC.
        ValueError: the network is none that the processor runs.
    """
    for option, value in given.items():
        if value:
            raise InputError(
                f"{option} must stand with a program, but {network.name} is a network: "
                "--seeds 0 synthesises its tile processor"
            )
    if build.target.family == "asic":
        raise InputError(f"target must be an FPGA for a network, not {build.target.name!r}")
    return TileProcessor(network, TileBuild.of(build))


def write_tile_fpga(
    processor: TileProcessor, made: Implementation, out: Path, name: str
) -> dict[str, Any]:
    """Write NAME__fpga.json and the bitstream, and print a table, the files, and the line.

    Returns:
        the report.
    """
    build = processor.build
    report = made.to_json()
    # Layers of networks have no forms.
    report.pop("forms")
    report |= {
        "format": "lutscale-tile-fpga",
        "version": 1,
        "origin": origin(processor.network),
        "tile": f"{build.max_width}x{build.max_height}",
        "lanes": processor.schedule.tables.lanes,
    }
    files = {f"{name}.bit": made.bitstream} if made.bitstream else {}
    manifest = f"{part_name(name, 'fpga')}.json"
    write_folder(out, files, manifest=manifest, about=report)
    _print(report, Console())
    click.echo(f"written: {', '.join(str(out / file) for file in [*files, manifest])}")
    click.echo(json.dumps({field: report[field] for field in _LINE}))
    return report


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

# amaranth: UnusedElaboratable=no
"""The memory report of a tile processor: what ``lutscale report`` says of a network."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from lutscale.golden.files import write_whole
from lutscale.golden.origin import origin
from lutscale.golden.refqsr.network import Network
from lutscale.hw.memory import MemoryUse
from lutscale.hw.refqsr.build import TileBuild
from lutscale.hw.refqsr.memories import PURPOSES
from lutscale.hw.refqsr.processor import TileProcessor
from lutscale.hw.targets import BlockMemory
from lutscale.reports.markdown import markdown_table

__all__ = ["tile_account", "to_markdown", "write_tile_report"]

_LABELS = {
    "table": "weights and tables",
    "constants": "constants and passes",
    "tile": "the tile that is worked on",
    "reference": "what is kept of references",
}


def tile_account(network: Network, build: TileBuild) -> dict[str, Any]:
    """Every memory of the tile processor that is built from a network.

    Returns:
        a tree of JSON types with stable keys; sizes in bits unless a key ends in "bytes".

    Raises:
        ValueError: the network is none that the processor runs.
    """
    processor = TileProcessor(network, build)
    rows = _rows(processor.memories, build.target.block)
    return {
        "format": "lutscale-tile-memory",
        "version": 1,
        "origin": origin(network),
        "program": {"name": network.name, "scale": network.scale},
        "build": {**build.to_json(), "lanes": processor.schedule.tables.lanes},
        "block": {"name": build.target.block.name, "bits": build.target.block.bits},
        "memories": rows,
        "purposes": {
            purpose: _sum(row for row in rows if row["purpose"] == purpose) for purpose in PURPOSES
        },
        "on_chip": {**_sum(rows), "bytes": -(-sum(row["bits"] for row in rows) // 8)},
    }


def _rows(uses: Iterable[MemoryUse], block: BlockMemory) -> list[dict[str, Any]]:
    """Equal memories of all lanes together, by purpose, the largest first."""
    counts = Counter((u.purpose, u.part or u.name, u.depth, u.width, u.style, u.rom) for u in uses)
    rows = []
    for (purpose, name, depth, width, style, is_rom), count in counts.items():
        blocks = block.needed(depth, width)[0] if style == "block" else 0
        rows.append(
            {
                "purpose": purpose,
                "name": name,
                "count": count,
                "depth": depth,
                "width": width,
                "bits": count * depth * width,
                "style": style,
                "rom": is_rom,
                "blocks": count * blocks,
            }
        )
    return sorted(rows, key=lambda row: (PURPOSES.index(row["purpose"]), -row["bits"], row["name"]))


def _sum(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    sums = {"bits": 0, "blocks": 0}
    for row in rows:
        for name in sums:
            sums[name] += row[name]
    return sums


def to_markdown(report: Mapping[str, Any], command: str) -> str:
    """The account as a Markdown page.

    Args:
        report: of `tile_account`.
        command: the command line that makes the page again.
    """
    build, on_chip = report["build"], report["on_chip"]
    lines = [
        f"# Memory of {report['program']['name']}",
        "",
        f"Tile processor of {build['lanes']} lanes for {build['target']}, tiles up to "
        f"{build['max_width']}x{build['max_height']}, references kept: {build['references']}. "
        f"**{on_chip['bytes']:,} bytes** on-chip, {on_chip['blocks']} {report['block']['name']}.",
        "",
        *_table(report),
        "",
        "Made by",
        "",
        f"    {command}",
        "",
    ]
    return "\n".join(lines)


def _table(report: Mapping[str, Any]) -> Sequence[str]:
    rows = []
    for purpose in PURPOSES:
        own = [row for row in report["memories"] if row["purpose"] == purpose]
        for row in own:
            times = f"{row['count']} x " if row["count"] > 1 else ""
            size = f"{times}{row['depth']} x {row['width']}"
            rows.append(
                [_LABELS[purpose], row["name"], size, f"{row['bits']:,}", str(row["blocks"])]
            )
        if own:
            total = report["purposes"][purpose]
            rows.append(["", "together", "", f"{total['bits']:,}", str(total["blocks"])])
    return markdown_table(["what for", "memory", "words x bits", "bits", "blocks"], rows, 3)


def write_tile_report(network: Network, build: TileBuild, out: Path, word: str) -> None:
    """Write memory.json and memory.md, and print the table.

    Args:
        word: what names the network in a command line.
    """
    report = tile_account(network, build)
    options = f"--max-width {build.max_width} --max-height {build.max_height}"
    command = f"lutscale report {word} {options} --target {build.target.name} --out {out}"
    text = to_markdown(report, command)
    files = {"memory.json": json.dumps(report, indent=1).encode(), "memory.md": text.encode()}
    write_whole(out, files)
    # A picture of before would show other figures.
    (out / "memory.png").unlink(missing_ok=True)
    click.echo("\n".join(_table(report)))
    click.echo(
        f"on-chip: {report['on_chip']['bytes']:,} bytes, {report['on_chip']['blocks']} blocks"
    )
    click.echo(f"written: {', '.join(str(out / name) for name in files)}")

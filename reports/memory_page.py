"""The account of memory as text: JSON and a Markdown page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hw.memory import PURPOSES
from reports.account import BUDGET_BITS

__all__ = ["KB_BITS", "LABELS", "kilobytes", "to_json", "to_markdown", "verdict_text"]

KB_BITS = 8 * 1024

LABELS = {
    "table": "tables",
    "quantiser": "quantiser",
    "line_buffer": "line buffers",
    "reorder_buffer": "reorder",
    "fifo": "FIFO",
}


def to_json(report: Mapping[str, Any]) -> str:
    """The account as JSON text; the same account gives the same text."""
    return json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def kilobytes(bits: int) -> str:
    """Bits as KB of 1024 bytes with one decimal; what is not nothing never shows as 0.0."""
    size = bits / KB_BITS
    return "< 0.1" if bits and size < 0.05 else f"{size:.1f}"


def verdict_text(entry: Mapping[str, Any]) -> str:
    """One line: whether a line width keeps to the budget."""
    verdict, used = entry["verdict"], entry["on_chip"]["bytes"]
    margin = f"{abs(verdict['margin_bytes']):,} bytes"
    fits = verdict["result"] == "fits"
    result = f"fits, with {margin} to spare" if fits else f"over budget by {margin}"
    return (
        f"{entry['line_width']} pixels a line: {result} "
        f"({used:,} of {BUDGET_BITS // 8:,} bytes on-chip)"
    )


def _markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]], texts: int) -> list[str]:
    """A table whose first ``texts`` columns are text and the others numbers."""
    rule = ["---" if k < texts else "---:" for k in range(len(head))]
    return ["| " + " | ".join(row) + " |" for row in (head, rule, *rows)]


def to_markdown(report: Mapping[str, Any], command: str) -> str:
    """The account as a Markdown page beside memory.png.

    Args:
        report: of `account`.
        command: the command line that makes the page again.
    """
    tables, target = report["tables"], report["target"]
    lines = [
        f"# Memory of {report['program']['name']}",
        "",
        *(f"- **{verdict_text(entry)}**" for entry in report["line_widths"]),
        "",
        f"*Tables*, as papers count them (each table and quantiser ROM once): "
        f"**{tables['bytes']:,} bytes** ({kilobytes(tables['bits'])} KB). *On-chip* is every "
        f"memory that the pipeline instantiates at {report['clocks_per_pixel']} clocks per pixel "
        f"and {report['pixels_per_beat']} pixels per beat. 1 KB = 1024 bytes; the budget is "
        f"{BUDGET_BITS // 8:,} bytes.",
        "",
        "![Where the memory goes](memory.png)",
        "",
        "## Totals, bits",
        "",
        *_markdown_totals(report),
        "",
        f"Constants in logic (requantise multipliers, wired, no memory): "
        f"{report['constants_in_logic']['bits']:,} bits.",
        "",
        "## The program's layers, bits in the file",
        "",
        *_markdown_table(
            ("layer", "kind", "shape", "tables", "quantiser", "constants in logic"),
            (
                (
                    str(layer["layer"]),
                    layer["kind"],
                    layer["shape"],
                    *(f"{layer[f'{what}_bits']:,}" for what in ("table", "quantiser", "constant")),
                )
                for layer in report["layers"]
            ),
            texts=3,
        ),
        "",
    ]
    for entry in report["line_widths"]:
        lines += _markdown_width(entry, target)
    lines += ["## Where the figures come from", ""]
    lines += [f"- `{key}`: {text}" for key, text in report["origins"].items()]
    lines += ["", "Made by", "", f"    {command}", ""]
    return "\n".join(lines)


def _markdown_totals(report: Mapping[str, Any]) -> list[str]:
    """Totals: a row per purpose and figure, a column per line width."""
    entries = report["line_widths"]

    def row(label: str, *keys: str) -> list[str]:
        cells = [label]
        for entry in entries:
            value: Any = entry
            for key in keys:
                value = value[key]
            cells.append(f"{value:,}")
        return cells

    rows = [row(LABELS[p], "purposes", p, "bits") for p in PURPOSES]
    rows += [
        row("**on-chip**", "on_chip", "bits"),
        row("**on-chip, bytes**", "on_chip", "bytes"),
        row("margin, bytes", "verdict", "margin_bytes"),
        row("copies and padding of ROMs", "on_chip", "rom_copies_and_padding_bits"),
        row("ROMs in logic", "logic_rom_bits"),
        row("RAMs in logic", "logic_ram_bits"),
        row(f"{report['target']['block']} blocks", "blocks", "count"),
        ["use of the blocks", *(f"{entry['blocks']['utilisation']:.1%}" for entry in entries)],
    ]
    head = ["", *(f"{entry['line_width']} pixels a line" for entry in entries)]
    return _markdown_table(head, rows, texts=1)


def _markdown_width(entry: Mapping[str, Any], target: Mapping[str, Any]) -> list[str]:
    """The tables of one line width: bits per layer, then memories and blocks."""
    layers = [
        (
            str(layer["layer"]),
            layer["kind"],
            *(f"{layer[p]:,}" for p in PURPOSES),
            f"{layer['bits']:,}",
            str(layer["blocks"]),
        )
        for layer in entry["layers"]
    ]
    memories = []
    for group in entry["memories"]:
        shape = group["block_shape"]
        use = group["bits"] / (group["blocks"] * target["block_bits"]) if group["blocks"] else 0
        memories.append(
            (
                str(group["layer"]),
                LABELS[group["purpose"]],
                "ROM" if group["rom"] else "RAM",
                f"{group['count']} of {group['depth']}x{group['width']}",
                f"{shape[0]}x{shape[1]}" if shape else "logic",
                f"{group['bits']:,}",
                str(group["blocks"]) if shape else "",
                f"{use:.1%}" if shape else "",
            )
        )
    head = ("layer", "kind", *(LABELS[p] for p in PURPOSES), "all", "blocks")
    return [
        f"## {entry['line_width']} pixels a line: bits on-chip",
        "",
        *_markdown_table(head, layers, texts=2),
        "",
        f"Memories (depth x width) and their {target['block']} blocks of "
        f"{target['block_bits']:,} bits:",
        "",
        *_markdown_table(
            ("layer", "purpose", "", "memories", "built of", "bits", "blocks", "use"),
            memories,
            texts=5,
        ),
        "",
    ]

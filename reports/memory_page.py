"""The account of memory as text: JSON and a Markdown page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lutscale.hw.memory import PURPOSES
from lutscale.reports.account import BUDGET_BITS
from lutscale.reports.markdown import markdown_table

__all__ = [
    "KB_BITS",
    "LABELS",
    "blocks_text",
    "kilobytes",
    "shown_purposes",
    "to_json",
    "to_markdown",
    "verdict_text",
]

KB_BITS = 8 * 1024

LABELS = {
    "table": "tables",
    "quantiser": "quantiser",
    "line_buffer": "line buffers",
    "reorder_buffer": "reorder",
    "fifo": "FIFO",
    "chroma": "chroma",
}


def shown_purposes(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """`PURPOSES`, in order, without chroma where no line width has any."""
    chroma = any(entry["purposes"]["chroma"]["bits"] for entry in entries)
    return [purpose for purpose in PURPOSES if purpose != "chroma" or chroma]


def to_json(report: Mapping[str, Any]) -> str:
    """The account as JSON text; the same account gives the same text."""
    return json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def blocks_text(target: Mapping[str, Any]) -> str:
    """What the blocks counted are called, and how many the device has."""
    name = f"{target['block']} blocks"
    return f"{name}, of {target['blocks']} in {target['part']}" if target["part"] else name


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


def to_markdown(report: Mapping[str, Any], command: str, *, pictured: bool = True) -> str:
    """The account as a Markdown page beside memory.png.

    Args:
        report: of `account`.
        command: the command line that makes the page again.
        pictured: whether memory.png is there.
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
        f"and {report['pixels_per_beat']} pixels per beat{_colour(report['colour'])}. 1 KB = 1024 "
        f"bytes; the budget is {BUDGET_BITS // 8:,} bytes.",
        "",
        *(["![Where the memory goes](memory.png)", ""] if pictured else []),
        "## Totals, bits",
        "",
        *_markdown_totals(report),
        "",
        f"Constants in logic (multipliers that are wired, no memory): "
        f"{report['constants_in_logic']['bits']:,} bits.",
        "",
        "## The program's layers",
        "",
        "Bits in the file; reads of table words for each LR pixel; `stored` says how often a table "
        "or quantiser ROM is stored for the layer: more than once where the fold has too few "
        "clocks to take turns at one. How many of a quantiser may depend on the line width, which "
        "decides whether it stands in front of the line buffer or behind it.",
        "",
        *_markdown_layers(report),
        "",
        *_markdown_parts(report),
    ]
    for entry in report["line_widths"]:
        lines += _markdown_width(entry, target)
    lines += ["## Where the figures come from", ""]
    lines += [f"- `{key}`: {text}" for key, text in report["origins"].items()]
    lines += ["", "Made by", "", f"    {command}", ""]
    return "\n".join(lines)


def _colour(colour: str | None) -> str:
    return "" if colour is None else f", of {colour}"


def _markdown_layers(report: Mapping[str, Any]) -> list[str]:
    """A row for each layer of the program, and their sum."""
    layers = report["layers"]
    rows = [
        [
            f"{layer['layer']} {layer['kind']}",
            layer["shape"],
            f"x{layer['scale']}",
            str(layer["clocks_per_pixel"]),
            *_numbers(layer, "reads"),
            _file_cell(layer, "table_bits", layer["tables_of"]),
            _stored(report, layer["layer"], "table"),
            _file_cell(layer, "quantiser_bits", layer["quantiser_of"]),
            _stored(report, layer["layer"], "quantiser"),
            *_numbers(layer, "constant_bits"),
        ]
        for layer in layers
    ]
    sums = {
        key: f"{sum(layer[key] for layer in layers):,}"
        for key in ("reads", "table_bits", "quantiser_bits", "constant_bits")
    }
    last = [sums["quantiser_bits"], "", sums["constant_bits"]]
    rows.append(["**all**", "", "", "", sums["reads"], sums["table_bits"], "", *last])
    head = ["layer", "shape", "works at", "clocks a pixel there", "reads", "tables", "stored"]
    return markdown_table([*head, "quantiser", "stored", "constants in logic"], rows, texts=3)


def _file_cell(layer: Mapping[str, Any], key: str, owner: int | None) -> str:
    """Bits in the file, or whose they are."""
    return f"of layer {owner}" if owner is not None else "".join(_numbers(layer, key))


def _numbers(row: Mapping[str, Any], *keys: str) -> list[str]:
    return [f"{row[key]:,}" if row[key] else "" for key in keys]


def _stored(report: Mapping[str, Any], layer: int, purpose: str, part: str | None = None) -> str:
    """How often a layer's tables or quantiser, or one part of them, are stored at each width."""
    counts = {}
    for entry in report["line_widths"]:
        rows = [row for row in entry["stored"] if row["layer"] == layer]
        rows = [row for row in rows if row["purpose"] == purpose and part in (None, row["part"])]
        counts[entry["line_width"]] = max((row["copies"] for row in rows), default=0)
    if len(set(counts.values())) == 1:
        return _times(next(iter(counts.values())))
    return ", ".join(f"{_times(count)} at {width}" for width, count in counts.items())


def _times(count: int) -> str:
    return f"{count} times" if count > 1 else "once" if count else ""


def _markdown_parts(report: Mapping[str, Any]) -> list[str]:
    """A row for each part of layers with tables of several kinds; nothing where there are none."""
    rows = [
        [
            f"{layer['layer']} {part['part']}",
            part["summary"],
            f"{part['words']:,} of {part['word_bits']} bits",
            f"{-(-part['table_bits'] // 8):,}",
            f"{part['reads']:,}",
            _stored(report, layer["layer"], "table", part["part"]),
        ]
        for layer in report["layers"]
        for part in layer["parts"]
    ]
    if not rows:
        return []
    head = ["layer", "tables", "words", "bytes", "reads", "stored"]
    return ["## Layers with tables of several kinds", "", *markdown_table(head, rows, texts=3), ""]


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

    rows = [row(LABELS[p], "purposes", p, "bits") for p in shown_purposes(entries)]
    rows += [
        row("**on-chip**", "on_chip", "bits"),
        row("**on-chip, bytes**", "on_chip", "bytes"),
        row("margin, bytes", "verdict", "margin_bytes"),
        row("of which copies of tables", "on_chip", "table_copy_bits"),
        row("of which copies of quantiser ROMs", "on_chip", "quantiser_copy_bits"),
        row("of which padding of ROMs", "on_chip", "rom_padding_bits"),
        row("ROMs in logic", "logic_rom_bits"),
        row("RAMs in logic", "logic_ram_bits"),
        row(blocks_text(report["target"]), "blocks", "count"),
        ["use of the blocks", *(f"{entry['blocks']['utilisation']:.1%}" for entry in entries)],
    ]
    areas = [entry["blocks"]["area_um2"] / 1e6 for entry in entries]
    if any(areas):
        rows.append(["their area, mm2 (of ROMs an upper bound)", *(f"{a:.3f}" for a in areas)])
    head = ["", *(f"{entry['line_width']} pixels a line" for entry in entries)]
    return markdown_table(head, rows, texts=1)


def _markdown_width(entry: Mapping[str, Any], target: Mapping[str, Any]) -> list[str]:
    """The tables of one line width: bits per layer, then memories and blocks."""
    purposes = shown_purposes([entry])
    layers = [
        (
            str(layer["layer"]),
            layer["kind"],
            *(f"{layer[p]:,}" for p in purposes),
            f"{layer['bits']:,}",
            str(layer["blocks"]),
        )
        for layer in entry["layers"]
    ]
    memories = []
    for group in entry["memories"]:
        shape = group["block_shape"]
        use = group["bits"] / group["block_bits"] if group["blocks"] else 0
        memories.append(
            (
                str(group["layer"]),
                " ".join(filter(None, (LABELS[group["purpose"]], group["part"]))),
                "ROM" if group["rom"] else "RAM",
                f"{group['count']} of {group['depth']}x{group['width']}",
                f"{shape[0]}x{shape[1]}" if shape else "logic",
                f"{group['bits']:,}",
                str(group["blocks"]) if shape else "",
                f"{use:.1%}" if shape else "",
            )
        )
    head = ("layer", "kind", *(LABELS[p] for p in purposes), "all", "blocks")
    columns = [*purposes, "table_copy_bits", "bits", "blocks"]
    stages = [
        (
            f"x{stage['scale']}",
            f"{stage['line_width']:,}",
            str(stage["clocks_per_pixel"]),
            *(f"{stage[name]:,}" for name in columns),
        )
        for stage in entry["stages"]
    ]
    stage_head = ["works at", "pixels a line", "clocks a pixel", *(LABELS[p] for p in purposes)]
    stage_head += ["copies among the tables", "all", "blocks"]
    return [
        f"## {entry['line_width']} pixels a line: bits on-chip",
        "",
        *([*markdown_table(stage_head, stages, texts=1), ""] if len(stages) > 1 else []),
        *markdown_table(head, layers, texts=2),
        "",
        f"Memories (depth x width) and their {target['block']} blocks of "
        f"{'up to ' if entry['blocks']['area_um2'] else ''}{target['block_bits']:,} bits:",
        "",
        *markdown_table(
            ("layer", "purpose", "", "memories", "built of", "bits", "blocks", "use"),
            memories,
            texts=5,
        ),
        "",
    ]

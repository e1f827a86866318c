"""The memory report: tables as papers count them, and every bit that the hardware holds.

    python -m reports.memory model/zoo/iqlut-s-x4.npz --line-width 480 --line-width 960

Two figures are always given together: *tables* (all tables and quantiser ROMs, each once) and
*on-chip* (every memory of the pipeline as instantiated: copies of ROMs, line buffers, reorder
buffers and FIFOs, for a stated line width). Then the physical view: blocks of the target by
legal shape, and ROMs that become logic.
"""

from __future__ import annotations

import io
import json
import os
import shlex
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from golden.command import one_line_errors
from golden.layers import Layer, PixelShuffle, Requantise, Residual, TapTables
from golden.program import Program, load
from golden.validate import require_choice, require_int
from hw.blocks import TARGETS, BlockKind, blocks_needed, utilisation
from hw.memory import PURPOSES, MemoryUse
from hw.pipeline import Pipeline

__all__ = ["BUDGET_BITS", "account", "main", "picture", "to_json", "to_markdown"]

BUDGET_BITS = 100 * 1024 * 8
"""The budget for everything on-chip: 100 KB = 102,400 bytes = 819,200 bits."""

_KB = 8 * 1024
_MULTIPLIER_BITS = 16

_ORIGINS = {
    "tables": "counted in the program file, each table and quantiser ROM once",
    "layers": "counted in the program file",
    "constants_in_logic": "counted in the program file, 16 bits a requantise multiplier; no memory",
    "line_widths.*.memories": "declared by the pipeline's components as they instantiate them",
    "line_widths.*.purposes": "sums of the declared memories",
    "line_widths.*.layers": "sums of the declared memories",
    "line_widths.*.on_chip": "sum of the declared memories",
    "line_widths.*.blocks": "computed from the declared memories and the legal shapes",
    "budget": "fixed by the design",
}

_LABELS = {
    "table": "tables",
    "quantiser": "quantiser",
    "line_buffer": "line buffers",
    "reorder_buffer": "reorder",
    "fifo": "FIFO",
}

_COLOURS = {
    "table": "#2c5c8f",
    "quantiser": "#7fb0dc",
    "line_buffer": "#e38b29",
    "reorder_buffer": "#4b9b78",
    "fifo": "#8b8b8b",
}


# ---------------------------------------------------------------------------- the account


def account(
    program: Program,
    *,
    line_width: int | Sequence[int],
    clocks_per_pixel: int,
    pixels_per_beat: int,
    target: str = "ecp5",
) -> dict[str, Any]:
    """Count the memory of a program and of the pipeline built from it.

    Args:
        program: what is built.
        line_width: the longest line of the LR frame in pixels, 1..16384; or several, of
            which each is accounted for.
        clocks_per_pixel: F, the clocks that one LR pixel may take.
        pixels_per_beat: of the output, 1, 2 or 4.
        target: one of `hw.blocks.TARGETS`. Which memories are blocks and which are
            logic is the pipeline's own decision, made for blocks of 18 kbit.

    Returns:
        a tree of JSON types with stable keys; sizes in bits unless a key ends in "bytes";
        "line_widths" has one entry per line width, in the order given, and "origins" says
        where each part comes from. Margins are positive where the budget is kept.

    Raises:
        TypeError, ValueError: "X must be ..., not ...", also when the pipeline cannot be built.
    """
    require_choice("target", target, TARGETS)
    widths = [line_width] if isinstance(line_width, int) else list(dict.fromkeys(line_width))
    if not widths:
        raise ValueError("line_width must be at least one width, not none")
    kind = TARGETS[target]
    entries = []
    for width in widths:
        pipeline = Pipeline(
            program,
            clocks_per_pixel=clocks_per_pixel,
            pixels_per_beat=pixels_per_beat,
            max_width=require_int("line_width", width, 1, 1 << 14),
        )
        entries.append(_physical(program, pipeline.memories, int(width), kind))
    layers = _layers(program)
    tables = program.table_bits + program.quantiser_bits
    return {
        "format": "lutscale-memory",
        "version": 1,
        "program": {"name": program.name, "scale": program.scale},
        "clocks_per_pixel": clocks_per_pixel,
        "pixels_per_beat": pixels_per_beat,
        "target": {"name": target, "block": kind.name, "block_bits": kind.bits},
        "budget": {"bits": BUDGET_BITS, "bytes": BUDGET_BITS // 8},
        "tables": {
            "table_bits": program.table_bits,
            "quantiser_bits": program.quantiser_bits,
            "bits": tables,
            "bytes": program.table_bytes,
        },
        "constants_in_logic": {"bits": sum(layer["constant_bits"] for layer in layers)},
        "layers": layers,
        "line_widths": entries,
        "origins": dict(_ORIGINS),
    }


def _layers(program: Program) -> list[dict[str, Any]]:
    """What the program file itself says of each layer."""
    types = program.types
    return [
        {
            "layer": k,
            "kind": layer.kind,
            "shape": _shape_text(layer, types[k].channels, types[k + 1].channels),
            "table_bits": layer.table_bits,
            "quantiser_bits": layer.quantiser_bits,
            "constant_bits": (
                _MULTIPLIER_BITS * len(layer.multiplier) if isinstance(layer, Requantise) else 0
            ),
        }
        for k, layer in enumerate(program.layers)
    ]


def _shape_text(layer: Layer, inputs: int, outputs: int) -> str:
    """A layer in a few words; any kind unknown here gets its channels."""
    if isinstance(layer, TapTables):
        kh, kw = layer.kernel
        levels = layer.entries.shape[3]
        read = f"{levels} {'entries' if layer.quantiser is None else 'nodes'}"
        return f"{inputs}→{outputs}, {kh}x{kw}, {read} of {layer.entry_bits} bits"
    if isinstance(layer, Requantise):
        return f"{outputs} channels to {layer.lo}..{layer.hi}"
    if isinstance(layer, Residual):
        source = "frame" if layer.source == 0 else f"output of layer {layer.source - 1}"
        return f"adds {source}" + (f", {layer.upsample}" if layer.upsample != "none" else "")
    if isinstance(layer, PixelShuffle):
        return f"x{layer.scale}"
    return f"{inputs}→{outputs} channels"


def _physical(
    program: Program, uses: Sequence[MemoryUse], width: int, kind: BlockKind
) -> dict[str, Any]:
    """Everything that depends on the line width."""
    groups = _groups(uses, kind)
    total = _sum(groups)
    bits = total["bits"]
    margin = BUDGET_BITS - bits
    rom_bits = sum(g["bits"] for g in groups if g["purpose"] in ("table", "quantiser"))
    by_layer: dict[int, list[dict[str, Any]]] = {}
    for group in groups:
        by_layer.setdefault(group["layer"], []).append(group)
    return {
        "line_width": width,
        "purposes": {p: _sum(g for g in groups if g["purpose"] == p) for p in PURPOSES},
        "layers": [
            {
                "layer": number,
                "kind": program.layers[number].kind if number >= 0 else "pipeline",
                **{p: sum(g["bits"] for g in own if g["purpose"] == p) for p in PURPOSES},
                **_sum(own),
            }
            for number, own in sorted(by_layer.items())
        ],
        "memories": groups,
        "on_chip": {
            "bits": bits,
            "bytes": -(-bits // 8),
            "rom_copies_and_padding_bits": rom_bits - program.table_bits - program.quantiser_bits,
        },
        "blocks": {
            "count": total["blocks"],
            "stored_bits": total["block_stored_bits"],
            "utilisation": _utilisation(kind, total),
        },
        "logic_rom_bits": total["logic_rom_bits"],
        "logic_ram_bits": total["logic_ram_bits"],
        "verdict": {
            "result": "fits" if margin >= 0 else "over",
            "margin_bits": margin,
            "margin_bytes": BUDGET_BITS // 8 - -(-bits // 8),
        },
    }


def _groups(uses: Iterable[MemoryUse], kind: BlockKind) -> list[dict[str, Any]]:
    """Equal memories counted together, in a fixed order, with the blocks they need."""
    order = {purpose: k for k, purpose in enumerate(PURPOSES)}
    counts = Counter((u.layer, u.purpose, u.depth, u.width, u.style, u.rom) for u in uses)
    groups = []
    for key in sorted(counts, key=lambda k: (k[0], order[k[1]], *k[2:])):
        layer, purpose, depth, width, style, rom = key
        count = counts[key]
        blocks, shape = blocks_needed(kind, depth, width) if style == "block" else (0, None)
        groups.append(
            {
                "layer": layer,
                "purpose": purpose,
                "count": count,
                "depth": depth,
                "width": width,
                "bits": count * depth * width,
                "style": style,
                "rom": rom,
                "block_shape": None if shape is None else list(shape),
                "blocks": count * blocks,
            }
        )
    return groups


def _sum(groups: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """The sums of some groups of memories."""
    sums = dict.fromkeys(
        ("bits", "blocks", "block_stored_bits", "logic_rom_bits", "logic_ram_bits"), 0
    )
    for group in groups:
        sums["bits"] += group["bits"]
        sums["blocks"] += group["blocks"]
        if group["style"] == "block":
            sums["block_stored_bits"] += group["bits"]
        else:
            sums["logic_rom_bits" if group["rom"] else "logic_ram_bits"] += group["bits"]
    return sums


def _utilisation(kind: BlockKind, sums: Mapping[str, int]) -> float:
    return round(utilisation(kind, sums["blocks"], sums["block_stored_bits"]), 4)


# ------------------------------------------------------------------------------- the texts


def to_json(report: Mapping[str, Any]) -> str:
    """The account as JSON text; the same account gives the same text."""
    return json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _kb(bits: int) -> str:
    """Bits as KB of 1024 bytes with one decimal; what is not nothing never shows as 0.0."""
    size = bits / _KB
    return "< 0.1" if bits and size < 0.05 else f"{size:.1f}"


def _verdict_text(entry: Mapping[str, Any]) -> str:
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
        *(f"- **{_verdict_text(entry)}**" for entry in report["line_widths"]),
        "",
        f"*Tables*, as papers count them (each table and quantiser ROM once): "
        f"**{tables['bytes']:,} bytes** ({_kb(tables['bits'])} KB). *On-chip* is every memory that "
        f"the pipeline instantiates at {report['clocks_per_pixel']} clocks per pixel and "
        f"{report['pixels_per_beat']} pixels per beat. 1 KB = 1024 bytes; the budget is "
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

    rows = [row(_LABELS[p], "purposes", p, "bits") for p in PURPOSES]
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
                _LABELS[group["purpose"]],
                "ROM" if group["rom"] else "RAM",
                f"{group['count']} of {group['depth']}x{group['width']}",
                f"{shape[0]}x{shape[1]}" if shape else "logic",
                f"{group['bits']:,}",
                str(group["blocks"]) if shape else "",
                f"{use:.1%}" if shape else "",
            )
        )
    head = ("layer", "kind", *(_LABELS[p] for p in PURPOSES), "all", "blocks")
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


# ----------------------------------------------------------------------------- the picture

_TITLE_ROW, _NAMES_ROW, _TOTAL_ROW, _FIRST_LAYER_ROW = 0.55, 1.25, 1.85, 2.9
_LEFT, _RIGHT = 0.235, 0.955
_FITS, _OVER = "#23784f", "#b8321f"


def picture(report: Mapping[str, Any]) -> bytes:
    """The account as PNG: per line width the sum and each layer, in KB, beside the budget."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    entries = report["line_widths"]
    heights = [_FIRST_LAYER_ROW + len(entry["layers"]) - 0.1 for entry in entries]
    limit = max(max(e["on_chip"]["bits"] for e in entries), BUDGET_BITS) / _KB * 1.02
    with rc_context({"font.family": "DejaVu Sans", "font.size": 10}):
        head, foot = 0.95, 0.62
        height = 0.34 * sum(heights) + head + foot
        figure = Figure(figsize=(10, height), dpi=160, facecolor="white")
        FigureCanvasAgg(figure)
        grid = figure.subplots(
            len(entries),
            1,
            sharex=True,
            squeeze=False,
            gridspec_kw={"height_ratios": heights, "hspace": 0},
        )
        figure.subplots_adjust(
            left=_LEFT, right=_RIGHT, top=1 - head / height, bottom=foot / height
        )
        _draw_head(figure, report, height)
        for k, (axes, entry) in enumerate(zip(grid[:, 0], entries, strict=True)):
            _draw_width(axes, entry, report["layers"], limit)
            _draw_budget(axes, limit, _FIRST_LAYER_ROW if k == 0 else None)
        grid[-1, 0].tick_params(axis="x", labelbottom=True, length=0, colors="#666666", pad=4)
        grid[-1, 0].set_xlabel("KB on-chip (1 KB = 1024 bytes)", color="#666666", labelpad=6)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _draw_head(figure: Any, report: Mapping[str, Any], height: float) -> None:
    """Title, and what the account is of."""
    name, tables = report["program"]["name"], report["tables"]["bits"]
    figure.text(0.02, 1 - 0.34 / height, f"Where the memory of {name} goes", size=15, weight="bold")
    figure.text(
        0.02,
        1 - 0.62 / height,
        f"Tables as papers count them: {_kb(tables)} KB   ·   "
        f"{report['clocks_per_pixel']} clocks per pixel, "
        f"{report['pixels_per_beat']} pixels per beat",
        color="#666666",
    )


def _draw_width(
    axes: Any, entry: Mapping[str, Any], layers: Sequence[Mapping[str, Any]], limit: float
) -> None:
    """One line width: the verdict, the sum, then a bar per layer that has memory."""
    rows = [_FIRST_LAYER_ROW + k for k in range(len(entry["layers"]))]
    axes.set_xlim(0, limit)
    axes.set_ylim(rows[-1] + 0.9, 0)
    verdict = entry["verdict"]
    fits = verdict["result"] == "fits"
    margin = f"{_kb(abs(verdict['margin_bits']))} KB"
    text = f"fits, {margin} to spare" if fits else f"over budget by {margin}"
    style = {"size": 12.5, "weight": "bold", "va": "center"}
    edge = (0.02 - _LEFT) / (_RIGHT - _LEFT)
    label = f"{entry['line_width']} pixels a line"
    axes.text(edge, _TITLE_ROW, label, transform=axes.get_yaxis_transform(), **style)
    label = f"{_kb(entry['on_chip']['bits'])} KB: {text}"
    axes.text(0, _TITLE_ROW, label, color=_FITS if fits else _OVER, **style)
    _draw_names(axes, entry["purposes"], limit)
    _draw_bar(axes, _TOTAL_ROW, 0.74, {p: entry["purposes"][p]["bits"] for p in PURPOSES}, limit)
    for row, layer in zip(rows, entry["layers"], strict=True):
        _draw_bar(axes, row, 0.5, layer, 0)
        end = layer["bits"] / _KB + limit * 0.006
        axes.text(end, row, _kb(layer["bits"]), va="center", size=9, color="#444444")
    _draw_scale(axes, entry, layers, limit, rows)


def _draw_scale(
    axes: Any,
    entry: Mapping[str, Any],
    layers: Sequence[Mapping[str, Any]],
    limit: float,
    rows: Sequence[float],
) -> None:
    """Names left of the bars, and faint lines that start below the heading."""
    labels = ["all layers"]
    for layer in entry["layers"]:
        number = layer["layer"]
        shape = layers[number]["shape"].split(", ") if number >= 0 else []
        labels.append(" ".join([str(number), layer["kind"].replace("_", " "), *shape[:2]]))
    axes.set_yticks([_TOTAL_ROW, *rows], labels, size=9.5)
    axes.tick_params(axis="both", length=0, labelbottom=False)
    ticks = [tick for tick in axes.get_xticks() if 0 <= tick <= limit]
    top, bottom = _TOTAL_ROW - 0.37, axes.get_ylim()[0]
    axes.vlines(ticks, top, bottom, color="#e6e6e6", linewidth=0.8, zorder=0)
    for side in axes.spines.values():
        side.set_visible(False)


def _draw_bar(
    axes: Any, row: float, thickness: float, bits: Mapping[str, int], limit: float
) -> None:
    """A stacked bar; where ``limit`` is given, with numbers in the segments that hold them."""
    from matplotlib.patheffects import withStroke

    start = 0.0
    for purpose in PURPOSES:
        size = bits[purpose] / _KB
        colour = _COLOURS[purpose]
        axes.barh(row, size, thickness, start, color=colour, edgecolor="white", linewidth=0.6)
        if limit and size > limit * 0.04:
            # The number interrupts the line of the budget where they meet.
            outline = [withStroke(linewidth=4, foreground=colour)]
            axes.text(
                start + size / 2,
                row,
                f"{size:.1f}",
                ha="center",
                va="center",
                color="white",
                weight="bold",
                path_effects=outline,
                zorder=4,
            )
        start += size


def _draw_names(axes: Any, purposes: Mapping[str, Mapping[str, int]], limit: float) -> None:
    """The names of the sum's segments above them, moved right where they would touch."""
    start = free = 0.0
    for purpose in PURPOSES:
        size = purposes[purpose]["bits"] / _KB
        if size >= 0.05:
            label = _LABELS[purpose]
            width = limit * 0.0112 * len(label)
            left = max(start + (size - width) / 2, free)
            style = {"size": 9.5, "weight": "bold", "ha": "center", "va": "center"}
            axes.text(left + width / 2, _NAMES_ROW, label, color=_COLOURS[purpose], **style)
            free = left + width + limit * 0.012
        start += size


def _draw_budget(axes: Any, limit: float, row: float | None) -> None:
    """The line at the budget; named beside it at ``row``."""
    budget, dashes = BUDGET_BITS / _KB, (0, (4, 2))
    top, bottom = _TOTAL_ROW - 0.37, axes.get_ylim()[0]
    axes.vlines(budget, top, bottom, color=_OVER, linewidth=1.4, linestyle=dashes, zorder=3)
    if row is not None:
        right = limit > 1.2 * budget
        place = budget + limit * (0.008 if right else -0.008)
        style = {"size": 9.5, "weight": "bold", "va": "center", "color": _OVER}
        axes.text(place, row, f"budget {budget:.0f} KB", ha="left" if right else "right", **style)


# ------------------------------------------------------------------------- the command line


def _print_summary(report: Mapping[str, Any], console: Console) -> None:
    """The totals in KB as a table, a column per line width, and the verdicts."""
    tables, entries = report["tables"], report["line_widths"]
    title = f"{report['program']['name']}: memory, KB of 1024 bytes"
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for entry in entries:
        table.add_column(f"{entry['line_width']} px a line", justify="right")
    table.add_row("tables, as papers count", *[_kb(tables["bits"]) for _ in entries])
    table.add_section()
    for purpose in PURPOSES:
        sizes = [_kb(entry["purposes"][purpose]["bits"]) for entry in entries]
        table.add_row(_LABELS[purpose], *sizes)
    table.add_section()
    table.add_row("on-chip", *[_kb(entry["on_chip"]["bits"]) for entry in entries], style="bold")
    table.add_section()
    blocks = [f"{e['blocks']['count']} ({e['blocks']['utilisation']:.0%})" for e in entries]
    table.add_row(f"{report['target']['block']} blocks (use)", *blocks)
    table.add_row("ROMs in logic", *[_kb(entry["logic_rom_bits"]) for entry in entries])
    console.print(table)
    for entry in entries:
        style = "green" if entry["verdict"]["result"] == "fits" else "bold red"
        console.print(_verdict_text(entry), style=style, highlight=False, soft_wrap=True)


def _write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder; each appears whole, and none before all could be written."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".memory-") as staging:
        for name, content in files.items():
            (Path(staging) / name).write_bytes(content)
        for name in files:
            os.replace(Path(staging) / name, folder / name)


@click.command()
@click.argument("program", type=click.Path(path_type=Path), default="model/zoo/iqlut-s-x4.npz")
@click.option(
    "--line-width",
    type=click.IntRange(1, 1 << 14),
    multiple=True,
    default=(480, 960),
    show_default=True,
    help="Longest line of the LR frame in pixels; may be given again.",
)
@click.option("--clocks-per-pixel", type=int, default=4, show_default=True, help="The fold, F.")
@click.option(
    "--pixels-per-beat", type=int, default=4, show_default=True, help="Of the output: 1, 2 or 4."
)
@click.option(
    "--target",
    type=click.Choice(sorted(TARGETS)),
    default="ecp5",
    show_default=True,
    help="Whose block memories are counted.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="build/reports",
    show_default=True,
    help="Folder for memory.json, memory.md and memory.png.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 when a line width is over the budget.")
@one_line_errors
def main(
    program: Path,
    line_width: tuple[int, ...],
    clocks_per_pixel: int,
    pixels_per_beat: int,
    target: str,
    out: Path,
    strict: bool,
) -> None:
    """Report the memory of PROGRAM (.npz): tables, on-chip memory and blocks.

    Exit codes: 0; 1 when over the budget of 100 KB and --strict; 2 for bad input.
    """
    report = account(
        load(program),
        line_width=line_width,
        clocks_per_pixel=clocks_per_pixel,
        pixels_per_beat=pixels_per_beat,
        target=target,
    )
    words = ["python", "-m", "reports.memory", str(program)]
    for entry in report["line_widths"]:
        words += ["--line-width", str(entry["line_width"])]
    words += ["--clocks-per-pixel", str(clocks_per_pixel)]
    words += ["--pixels-per-beat", str(pixels_per_beat), "--target", target, "--out", str(out)]
    files = {
        "memory.json": to_json(report).encode(),
        "memory.md": to_markdown(report, shlex.join(words)).encode(),
        "memory.png": picture(report),
    }
    _write_all(out, files)
    _print_summary(report, Console())
    click.echo(f"written: {', '.join(str(out / name) for name in files)}")
    if strict and any(e["verdict"]["result"] == "over" for e in report["line_widths"]):
        raise SystemExit(1)


if __name__ == "__main__":
    main()

"""The account of memory as a picture."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from lutscale.hw.memory import PURPOSES
from lutscale.reports.account import BUDGET_BITS
from lutscale.reports.memory_page import KB_BITS, LABELS, kilobytes

__all__ = ["picture"]

_COLOURS = {
    "table": "#2c5c8f",
    "table_copies": "#5f86ae",
    "quantiser": "#7fb0dc",
    "line_buffer": "#e38b29",
    "reorder_buffer": "#4b9b78",
    "fifo": "#8b8b8b",
    "chroma": "#a8578f",
}
_NAMES = {**LABELS, "table_copies": "copies"}

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
    limit = max(max(e["on_chip"]["bits"] for e in entries), BUDGET_BITS) / KB_BITS * 1.02
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
        f"Tables as papers count them: {kilobytes(tables)} KB   ·   "
        f"{report['clocks_per_pixel']} clocks per pixel, "
        f"{report['pixels_per_beat']} pixels per beat   ·   {report['work']['reads']:,} table "
        "reads per pixel",
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
    margin = f"{kilobytes(abs(verdict['margin_bits']))} KB"
    text = f"fits, {margin} to spare" if fits else f"over budget by {margin}"
    style = {"size": 12.5, "weight": "bold", "va": "center"}
    edge = (0.02 - _LEFT) / (_RIGHT - _LEFT)
    label = f"{entry['line_width']} pixels a line"
    axes.text(edge, _TITLE_ROW, label, transform=axes.get_yaxis_transform(), **style)
    label = f"{kilobytes(entry['on_chip']['bits'])} KB: {text}"
    axes.text(0, _TITLE_ROW, label, color=_FITS if fits else _OVER, **style)
    sums = {purpose: entry["purposes"][purpose]["bits"] for purpose in PURPOSES}
    parts = _parts(sums, entry["on_chip"]["table_copy_bits"])
    _draw_names(axes, parts, limit)
    _draw_bar(axes, _TOTAL_ROW, 0.74, parts, limit)
    for row, layer in zip(rows, entry["layers"], strict=True):
        _draw_bar(axes, row, 0.5, _parts(layer, layer["table_copy_bits"]), 0)
        end = layer["bits"] / KB_BITS + limit * 0.006
        axes.text(end, row, kilobytes(layer["bits"]), va="center", size=9, color="#444444")
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
        stage = [f"at x{layer['scale']}"] if len(entry["stages"]) > 1 else []
        # What fits: channels and kernel of taps, the number of parts, the scale.
        about = shape[1:2] if number >= 0 and layers[number]["parts"] else shape[:2]
        labels.append(" ".join([str(number), layer["kind"].replace("_", " "), *about, *stage]))
    axes.set_yticks([_TOTAL_ROW, *rows], labels, size=9.5)
    axes.tick_params(axis="both", length=0, labelbottom=False)
    ticks = [tick for tick in axes.get_xticks() if 0 <= tick <= limit]
    top, bottom = _TOTAL_ROW - 0.37, axes.get_ylim()[0]
    axes.vlines(ticks, top, bottom, color="#e6e6e6", linewidth=0.8, zorder=0)
    for side in axes.spines.values():
        side.set_visible(False)


def _parts(bits: Mapping[str, int], copies: int) -> dict[str, float]:
    """What a bar is made of, in KB: the purposes, copies of tables apart from the tables."""
    parts = {name: bits.get(name, copies) / KB_BITS for name in _COLOURS}
    parts["table"] -= parts["table_copies"]
    return parts


def _draw_bar(
    axes: Any, row: float, thickness: float, parts: Mapping[str, float], limit: float
) -> None:
    """A stacked bar; where ``limit`` is given, with numbers in the segments that hold them."""
    from matplotlib.patheffects import withStroke

    start = 0.0
    for name, size in parts.items():
        colour = _COLOURS[name]
        hatch = "////" if name == "table_copies" and size else None
        style = {"color": colour, "edgecolor": "white", "linewidth": 0.6, "hatch": hatch}
        axes.barh(row, size, thickness, start, **style)
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


def _draw_names(axes: Any, parts: Mapping[str, float], limit: float) -> None:
    """The names of the sum's segments above them, moved aside where they would touch."""
    start = free = 0.0
    places: list[tuple[str, float, float]] = []
    for name, size in parts.items():
        if size >= 0.05:
            width = limit * 0.0112 * len(_NAMES[name])
            left = max(start + (size - width) / 2, free)
            places.append((name, left, width))
            free = left + width + limit * 0.012
        start += size
    end = limit * 1.02
    for name, left, width in reversed(places):
        left = min(left, end - width)
        style = {"size": 9.5, "weight": "bold", "ha": "center", "va": "center"}
        axes.text(left + width / 2, _NAMES_ROW, _NAMES[name], color=_COLOURS[name], **style)
        end = left - limit * 0.012


def _draw_budget(axes: Any, limit: float, row: float | None) -> None:
    """The line at the budget; named beside it at ``row``."""
    budget, dashes = BUDGET_BITS / KB_BITS, (0, (4, 2))
    top, bottom = _TOTAL_ROW - 0.37, axes.get_ylim()[0]
    axes.vlines(budget, top, bottom, color=_OVER, linewidth=1.4, linestyle=dashes, zorder=3)
    if row is not None:
        right = limit > 1.2 * budget
        place = budget + limit * (0.008 if right else -0.008)
        style = {"size": 9.5, "weight": "bold", "va": "center", "color": _OVER}
        axes.text(place, row, f"budget {budget:.0f} KB", ha="left" if right else "right", **style)

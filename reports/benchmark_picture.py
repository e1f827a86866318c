"""The benchmark as a picture: PSNR on Set5 at x4 against the bytes of the tables."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lutscale.reports.account import BUDGET_BITS
from lutscale.reports.benchmark_page import training_lines

__all__ = ["Point", "picture", "place_labels", "points"]

_SET, _TASK = "Set5", "x4"
_BUDGET = BUDGET_BITS // 8
_KB, _MB = 1 << 10, 1 << 20
_TICKS = {k * _KB: f"{k} KB" for k in (1, 3, 10, 30, 100, 300)}
_TICKS |= {k * _MB: f"{k} MB" for k in (1, 3, 10)}
_GREY, _RED = "#666666", "#b8321f"


@dataclass(frozen=True)
class _Look:
    """How one kind of point is drawn, and what the legend says of it."""

    marker: str
    size: float
    face: str
    edge: str
    text: str
    legend: str


_LOOKS = {
    "ours": _Look("o", 105, "#1f5fa8", "white", "#174a84", "ours, measured"),
    "imported": _Look(
        "s", 62, "#4b9b78", "white", "#2d6b50", "others: released tables, measured in this run"
    ),
    "measured": _Look(
        "D", 46, "#e38b29", "white", "#8f5410", "others: measured from released tables"
    ),
    "published": _Look("D", 42, "white", "#9a9a9a", _GREY, "others: as published, not measured"),
}


@dataclass(frozen=True)
class Point:
    """One system: bytes of tables and quantiser ROMs, PSNR, and a kind of `_LOOKS`."""

    name: str
    bytes: int
    psnr: float
    kind: str


def points(result: Mapping[str, Any]) -> list[Point]:
    """What the picture shows; empty when no program was measured at x4 on Set5.

    Systems of the literature whose very tables were measured in this run are left out.
    """
    found, families = [], set()
    for program in result["programs"]:
        if program["task"] == _TASK and _SET in program["sets"]:
            family = program["imported_family"]
            families.add(family)
            size = program["costs"]["table_bytes_with_quantiser"]
            level = program["sets"][_SET]["psnr"]
            kind = "imported" if family else "ours"
            found.append(Point(program["name"], size, level, kind))
    if not found:
        return []
    for system in result["published"]:
        if _SET in system["psnr"] and (not system["family"] or system["family"] not in families):
            level = system["psnr"][_SET]
            found.append(Point(system["name"], system["bytes"], level, system["source"]))
    return found


def picture(result: Mapping[str, Any]) -> bytes:
    """The picture as PNG; `points` must not be empty."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = points(result)
    notes = _notes(result)
    with rc_context({"font.family": "DejaVu Sans", "font.size": 10}):
        foot = 0.5 + 0.19 * len(notes)
        height = 6.7 + foot
        figure = Figure(figsize=(10, height), dpi=160, facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        figure.subplots_adjust(left=0.07, right=0.975, top=1 - 1.0 / height, bottom=foot / height)
        title = "Quality against memory: x4, Set5"
        figure.text(0.02, 1 - 0.38 / height, title, size=15, weight="bold")
        what = "luma PSNR in dB, over the bytes of all tables (ours with quantiser ROMs)"
        figure.text(0.02, 1 - 0.67 / height, what, color=_GREY)
        for k, note in enumerate(reversed(notes)):
            figure.text(0.02, (0.1 + 0.19 * k) / height, note, size=8.5, color=_GREY)
        _draw_scales(axes, shown)
        baseline = _baseline(result)
        if baseline is not None:
            _draw_baseline(axes, baseline)
        for kind, look in _LOOKS.items():
            own = [point for point in shown if point.kind == kind]
            if own:
                axes.scatter(
                    [point.bytes for point in own],
                    [point.psnr for point in own],
                    s=look.size,
                    marker=look.marker,
                    color=look.face,
                    edgecolor=look.edge,
                    linewidth=1.3,
                    label=look.legend,
                    zorder=4 if kind == "ours" else 3,
                )
        axes.legend(loc="lower right", frameon=True, facecolor="white", edgecolor="#dddddd")
        _draw_labels(figure, axes, shown)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _notes(result: Mapping[str, Any]) -> list[str]:
    """Below the axes: what was trained on which pictures."""
    drawn = {point.name for point in points(result)}
    programs = [program for program in result["programs"] if program["name"] in drawn]
    lines = training_lines({"programs": programs})
    return [part for line in lines for part in textwrap.wrap(line, 150)]


def _baseline(result: Mapping[str, Any]) -> float | None:
    for program in result["programs"]:
        if program["task"] == _TASK and _SET in program["sets"]:
            return float(program["sets"][_SET]["psnr_baseline"])
    return None


def _draw_scales(axes: Any, shown: Sequence[Point]) -> None:
    """Logarithmic bytes, PSNR, a light grid, and the line of the budget."""
    low = min(*(point.bytes for point in shown), 24_000) / 1.7
    high = max(*(point.bytes for point in shown), 4_200_000) * 2.2
    levels = [point.psnr for point in shown]
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(min(levels) - 0.35, max(levels) + 0.2)
    ticks = [tick for tick in sorted(_TICKS) if low <= tick <= high]
    axes.set_xticks(ticks, [_TICKS[tick] for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.tick_params(length=0, colors=_GREY)
    axes.set_axisbelow(True)
    axes.grid(color="#ebebeb", linewidth=0.8)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.axvspan(low, _BUDGET, color="#2c5c8f", alpha=0.035, zorder=0, linewidth=0)
    axes.axvline(_BUDGET, color=_RED, linewidth=1.3, linestyle=(0, (4, 2)), zorder=1)
    axes.text(
        _BUDGET * 0.96, 1.012, f"budget {_BUDGET:,} bytes", color=_RED, size=9.5, weight="bold",
        ha="center", va="bottom", transform=axes.get_xaxis_transform(),
    )  # fmt: skip


def _draw_baseline(axes: Any, level: float) -> None:
    """Bicubic is far below: named at the lower edge."""
    low, _ = axes.get_ylim()
    if level < low:
        text = f"↓ bicubic {level:.2f} dB, no tables"
        axes.text(0.012, 0.018, text, transform=axes.transAxes, size=9, color=_GREY, style="italic")
    else:
        axes.axhline(level, color="#bbbbbb", linewidth=1, zorder=1)


Box = tuple[float, float, float, float]


def _draw_labels(figure: Any, axes: Any, shown: Sequence[Point]) -> None:
    """Names beside their points, ours first, none over another."""
    from matplotlib.patheffects import withStroke

    renderer = figure.canvas.get_renderer()
    figure.canvas.draw()
    ranked = sorted(shown, key=lambda point: (list(_LOOKS).index(point.kind), point.bytes))
    centres = [
        tuple(axes.transData.transform((point.bytes, point.psnr)).tolist()) for point in ranked
    ]
    texts, sizes = [], []
    halo = [withStroke(linewidth=2.5, foreground="white")]
    for point in ranked:
        look = _LOOKS[point.kind]
        weight = "bold" if point.kind in ("ours", "imported") else "normal"
        text = axes.annotate(
            point.name, (0, 0), xycoords="figure pixels", size=9.5, color=look.text,
            weight=weight, ha="center", va="center", zorder=5, path_effects=halo,
        )  # fmt: skip
        box = text.get_window_extent(renderer)
        texts.append(text)
        sizes.append((box.width, box.height))
    legend = axes.get_legend().get_window_extent(renderer)
    room = axes.get_window_extent(renderer)
    scale = figure.dpi / 72
    budget = float(axes.transData.transform((_BUDGET, shown[0].psnr))[0])
    blocked = [
        (legend.x0, legend.y0, legend.x1, legend.y1),
        (budget - scale, room.y0, budget + scale, room.y1),
    ]
    boxes = place_labels(
        centres, sizes, (room.x0, room.y0, room.x1, room.y1), blocked, gap=7 * scale
    )
    for text, (x0, y0, x1, y1), (x, y) in zip(texts, boxes, centres, strict=True):
        text.set_position(((x0 + x1) / 2, (y0 + y1) / 2))
        near = (min(max(x, x0), x1), min(max(y, y0), y1))
        if (near[0] - x) ** 2 + (near[1] - y) ** 2 > (13 * scale) ** 2:
            axes.annotate(
                "", (x, y), near, xycoords="figure pixels", textcoords="figure pixels",
                arrowprops={"arrowstyle": "-", "color": "#b5b5b5", "linewidth": 0.8}, zorder=2,
            )  # fmt: skip


_DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))


def place_labels(
    centres: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    room: Box,
    blocked: Sequence[Box] = (),
    *,
    gap: float,
) -> list[Box]:
    """Boxes for labels beside their points, that touch neither points nor each other.

    In order, each takes the nearest of some places round its point that is free; where none is,
    the one that overlaps least.

    Args:
        centres: of the points.
        sizes: (width, height) of each label.
        room: (left, bottom, right, top) that labels should stay in.
        blocked: places that are taken already.
        gap: between a point and a label beside it.
    """
    taken = [*blocked, *((x - gap / 1.3, y - gap / 1.3, x + gap / 1.3, y + gap / 1.3)
                         for x, y in centres)]  # fmt: skip
    boxes = []
    for (x, y), (width, height) in zip(centres, sizes, strict=True):
        places = []
        for ring in range(5):
            away = gap * (1 + 1.6 * ring)
            for right, up in _DIRECTIONS:
                across, along = away + width / 2, away + height / 2
                if right and up:
                    across -= away * 0.4
                left = x + right * across - width / 2
                bottom = y + up * along - height / 2
                places.append((left, bottom, left + width, bottom + height))
        best = min(places, key=lambda box: _cost(box, taken, room))
        taken.append(best)
        boxes.append(best)
    return boxes


def _cost(box: Box, taken: Sequence[Box], room: Box) -> float:
    """The area that is not free."""
    area = (box[2] - box[0]) * (box[3] - box[1])
    return area - _common(box, room) + sum(_common(box, other) for other in taken)


def _common(a: Box, b: Box) -> float:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return max(width, 0) * max(height, 0)

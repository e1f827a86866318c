"""Where points lie in a picture of quality against cost; templates draw them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lutscale.reports.benchmark_picture import place_labels
from lutscale.reports.page.figures import Figures
from lutscale.reports.page.marks import Mark

__all__ = ["LARGE", "SMALL", "Frame", "chart"]

_TICKS = (1, 2, 5)
_BYTE_TICKS = (1, 3, 10, 30, 100, 300)


@dataclass(frozen=True)
class Frame:
    """The size of a picture, in pixels, and whose names stand in it."""

    width: int
    height: int
    named: tuple[str, ...]
    left: int = 44
    right: int = 14
    top: int = 26
    bottom: int = 40


LARGE = Frame(820, 430, ("own", "ours", "imported", "measured", "published", "estimated"))
SMALL = Frame(350, 330, ("own",))


def chart(
    figures: Figures, marks: Sequence[Mark], frame: Frame, *, limit: int | None, in_bytes: bool
) -> Any:
    """Marks in a frame: PSNR upwards, the logarithm of the cost to the right.

    Args:
        limit: where a line stands, in the unit of the cost.
        in_bytes: whether the cost is bytes, or counted.

    Returns:
        "width", "height", "points" with "mark", "x", "y" and "label" as (x, y) or None, "x_ticks"
        and "y_ticks" as (place, text), "limit" and "box" in pixels.
    """
    sizes = [float(figures.get(mark.x)) for mark in marks]
    levels = [float(figures.get(mark.y)) for mark in marks]
    low, high = min(sizes) / 1.6, max(sizes) * 1.9
    bottom, top = min(levels) - 0.3, max(levels) + 0.25
    inner = frame.width - frame.left - frame.right
    tall = frame.height - frame.top - frame.bottom

    def across(size: float) -> float:
        return round(frame.left + inner * math.log(size / low) / math.log(high / low), 1)

    def up(level: float) -> float:
        return round(frame.top + tall * (top - level) / (top - bottom), 1)

    centres = [(across(size), up(level)) for size, level in zip(sizes, levels, strict=True)]
    box = (frame.left, frame.top, frame.width - frame.right, frame.height - frame.bottom)
    line = across(limit) if limit is not None and low < limit < high else None
    texts = _bytes_ticks(low, high) if in_bytes else _plain_ticks(low, high)
    step = next(s for s in (0.25, 0.5, 1, 2, 5) if (top - bottom) / s <= 6)
    rungs = [k * step for k in range(math.ceil(bottom / step), math.floor(top / step) + 1)]
    labels = _labels(marks, centres, frame, box, line)
    return {
        "width": frame.width,
        "height": frame.height,
        "box": box,
        "limit": line,
        "x_ticks": [(across(size), text) for size, text in texts],
        "y_ticks": [(up(level), f"{level:g}") for level in rungs],
        "points": [
            {"mark": mark, "x": x, "y": y, "label": label}
            for mark, (x, y), label in zip(marks, centres, labels, strict=True)
        ],
    }


def _labels(
    marks: Sequence[Mark],
    centres: Sequence[tuple[float, float]],
    frame: Frame,
    box: tuple[float, float, float, float],
    line: float | None,
) -> list[tuple[float, float] | None]:
    """The middle of each name, None for those that are not shown; our own is placed first."""
    order = sorted(range(len(marks)), key=lambda k: (_rank(marks[k]), -centres[k][0]))
    named = [k for k in order if marks[k].kind.split()[0] in frame.named]
    rest = [k for k in order if k not in named]
    sizes = [(6.3 * len(marks[k].name) + 4, 13.0) for k in named]
    blocked = [] if line is None else [(line - 1, box[1], line + 1, box[3])]
    dots = [(x - 5, y - 5, x + 5, y + 5) for x, y in (centres[k] for k in rest)]
    boxes = place_labels([centres[k] for k in named], sizes, box, [*blocked, *dots], gap=9)
    found: list[tuple[float, float] | None] = [None] * len(marks)
    for k, (x0, y0, x1, y1) in zip(named, boxes, strict=True):
        found[k] = (round((x0 + x1) / 2, 1), round((y0 + y1) / 2, 1))
    return found


def _rank(mark: Mark) -> int:
    """Own first, then ours, then what others publish."""
    return LARGE.named.index(mark.kind.split()[0])


def _bytes_ticks(low: float, high: float) -> Iterable[tuple[int, str]]:
    for power, unit in ((0, "B"), (10, "KB"), (20, "MB")):
        for k in _BYTE_TICKS:
            if low <= k << power <= high:
                yield k << power, f"{k} {unit}"


def _plain_ticks(low: float, high: float) -> Iterable[tuple[int, str]]:
    for power in range(9):
        for k in _TICKS:
            if low <= k * 10**power <= high:
                yield k * 10**power, f"{k * 10**power:,}"

"""Small drawings of functions, as numbers for SVG."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["HEIGHT", "WIDTH", "curve", "reach"]

WIDTH, HEIGHT = 120, 84
_EDGE = 6


def reach(functions: Iterable[Mapping[str, Any]]) -> float:
    """The largest value of any of them, up or down; at least 1."""
    return max((abs(value) for f in functions for value in f["values"]), default=1.0) or 1.0


def curve(function: Mapping[str, Any], most: float) -> dict[str, Any]:
    """A function inside ``WIDTH`` x ``HEIGHT``.

    Args:
        function: of `functions_json`.
        most: the value that reaches the upper edge.

    Returns:
        "path" of the function, "nodes" as (x, y), and the "line" that fits best as (x, y, x, y).
    """
    values = function["values"]
    last = max(len(values) - 1, 1)

    def place(step: float, value: float) -> tuple[float, float]:
        x = _EDGE + (WIDTH - 2 * _EDGE) * step / last
        y = HEIGHT / 2 - (HEIGHT / 2 - _EDGE) * value / most
        return round(x, 1), round(min(max(y, 0.0), float(HEIGHT)), 1)

    points = [place(k, values[k]) for k in _corners(values)]
    start, end = function["line"]
    return {
        "path": "M" + "L".join(f"{x:g} {y:g}" for x, y in points),
        "nodes": [place(code - function["first"], entry) for code, entry in function["nodes"]],
        "line": (*place(0, start), *place(last, end)),
    }


def _corners(values: Sequence[float]) -> list[int]:
    """Where a function bends, and its ends: between them it is straight."""
    inner = [
        k
        for k in range(1, len(values) - 1)
        if abs(values[k + 1] - 2 * values[k] + values[k - 1]) > 1e-9
    ]
    return [0, *inner, *([len(values) - 1] if len(values) > 1 else [])]

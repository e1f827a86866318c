"""The functions that a page shows of each layer: those that are least like a straight line."""

from __future__ import annotations

from typing import Any

import numpy as np

from lutscale.golden.layers.curves import Curves
from lutscale.golden.program import Program

__all__ = ["SHOWN", "functions_json"]

SHOWN = 12
"""Functions of a layer, at most, beside those of one kernel."""

_LARGEST_KERNEL = 49


def functions_json(program: Program) -> list[dict[str, Any]]:
    """What is drawn of every layer that has functions of one code and owns its tables.

    Returns:
        for each "layer", "kind", "shape", "count" of all its functions, the "kernel" (rows,
        columns) with all functions of the input and the output whose taps bend the most together,
        and the functions "bent" the most, one of a table. A function has "input", "output",
        "offset" of its tap, "first" code, "values" for each code from there on, "nodes" as (code,
        entry), "bend" (RMS from the best straight line) and that "line" at both ends.
    """
    found = []
    for k, layer in enumerate(program.layers):
        curves = layer.curves
        if curves is None or k in program.shared:
            continue
        bends = curves.bends()
        _, kh, kw, _ = bends.shape
        channel, output = np.unravel_index(bends.sum(axis=(1, 2)).argmax(), bends.shape[::3])
        taps = list(np.ndindex(kh, kw)) if 1 < kh * kw <= _LARGEST_KERNEL else []
        found.append(
            {
                "layer": k,
                "kind": layer.kind,
                "shape": layer.summary(*program.types[k : k + 2]),
                "count": curves.count,
                "kernel": [kh, kw],
                "taps": [
                    _function(curves, bends, (int(channel), i, j, int(output))) for i, j in taps
                ],
                "bent": [_function(curves, bends, place) for place in _most_bent(bends)],
            }
        )
    return found


def _most_bent(bends: np.ndarray) -> list[tuple[int, int, int, int]]:
    """(input, row, column, output) of the most bent function of each table, the first `SHOWN`."""
    best = bends.argmax(axis=3)
    tables = np.argsort(-bends.max(axis=3), axis=None, kind="stable")[:SHOWN]
    places = (np.unravel_index(table, best.shape) for table in tables)
    return [(int(c), int(i), int(j), int(best[c, i, j])) for c, i, j in places]


def _function(
    curves: Curves, bends: np.ndarray, place: tuple[int, int, int, int]
) -> dict[str, Any]:
    channel, i, j, output = place
    codes, values = curves.values(channel, i, j, output)
    nodes = curves.nodes(channel)
    entries = curves.entries[channel, i, j, : len(nodes), output]
    slope, level = np.polyfit(codes, values, 1) if len(codes) > 1 else (0.0, float(values[0]))
    ends = (codes[0], codes[-1])
    width = curves.entries.shape[2]
    # Where every code has an entry, all of them are nodes, and none is worth a mark.
    marked = zip(nodes.tolist(), entries.tolist(), strict=True) if curves.quantiser else ()
    return {
        "input": channel,
        "output": output,
        "offset": list(curves.offsets[i * width + j]),
        "first": int(codes[0]),
        "values": [round(float(value), 4) for value in values],
        "nodes": [list(node) for node in marked],
        "line": [round(float(slope * end + level), 2) for end in ends],
        "bend": round(float(bends[place]), 2),
    }

"""A critical path in the names of our components."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from lutscale.hw.flow.nextpnr import Hop

__all__ = ["component_of", "path_json"]

_DIGITS = 3


def component_of(cell: str) -> str:
    """The component that a cell lies in, by its dotted name; "top" for what lies in none.

    Yosys names a cell after a net that it drives, so a cell between two components may bear the
    name of either.
    """
    return cell.rpartition(".")[0].removeprefix("pipeline.") or "top"


def path_json(hops: Sequence[Hop]) -> dict[str, Any]:
    """Nanoseconds in all, of them routing, from and to which component, through which, each hop."""
    if not hops:
        return {}
    cells = [hops[0].start, *(hop.end for hop in hops)]
    return {
        "ns": round(sum(hop.delay for hop in hops), _DIGITS),
        "routing_ns": round(sum(h.delay for h in hops if h.kind == "routing"), _DIGITS),
        "from": component_of(hops[0].start),
        "to": component_of(hops[-1].end),
        "through": [name for name, _ in groupby(map(component_of, cells))],
        "hops": [
            {"kind": hop.kind, "ns": round(hop.delay, _DIGITS), "cell": hop.end, "net": hop.net}
            for hop in hops
        ],
    }

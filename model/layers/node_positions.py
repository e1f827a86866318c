"""Node positions that a quantiser was made with, found from the weights in its ROM."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lutscale.golden.quantiser import Quantiser

__all__ = ["node_positions"]

_HALVINGS = 60
# Of doubles, in codes: where only one place suits, none would.
_ROUNDING = 1e-9

Interval = tuple[float, float]


def node_positions(quantiser: Quantiser, lo: int) -> npt.NDArray[np.float64]:
    """(nodes,) increasing positions whose rounded weights are those of the quantiser.

    A weight bounds its code's distance from the two nodes of its segment, by inequalities that
    are linear in them. So from the first node on each one has an interval of places that suit all
    before; from the last one back each takes the middle of what suits the one behind it. Where no
    positions have all weights, those found are a compromise.

    Args:
        lo: the lowest code, at which the first node is; the last is at the highest code.
    """
    codes = lo + np.arange(len(quantiser.segment), dtype=np.float64)
    segments = [_Segment(quantiser, number, codes) for number in range(quantiser.nodes - 1)]
    places = [(codes[0], codes[0])]
    for segment in segments[:-1]:
        places.append(segment.ends(places[-1], float(codes[-1])))
    nodes = [float(codes[-1])]
    for segment, place in zip(segments[::-1], places[::-1], strict=True):
        first, last = segment.starts(nodes[-1], place)
        nodes.append(min(max((first + last) / 2, place[0]), place[1]))
    return np.array(nodes[::-1])


class _Segment:
    """What the weights say about a segment's nodes a and b: ``start * a + end * b <= bound``."""

    def __init__(self, quantiser: Quantiser, number: int, codes: npt.NDArray[np.float64]) -> None:
        weights = quantiser.inside()[:, number]
        one = 1 << quantiser.fraction_bits
        top = one - 1 if number == quantiser.nodes - 2 else one
        # weight - 1/2 <= one * (code - a) / (b - a) <= weight + 1/2, times b - a.
        least, most = weights > 0, weights < top
        # And no segment is narrower than one code.
        signs = np.concatenate([np.ones(least.sum()), -np.ones(most.sum()), [0.0]])
        self.end = np.concatenate([weights[least] - 0.5, -weights[most] - 0.5, [-1.0]])
        self.start = one * signs - self.end
        self.bound = np.concatenate([one * codes[least], -one * codes[most], [-1.0]])

    def starts(self, end: float, place: Interval) -> Interval:
        """The places of a, inside ``place``, that suit a b; the first beyond the last if none."""
        limits = (self.bound - self.end * end) / self.start
        upper, lower = limits[self.start > 0], limits[self.start < 0]
        return (
            max(place[0], lower.max(initial=-math.inf)),
            min(place[1], upper.min(initial=math.inf)),
        )

    def ends(self, place: Interval, last: float) -> Interval:
        """The places of b, up to ``last``, that suit some a inside ``place``."""

        def room(end: float) -> float:
            first, behind = self.starts(end, place)
            return behind - first + _ROUNDING

        # The room is concave: its peak by thirds, then where it ends on both sides of that.
        low, high = place[0], last
        for _ in range(2 * _HALVINGS):
            third = (high - low) / 3
            if room(low + third) < room(high - third):
                low += third
            else:
                high -= third
        peak = (low + high) / 2
        if room(peak) < 0:
            return peak, peak
        found = []
        for outside in (place[0], last):
            inside = peak
            for _ in range(_HALVINGS):
                middle = (inside + outside) / 2
                if room(middle) < 0:
                    outside = middle
                else:
                    inside = middle
            found.append(inside)
        return found[0], found[1]

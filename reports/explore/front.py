"""Which points no other one beats."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["front", "undominated"]


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Numbers of the (cost, gain) for whose gain none has a lower cost, the cheapest first.

    Of equal points the first stands for all.
    """
    order = sorted(range(len(points)), key=lambda k: (points[k][0], -points[k][1], k))
    found: list[int] = []
    for k in order:
        if not found or points[k][1] > points[found[-1]][1]:
            found.append(k)
    return found


def undominated(points: Sequence[Sequence[float]]) -> list[int]:
    """Numbers of the points that no other one equals or exceeds in everything.

    Of equal points the first stands for all.
    """
    found = []
    for k, point in enumerate(points):
        beaten = any(
            all(b >= a for a, b in zip(point, other, strict=True))
            and (tuple(other) != tuple(point) or n < k)
            for n, other in enumerate(points)
            if n != k
        )
        if not beaten:
            found.append(k)
    return found

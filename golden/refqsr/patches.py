"""Where the patches of a picture lie, how they are cut out and put together again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from lutscale.golden.errors import InputError

__all__ = ["LARGEST", "LEAST", "MULTIPLE", "OVERLAP", "Tiling", "tiling_of"]

LARGEST, LEAST, MULTIPLE = 96, 24, 4
"""Longest and shortest side of a patch in LR pixels, and what sides are multiples of."""

_LEADERS = 2
"""References that a picture is thought to have. One costs about twice what a query does."""

OVERLAP = 2
"""Pixels that neighbours share at the least."""


@dataclass(frozen=True)
class Tiling:
    """The patches of a picture, row by row, all of one size.

    Attributes:
        height, width: of the picture.
        patch: height and width of each patch.
        rows, columns: first rows and first columns; neighbours overlap.
    """

    height: int
    width: int
    patch: tuple[int, int]
    rows: tuple[int, ...]
    columns: tuple[int, ...]

    @property
    def corners(self) -> tuple[tuple[int, int], ...]:
        """(row, column) of the first pixel of each patch."""
        return tuple((y, x) for y in self.rows for x in self.columns)

    @property
    def spans(self) -> tuple[tuple[tuple[int, int], tuple[int, int]], ...]:
        """(rows, columns) that each patch gives to the result, as (first, one beyond the last)."""
        return tuple(
            (down, across)
            for down in _spans(self.rows, self.patch[0], self.height)
            for across in _spans(self.columns, self.patch[1], self.width)
        )

    def cut(self, picture: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.uint8]]:
        """The patches, uint8 (rows, columns, planes) each, of (height, width, planes)."""
        high, wide = self.patch
        return [picture[y : y + high, x : x + wide] for y, x in self.corners]

    def merge(self, patches: Sequence[npt.NDArray[np.uint8]], scale: int) -> npt.NDArray[np.uint8]:
        """The picture of enlarged patches: where two overlap, each gives the half on its side.

        Args:
            patches: uint8 (rows * scale, columns * scale, planes) each.
        """
        planes = patches[0].shape[2]
        whole = np.empty((self.height * scale, self.width * scale, planes), np.uint8)
        for patch, (y, x), ((top, bottom), (left, right)) in zip(
            patches, self.corners, self.spans, strict=True
        ):
            whole[top * scale : bottom * scale, left * scale : right * scale] = patch[
                (top - y) * scale : (bottom - y) * scale, (left - x) * scale : (right - x) * scale
            ]
        return whole


def tiling_of(height: int, width: int) -> Tiling:
    """The patches of a picture.

    They have any height and width from `LEAST` to `LARGEST` in multiples of `MULTIPLE`, and share
    at least `OVERLAP` pixels with each neighbour. Of all such cuts it is the one that costs least:
    the pixels of all patches, and of two more, as two of them will be references. Of equal ones it
    is the one of fewest patches, then of the lowest.

    Raises:
        InputError: the picture is smaller than the smallest patch.
    """
    if min(height, width) < LEAST:
        raise InputError(
            f"picture must be at least {LEAST}x{LEAST}, one patch of RefQSR, not {width}x{height}"
        )
    choices = [
        (Fraction(a * high * b * wide * (a * b + _LEADERS), a * b), a * b, high, wide, a, b)
        for high, a in _counts(height)
        for wide, b in _counts(width)
    ]
    _, _, high, wide, down, across = min(choices)
    return Tiling(
        height, width, (high, wide), _starts(height, high, down), _starts(width, wide, across)
    )


def _counts(length: int) -> list[tuple[int, int]]:
    """(side, patches) of an axis."""
    return [
        (side, max(1, -(-(length - OVERLAP) // (side - OVERLAP))))
        for side in range(LEAST, min(length, LARGEST) + 1, MULTIPLE)
    ]


def _starts(length: int, side: int, count: int) -> tuple[int, ...]:
    """Starts from 0 to ``length - side``, evenly."""
    if count == 1:
        return (0,)
    return tuple(k * (length - side) // (count - 1) for k in range(count))


def _spans(starts: Sequence[int], side: int, length: int) -> list[tuple[int, int]]:
    """The part of the axis that each patch gives: overlaps are cut in the middle."""
    cuts = [(a + side + b) // 2 for a, b in pairwise(starts)]
    return list(zip([0, *cuts], [*cuts, length], strict=True))

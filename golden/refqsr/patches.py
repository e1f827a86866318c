"""Where the patches of a picture lie, how they are cut out and put together again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from lutscale.golden.errors import InputError

__all__ = ["ENOUGH", "LARGEST", "SIDES", "Tiling", "tiling_of"]

SIDES = {96: 90, 48: 44, 24: 20}
"""Sides of patches in LR pixels, and the longest step from one to the next."""

LARGEST = max(SIDES)

ENOUGH = 16
"""A picture is cut into the largest patches of which it has so many."""


@dataclass(frozen=True)
class Tiling:
    """The patches of a picture, row by row.

    Attributes:
        height, width: of the picture.
        side: of each patch.
        rows, columns: first rows and first columns; neighbours overlap.
    """

    height: int
    width: int
    side: int
    rows: tuple[int, ...]
    columns: tuple[int, ...]

    @property
    def corners(self) -> tuple[tuple[int, int], ...]:
        """(row, column) of the first pixel of each patch."""
        return tuple((y, x) for y in self.rows for x in self.columns)

    def cut(self, picture: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.uint8]]:
        """The patches, uint8 (side, side, planes) each, of (height, width, planes)."""
        side = self.side
        return [picture[y : y + side, x : x + side] for y, x in self.corners]

    def merge(self, patches: Sequence[npt.NDArray[np.uint8]], scale: int) -> npt.NDArray[np.uint8]:
        """The picture of enlarged patches: where two overlap, each gives the half on its side.

        Args:
            patches: uint8 (side * scale, side * scale, planes) each.
        """
        planes = patches[0].shape[2]
        whole = np.empty((self.height * scale, self.width * scale, planes), np.uint8)
        spans = [
            (down, across)
            for down in _spans(self.rows, self.side, self.height)
            for across in _spans(self.columns, self.side, self.width)
        ]
        for patch, (y, x), ((top, bottom), (left, right)) in zip(
            patches, self.corners, spans, strict=True
        ):
            whole[top * scale : bottom * scale, left * scale : right * scale] = patch[
                (top - y) * scale : (bottom - y) * scale, (left - x) * scale : (right - x) * scale
            ]
        return whole


def tiling_of(height: int, width: int) -> Tiling:
    """The patches of a picture: the largest of which there are `ENOUGH`, or else the smallest.

    Raises:
        InputError: the picture is smaller than the smallest patch.
    """
    least = min(SIDES)
    if min(height, width) < least:
        raise InputError(
            f"picture must be at least {least}x{least}, one patch of RefQSR, not {width}x{height}"
        )
    for side, step in SIDES.items():
        if min(height, width) < side:
            continue
        rows, columns = (_starts(length, side, step) for length in (height, width))
        if len(rows) * len(columns) >= ENOUGH or side == least:
            break
    return Tiling(height, width, side, rows, columns)


def _starts(length: int, side: int, step: int) -> tuple[int, ...]:
    """Starts from 0 to ``length - side``, evenly, as few as their step allows."""
    gaps = -(-(length - side) // step)
    if gaps == 0:
        return (0,)
    return tuple(k * (length - side) // gaps for k in range(gaps + 1))


def _spans(starts: Sequence[int], side: int, length: int) -> list[tuple[int, int]]:
    """The part of the axis that each patch gives: overlaps are cut in the middle."""
    cuts = [(a + side + b) // 2 for a, b in pairwise(starts)]
    return list(zip([0, *cuts], [*cuts, length], strict=True))

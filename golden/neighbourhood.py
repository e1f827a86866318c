"""What lies around a pixel: borders, and the four rotations of an ensemble."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["BORDERS", "ROTATIONS", "Offset", "border_index", "padded", "patch_source", "turned"]

BORDERS = ("replicate", "reflect")
"""How pixels beyond the frame are read: the edge pixel again, or mirrored at it."""

ROTATIONS = (1, 4)
"""Sizes of a rotation ensemble: none, or by 0, 90, 180 and 270 degrees."""

Offset = tuple[int, int]
"""(rows down, columns to the right) from a pixel to one that it reads."""


def border_index(
    index: npt.NDArray[np.integer] | int, length: int, border: str
) -> npt.NDArray[np.int64]:
    """Positions on a line of ``length`` pixels, for positions that may lie beyond its ends.

    "reflect" mirrors without repeating the edge pixel, again and again where the line is
    shorter than the reach; a line of one pixel gives that pixel. As numpy.pad's "reflect".
    """
    index = np.asarray(index, np.int64)
    if border == "replicate" or length == 1:
        return np.clip(index, 0, length - 1)
    period = 2 * (length - 1)
    folded = index % period
    mirrored: npt.NDArray[np.int64] = np.minimum(folded, period - folded)
    return mirrored


def padded(planes: npt.NDArray[np.int32], radius: int, border: str) -> npt.NDArray[np.int32]:
    """``planes`` (channels, h, w) with ``radius`` more pixels on every side."""
    _, height, width = planes.shape
    rows = border_index(np.arange(-radius, height + radius), height, border)
    columns = border_index(np.arange(-radius, width + radius), width, border)
    return planes[:, rows[:, None], columns[None]]


def turned(offset: Offset, rotation: int) -> Offset:
    """Where ``offset`` in a frame rotated by ``rotation`` quarter turns points in the frame.

    Rotated as numpy.rot90 does (counter-clockwise), and the result rotated back.
    """
    for _ in range(rotation):
        offset = (offset[1], -offset[0])
    return offset


def patch_source(scale: int, rotation: int) -> list[int]:
    """For each pixel of an r x r patch, row by row, its place in the rotated frame's patch."""
    patch = np.arange(scale**2).reshape(scale, scale)
    return [int(place) for place in np.rot90(patch, -rotation).ravel()]

"""What lies around a pixel at the borders of a frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["BORDERS", "border_index", "padded"]

BORDERS = ("replicate", "reflect")
"""How pixels beyond the frame are read: the edge pixel again, or mirrored at it."""


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

"""Levels of direct tables: those that a twin trains, and those of codes that occur."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["all_levels", "levels_within"]

Ranges = Sequence[tuple[int, int]] | npt.NDArray[np.integer]


def levels_within(
    entries: npt.NDArray[np.int64], ranges: Ranges, firsts: Sequence[int]
) -> npt.NDArray[np.int64]:
    """Only the levels of the codes that occur, from 0, and zeros behind.

    Args:
        entries: (in, kh, kw, levels, out).
        ranges: (in, 2) the first code of each channel that occurs, and the last.
        firsts: (in,) the code of each channel's level 0.
    """
    most = max(last - first + 1 for first, last in ranges)
    kept = np.zeros((*entries.shape[:3], most, entries.shape[4]), np.int64)
    for c, (first, last) in enumerate(ranges):
        start, count = first - firsts[c], last - first + 1
        kept[c, :, :, :count] = entries[c, :, :, start : start + count]
    return kept


def all_levels(
    kept: npt.NDArray[np.integer], ranges: Ranges, firsts: Sequence[int], levels: int
) -> npt.NDArray[np.int64]:
    """What `levels_within` may have been given: codes that never occur have the nearest's entry."""
    entries = np.zeros((*kept.shape[:3], levels, kept.shape[4]), np.int64)
    for c, (first, last) in enumerate(ranges):
        near = np.clip(np.arange(levels) + firsts[c], first, last) - first
        entries[c] = kept[c][:, :, near]
    return entries

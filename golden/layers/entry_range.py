"""Ranges of entries: declared ones let programs of one shape need hardware of the same widths."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lutscale.golden.validate import require_int

__all__ = ["EntryRange", "checked_range", "entry_bounds"]

EntryRange = tuple[int, int]
"""The least and the greatest entry that tables may have, 0 between them or one of them."""


def checked_range(given: Any, entry_bits: int) -> EntryRange:
    """``given`` as a range, when ``entry_bits`` hold it; None is all that they hold.

    A range holds 0, because a bank of tables in hardware adds 0 when it has run out of them.
    """
    half = 1 << (entry_bits - 1)
    if given is None:
        return -half, half - 1
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise TypeError(f"entry_range must be two integers, not {given!r}")
    low = require_int("entry_range lowest", given[0], -half, 0)
    return low, require_int("entry_range highest", given[1], 0, half - 1)


def entry_bounds(
    words: npt.NDArray[np.integer], declared: EntryRange | None
) -> npt.NDArray[np.int8]:
    """The least and the greatest entry of each output: as declared, or those that stand there.

    Golden and hardware derive the widths of accumulators from these, and from nothing else.

    Args:
        words: (..., levels, outputs).

    Returns:
        int8 (2, ..., outputs).
    """
    bounds = np.empty((2, *words.shape[:-2], words.shape[-1]), np.int8)
    for side, least_or_most in enumerate((np.min, np.max)):
        bounds[side] = least_or_most(words, axis=-2) if declared is None else declared[side]
    return bounds

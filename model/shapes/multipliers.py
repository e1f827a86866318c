"""Ratios as what requantise multiplies with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["multipliers"]


def multipliers(
    ratio: npt.NDArray[np.float64], longest: int = 31
) -> tuple[npt.NDArray[np.int64], int]:
    """Positive ratios as 16-bit multipliers and the one shift behind them.

    The largest shift whose multipliers keep to 16 bits, then without common factors of 2.

    Args:
        ratio: (channels,).
        longest: shift.
    """
    shift = int(np.clip(np.floor(np.log2(65535 / ratio.max())), 1, longest))
    multiplier = np.floor(ratio * 2.0**shift + 0.5).astype(np.int64)
    while shift > 1 and not (multiplier % 2).any():
        multiplier, shift = multiplier // 2, shift - 1
    return multiplier, shift

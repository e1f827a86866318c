"""The one rounding rule of the project."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["round_shift_clamp"]


def round_shift_clamp(
    acc: npt.NDArray[np.integer],
    multiplier: npt.NDArray[np.integer] | int,
    shift: int,
    lo: npt.NDArray[np.integer] | int,
    hi: npt.NDArray[np.integer] | int,
) -> npt.NDArray[np.int32]:
    """``clamp((acc * multiplier + (1 << (shift - 1))) >> shift, lo, hi)``.

    The shift is arithmetic, so halves round up, towards plus infinity.

    Args:
        acc: any shape, at most 40 bits.
        multiplier: at most 16 bits, broadcast against ``acc``.
        shift: at least 1.
        lo, hi: the range, broadcast against ``acc``.
    """
    product = acc.astype(np.int64)
    product *= multiplier
    product += 1 << (shift - 1)
    product >>= shift
    return np.clip(product, lo, hi, out=product).astype(np.int32)

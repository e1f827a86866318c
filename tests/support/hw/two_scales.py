"""Programs of two x2 stages, and of layers behind a pixel shuffle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lutscale.golden.layers import Layer, PixelShuffle, Requantise, Residual, TapTables
from lutscale.golden.program import Program

__all__ = ["TWO_STAGES", "two_stages"]


def two_stages(
    kernels: Sequence[tuple[int, int]] = ((3, 3), (3, 3)), ending: str = "shuffle"
) -> Program:
    """Two x2 stages, with residuals; or an ``ending`` without the second pixel shuffle.

    "plain" ends in a layer at scale 2, "shuffled" in nothing but two pixel shuffles in a row.
    """
    rng = np.random.default_rng(6)

    def tables(channels: int, kernel: tuple[int, int], out: int) -> TapTables:
        return TapTables(rng.integers(-128, 128, (channels, *kernel, 16, out)), code_bits=4)

    first: tuple[Layer, ...] = (
        Requantise(np.array([1]), 4, 0, 15),
        tables(1, kernels[0], 4),
        Requantise(np.full(4, 200), 9, -128, 127),
        Residual(0, "nearest", 2, lo=0, hi=255),
        PixelShuffle(2),
    )
    if ending == "shuffled":
        wide = (tables(1, kernels[0], 16), Requantise(np.full(16, 300), 8, 0, 255))
        return Program("shuffled", 4, (first[0], *wide, PixelShuffle(2), PixelShuffle(2)))
    codes = Requantise(np.array([1]), 4, 0, 15)
    if ending == "plain":
        last = Requantise(np.array([300]), 8, -128, 127)
        same = Residual(5, lo=0, hi=255)
        return Program("plain", 2, (*first, codes, tables(1, kernels[1], 1), last, same))
    return Program(
        "two-stages",
        4,
        (
            *first,
            codes,
            tables(1, kernels[1], 4),
            Requantise(np.full(4, 200), 9, -128, 127),
            Residual(5, "nearest", 2, lo=0, hi=255),
            PixelShuffle(2),
        ),
    )


TWO_STAGES = {
    "3x3, 3x3": two_stages(),
    "5x5, 2x2": two_stages(((5, 5), (2, 2))),
    "1x1, 5x5": two_stages(((1, 1), (5, 5))),
    "1x3, 4x1": two_stages(((1, 3), (4, 1))),
    "plain": two_stages(ending="plain"),
    "shuffled": two_stages(ending="shuffled"),
}

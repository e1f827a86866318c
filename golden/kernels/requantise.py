"""Compiled form of golden/layers/requantise.py."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lutscale.golden.kernels.compiler import compiled
from lutscale.golden.layers import Requantise
from lutscale.golden.layers.layer import Array

__all__ = ["Requantised"]

Numbers = npt.NDArray[np.int64]


class Requantised:
    """The codes of one layer."""

    def __init__(self, layer: Requantise) -> None:
        self.layer = layer
        self.multiplier = layer.multiplier.astype(np.int64)
        self.low, self.high = (
            side.ravel().astype(np.int64) for side in layer.ranges(len(layer.multiplier))
        )

    def __call__(self, values: Sequence[Array]) -> Array:
        layer, given = self.layer, np.ascontiguousarray(values[-1])
        out = np.empty_like(given)
        acc, codes = given.reshape(len(given), -1), out.reshape(len(given), -1)
        scale = (self.multiplier, layer.bias, layer.shift, self.low, self.high)
        if layer.even_divisor:
            _halves_to_even(acc, *scale, layer.even_divisor, codes)
        else:
            _halves_up(acc, *scale, codes)
        return out


@compiled
def _halves_up(
    acc: Array,
    multiplier: Numbers,
    bias: int,
    shift: int,
    low: Numbers,
    high: Numbers,
    codes: Array,
) -> None:
    half = 1 << (shift - 1)
    for c in range(acc.shape[0]):
        factor, lowest, highest = multiplier[c], low[c], high[c]
        row, line = acc[c], codes[c]
        for x in range(row.shape[0]):
            rounded = ((row[x] + bias) * factor + half) >> shift
            line[x] = min(max(rounded, lowest), highest)


@compiled
def _halves_to_even(
    acc: Array,
    multiplier: Numbers,
    bias: int,
    shift: int,
    low: Numbers,
    high: Numbers,
    divisor: int,
    codes: Array,
) -> None:
    half = 1 << (shift - 1)
    for c in range(acc.shape[0]):
        factor, lowest, highest = multiplier[c], low[c], high[c]
        row, line = acc[c], codes[c]
        for x in range(row.shape[0]):
            biased = row[x] + bias
            rounded = (biased * factor + half) >> shift
            beyond = 2 * (biased - rounded * divisor)
            odd = rounded & 1
            rounded += odd * ((beyond == divisor) - (beyond == -divisor))
            line[x] = min(max(rounded, lowest), highest)

"""Compiled form of golden/layers/residual.py."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lutscale.golden.kernels.compiler import compiled
from lutscale.golden.layers import Residual
from lutscale.golden.layers.layer import Array
from lutscale.golden.layers.residual import bilinear_taps

__all__ = ["Added"]

Numbers = npt.NDArray[np.int64]


class Added:
    """The sums of one layer, of so many channels."""

    def __init__(self, layer: Residual, channels: int) -> None:
        self.layer = layer
        self.low, self.high = (side.ravel().astype(np.int64) for side in layer.ranges(channels))
        sources = layer.channels or np.arange(channels) // layer.scale**2
        self.sources = np.array(sources, np.int64)
        self.taps = np.zeros((1, 3), np.int64)
        if layer.upsample == "bilinear":
            self.taps = bilinear_taps(layer.scale).astype(np.int64)

    def __call__(self, values: Sequence[Array]) -> Array:
        layer = self.layer
        given, source = (np.ascontiguousarray(values[n]) for n in (-1, layer.source))
        out = np.empty_like(given)
        if layer.upsample == "bilinear":
            _add_bilinear(given, source, self.taps, layer.gain, self.low, self.high, out)
        else:
            _add(given, source, self.sources, layer.gain, self.low, self.high, out)
        return out


@compiled
def _add(
    given: Array,
    source: Array,
    sources: Numbers,
    gain: int,
    low: Numbers,
    high: Numbers,
    out: Array,
) -> None:
    for o in range(given.shape[0]):
        lowest, highest = low[o], high[o]
        for y in range(given.shape[1]):
            row, other, line = given[o, y], source[sources[o], y], out[o, y]
            for x in range(row.shape[0]):
                line[x] = min(max(row[x] + gain * other[x], lowest), highest)


@compiled
def _add_bilinear(
    given: Array,
    source: Array,
    taps: Numbers,
    gain: int,
    low: Numbers,
    high: Numbers,
    out: Array,
) -> None:
    channels, height, width = source.shape
    scale = taps.shape[0]
    # A row of the source between rows, with the edge pixel again on both sides.
    between = np.empty(width + 2, np.int64)
    for c in range(channels):
        for y in range(height):
            above, here = source[c, max(y - 1, 0)], source[c, y]
            below = source[c, min(y + 1, height - 1)]
            for i in range(scale):
                for x in range(width):
                    between[x + 1] = gain * (
                        taps[i, 0] * above[x] + taps[i, 1] * here[x] + taps[i, 2] * below[x]
                    )
                between[0], between[width + 1] = between[1], between[width]
                for j in range(scale):
                    o = (c * scale + i) * scale + j
                    before, at, after = taps[j, 0], taps[j, 1], taps[j, 2]
                    row, line = given[o, y], out[o, y]
                    for x in range(width):
                        added = before * between[x] + at * between[x + 1] + after * between[x + 2]
                        line[x] = min(max(row[x] + added, low[o]), high[o])

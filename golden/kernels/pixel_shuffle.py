"""Compiled form of golden/layers/pixel_shuffle.py."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lutscale.golden.kernels.compiler import compiled
from lutscale.golden.layers import PixelShuffle
from lutscale.golden.layers.layer import Array

__all__ = ["Shuffled"]


class Shuffled:
    """The planes of one layer."""

    def __init__(self, layer: PixelShuffle) -> None:
        self.scale = layer.scale

    def __call__(self, values: Sequence[Array]) -> Array:
        given, r = np.ascontiguousarray(values[-1]), self.scale
        channels, height, width = given.shape
        out = np.empty((channels // r**2, height * r, width * r), np.int32)
        _shuffle(given, r, out)
        return out


@compiled
def _shuffle(given: Array, scale: int, out: Array) -> None:
    _, height, width = given.shape
    for c in range(out.shape[0]):
        for y in range(height):
            for i in range(scale):
                line = out[c, y * scale + i]
                for j in range(scale):
                    row = given[(c * scale + i) * scale + j, y]
                    for x in range(width):
                        line[x * scale + j] = row[x]

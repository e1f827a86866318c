"""Compiled form of golden/layers/pattern_tables.py, where no pattern is interpolated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lutscale.golden.kernels.words import idle, parts_of, spread, sum_patterns
from lutscale.golden.layers import PatternTables
from lutscale.golden.layers.layer import Array
from lutscale.golden.layers.pattern_tables import Pattern
from lutscale.golden.neighbourhood import border_index
from lutscale.golden.symmetry import patch_source

__all__ = ["PatternSums"]

_MOST_PIXELS = 4


class PatternSums:
    """The sums of one layer: a table for each pattern and rotation, words with their gain, turned.

    Patterns that see the same codes with the same border share a plane of codes.
    """

    def __init__(self, layer: PatternTables) -> None:
        self.layer = layer
        self.planes = list(dict.fromkeys(map(_plane, layer.patterns)))
        ((_, lanes),) = parts_of(layer.scale**2)
        above, _, left, _ = layer.reach
        pixels, words = [], []
        for pattern in layer.patterns:
            plane = self.planes.index(_plane(pattern))
            for q in range(layer.rotations):
                own = [
                    (plane, above + down, left + right, pattern.code_bits)
                    for down, right in pattern.turned(q)
                ]
                pixels.append([(0, 0, 0, 0)] * (_MOST_PIXELS - len(own)) + own)
                turned = pattern.gain * pattern.words[:, patch_source(layer.scale, q)]
                words.append(np.pad(turned, ((0, 0), (0, lanes - turned.shape[1]))))
        for _ in range(idle(len(pixels))):
            pixels.append([(0, 0, 0, 0)] * _MOST_PIXELS)
            words.append(np.zeros((1, lanes), np.int32))
        self.pixels = np.array(pixels, np.int64)
        self.words = np.ascontiguousarray(np.concatenate(words), np.int16)
        sizes = [len(table) for table in words]
        self.starts = np.cumsum([0, *sizes[:-1]])
        self.lanes = (0,) * lanes

    def __call__(self, values: Sequence[Array]) -> Array:
        layer, given = self.layer, np.ascontiguousarray(values[-1])
        _, height, width = given.shape
        above, below, left, right = layer.reach
        codes = np.empty((len(self.planes), above + height + below, left + width + right), np.uint8)
        for plane, (shift, code_bits, border) in zip(codes, self.planes, strict=True):
            rows = border_index(np.arange(-above, height + below), height, border)
            columns = border_index(np.arange(-left, width + right), width, border)
            spread(given, 0, shift, (1 << code_bits) - 1, rows, columns, plane[None])
        out = np.empty((layer.scale**2, height, width), np.int32)
        sum_patterns(codes, self.pixels, self.starts, self.words, out, self.lanes)
        return out


def _plane(pattern: Pattern) -> tuple[int, int, str]:
    return pattern.shift, pattern.code_bits, pattern.border

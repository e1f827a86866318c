"""Compiled form of golden/layers/tap_tables.py: every function written out for every code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lutscale.golden.kernels.words import idle, parts_of, spread, sum_taps, words_of
from lutscale.golden.layers import TapTables
from lutscale.golden.layers.layer import Array
from lutscale.golden.neighbourhood import border_index

__all__ = ["TapSums"]


class _Block(NamedTuple):
    """Outputs that read the same taps, at most a word of them.

    Attributes:
        first, end: the output channels.
        taps: int64 (tables, 3), as `sum_taps` takes them.
        words: int16 (tables, levels, lanes).
    """

    first: int
    end: int
    taps: npt.NDArray[np.int64]
    words: npt.NDArray[np.int16]


class TapSums:
    """The accumulators of one layer, for an input of so many channels.

    Interpolated tables become direct ones: a function has at most 256 values, of 16 bits with
    their fraction.
    """

    def __init__(self, layer: TapTables, channels: int) -> None:
        layer = layer.untied
        self.layer, self.out_channels = layer, layer.out_channels
        self.blocks = _blocks(layer, channels)

    def __call__(self, values: Sequence[Array]) -> Array:
        layer, given = self.layer, values[-1]
        channels, height, width = given.shape
        above, below, left, right = layer.reach
        rows = border_index(np.arange(-above, height + below), height, layer.border)
        columns = border_index(np.arange(-left, width + right), width, layer.border)
        codes = np.empty((channels, len(rows), len(columns)), np.uint8)
        mask = (1 << layer.code_bits) - 1
        spread(np.ascontiguousarray(given), layer.code_offset, 0, mask, rows, columns, codes)
        out = np.empty((self.out_channels, height, width), np.int32)
        for first, end, taps, words in self.blocks:
            sum_taps(codes, taps, words, out[first:end], (0,) * words.shape[2])
        return out


def _blocks(layer: TapTables, channels: int) -> list[_Block]:
    """All outputs of all passes and groups; passes share the words of their groups."""
    above, _, left, _ = layer.reach
    share = layer.in_channels // layer.groups
    blocks = []
    for group in range(layer.groups):
        tables = [
            (group * share + c, i, j) for c in range(share) for i, j in np.ndindex(*layer.kernel)
        ]
        functions = np.stack([_function(layer, *table) for table in tables])
        parts = parts_of(layer.outputs)
        words = [words_of(functions, first, lanes) for first, lanes in parts]
        for run in layer.passes(channels):
            offsets = [layer.offset(i, j, run.element) for _, i, j in tables]
            taps = [
                (run.sources[c], above + down, left + right)
                for (c, _, _), (down, right) in zip(tables, offsets, strict=True)
            ]
            taps += taps[:1] * idle(len(taps))
            start = run.targets[group * layer.outputs]
            for (first, lanes), own in zip(parts, words, strict=True):
                end = min(first + lanes, layer.outputs)
                blocks.append(_Block(start + first, start + end, np.array(taps), own))
    return blocks


def _function(layer: TapTables, c: int, i: int, j: int) -> npt.NDArray[np.int32]:
    """(2**code_bits, outputs): what one table gives for each code, in order of its value."""
    first, last = layer.code_range(c)
    codes = np.arange(1 << layer.code_bits) - layer.code_offset
    levels = np.clip(codes, first, last) - first
    table = layer.table(c, i, j).astype(np.int32)
    if layer.quantiser is None:
        return table[levels]
    tents: npt.NDArray[np.int32] = layer.quantiser.tents() @ table
    return tents

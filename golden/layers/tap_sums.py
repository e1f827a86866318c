"""The sums of tap tables: as the specification says them, and the same quickly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lutscale.golden.blas import BLAS
from lutscale.golden.layers.layer import Array
from lutscale.golden.neighbourhood import border_index, padded

if TYPE_CHECKING:
    from lutscale.golden.layers.tap_tables import TapTables

__all__ = ["fast_sums", "reference_sums"]


def reference_sums(layer: TapTables, x: Array) -> Array:
    """The accumulators of a layer, one word after the other."""
    channels, height, width = x.shape
    out = np.zeros((layer.out_channels, height, width), np.int32)
    for run in layer.passes(channels):
        for y, column in np.ndindex(height, width):
            for c, i, j in np.ndindex(*layer.entries.shape[:3]):
                down, right = layer.offset(i, j, run.element)
                row_read = border_index(y + down, height, layer.border)
                column_read = border_index(column + right, width, layer.border)
                code = int(x[run.sources[c], row_read, column_read])
                start = layer.group(c) * layer.outputs
                targets = run.targets[start : start + layer.outputs]
                out[list(targets), y, column] += _word(layer, c, i, j, code)
    return out


def _word(layer: TapTables, c: int, i: int, j: int, code: int) -> npt.NDArray[np.integer]:
    """(outputs,) what one table gives for a code."""
    first, last = layer.code_range(c)
    level = min(max(code, first), last) - first
    table = layer.table(c, i, j)
    if layer.quantiser is None:
        return table[level]
    segment, weight = layer.quantiser.segment[level], layer.quantiser.weight[level]
    word: npt.NDArray[np.integer] = table[segment] << layer.fraction_bits
    return word + weight * (table[segment + 1] - table[segment])


def fast_sums(layer: TapTables, x: Array) -> Array:
    """The same integers as `reference_sums`; tied tables are spread out once."""
    layer = layer.untied
    channels, height, width = x.shape
    radius = max(layer.reach)
    ranges = np.array([layer.code_range(c) for c in range(layer.in_channels)], np.int32)
    out = np.empty((layer.rotations, layer.groups, layer.outputs, height, width), np.int32)
    share = layer.in_channels // layer.groups
    for q in range(layer.rotations):
        if q == 0 or channels > layer.in_channels:
            codes = x[q * layer.in_channels :][: layer.in_channels]
            codes = np.clip(codes, ranges[:, :1, None], ranges[:, 1:, None])
            index = padded(codes - ranges[:, :1, None], radius, layer.border)
        for g in range(layer.groups):
            own = slice(g * share, (g + 1) * share)
            run = _interpolate if layer.quantiser else _gather
            out[q, g] = run(layer, index[own], layer.entries[own], radius, q)
    return out.reshape(-1, height, width)


def _gather(
    layer: TapTables, index: Array, entries: npt.NDArray[np.integer], radius: int, rotation: int
) -> Array:
    """Direct tables: read every tap's words and add them."""
    height, width = index.shape[1] - 2 * radius, index.shape[2] - 2 * radius
    out = np.zeros((height, width, layer.outputs), np.int32)
    for c, i, j in np.ndindex(*entries.shape[:3]):
        down, right = layer.offset(i, j, rotation)
        rows = index[c, radius + down :][:height]
        out += entries[c, i, j][rows[:, radius + right :][:, :width]]
    return np.ascontiguousarray(out.transpose(2, 0, 1))


def _interpolate(
    layer: TapTables, index: Array, entries: npt.NDArray[np.integer], radius: int, rotation: int
) -> Array:
    """Interpolated tables: the lowest entry, and each segment's rise times the weight inside it,
    one matrix product a tap.

    Floating point is exact here: the sum of all magnitudes stays below the integers that the
    chosen type represents without a gap.
    """
    assert layer.quantiser is not None
    rises = np.diff(entries.astype(np.int64), axis=3)
    lowest = entries[..., 0, :].sum(axis=(0, 1, 2), dtype=np.int64)
    magnitude = int((np.abs(rises).sum(axis=(0, 1, 2, 3)) + np.abs(lowest)).max())
    exact = np.float32 if magnitude << layer.fraction_bits < 1 << 24 else np.float64
    channels, padded_height, padded_width = index.shape
    height, width = padded_height - 2 * radius, padded_width - 2 * radius
    flat = index.reshape(channels, -1)
    inside = [column.astype(exact)[flat] for column in layer.quantiser.inside().T]
    weights = np.stack(inside, axis=1).reshape(channels * len(inside), -1)
    # A tap is a shift of the flattened padded plane; the columns of padding between the rows are
    # computed too and dropped at the end.
    length = (height - 1) * padded_width + width
    out = np.zeros((layer.outputs, height * padded_width), exact)
    out += (lowest << layer.fraction_bits)[:, None]
    with BLAS.limit(limits=1):
        for i, j in np.ndindex(*layer.kernel):
            tap = rises[:, i, j].reshape(-1, layer.outputs).T.astype(exact)
            down, right = layer.offset(i, j, rotation)
            start = (radius + down) * padded_width + radius + right
            out[:, :length] += tap @ weights[:, start : start + length]
    planes = out.reshape(layer.outputs, height, padded_width)[:, :, :width]
    return planes.astype(np.int32)

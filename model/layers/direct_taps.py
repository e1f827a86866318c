"""Direct tap tables: every pixel reads all taps of its words at once, or every output its taps'.

Both ways give the same sums. The gradient with respect to a code is the slope between the entries
next to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lutscale.golden.layers import TapTables
from lutscale.golden.symmetry import Offset, turned
from lutscale.model.layers.neighbourhood import padded, shifted
from lutscale.model.layers.rows import sum_of_rows
from lutscale.model.layers.twin import round_through

__all__ = ["direct_sums", "exact_sums", "turned_offsets"]


def direct_sums(
    level: Tensor,
    scaled: Tensor,
    counts: Tensor,
    offsets: Sequence[Sequence[Offset]],
    groups: int,
    border: str,
) -> Tensor:
    """The sums of rounded entries.

    Args:
        level: (batch, channels, h, w), which entry each code reads.
        scaled: (out, in, levels, kh, kw) entries, not rounded yet.
        counts: (in,) levels that each channel has.
        offsets: of the taps, for each rotation, as `turned_offsets`.

    Returns:
        (batch, h, w, rotations, groups, outputs).
    """
    radius = max(abs(number) for turn in offsets for offset in turn for number in offset)
    wide = padded(level, radius, border)
    # The frame needs no gradient, and its words are wide: there each output reads its taps.
    if level.requires_grad:
        return _add_by_pixel(wide, scaled, counts, offsets, radius, groups)
    return _add_by_output(wide, scaled, offsets, radius, groups)


def exact_sums(layer: TapTables, given: Tensor) -> Tensor:
    """The accumulators of an untied golden ``layer``, in integers."""
    offsets = [
        [layer.offset(i, j, q) for i, j in np.ndindex(*layer.kernel)]
        for q in range(layer.rotations)
    ]
    radius = max(layer.reach)
    turns = given.shape[1] // layer.in_channels
    wide = padded(given, radius, layer.border).permute(0, 2, 3, 1)
    wide = wide.reshape(*wide.shape[:3], turns, layer.in_channels)
    taps = layer.kernel[0] * layer.kernel[1]
    words = given.new_zeros(*wide.shape[:4], layer.groups, taps, layer.outputs)
    for c in range(layer.in_channels):
        first, last = layer.code_range(c)
        table = layer.table(c, 0, 0)
        tables = layer.entries[c, :, :, : len(table)].astype(np.int64)
        if layer.quantiser is not None:
            tables = layer.quantiser.tents().astype(np.int64) @ tables
        rows = torch.from_numpy(tables.reshape(taps, -1, layer.outputs)).transpose(0, 1)
        index = torch.clamp(wide[..., c], first, last) - first
        words[..., layer.group(c), :, :] += rows[index]
    return _add_words(words, offsets, radius).flatten(3).permute(0, 3, 1, 2)


def _add_by_output(
    level: Tensor, scaled: Tensor, offsets: Sequence[Sequence[Offset]], radius: int, groups: int
) -> Tensor:
    """(batch, h, w, rotations, groups, outputs): each output reads the words of its taps."""
    outputs, channels, levels = scaled.shape[:3]
    taps = len(offsets[0])
    parts = []
    for q, turn in enumerate(offsets):
        share = level[:, q * channels :] if level.shape[1] > channels else level
        share = share[:, :channels].int()
        parts.append(torch.stack([shifted(share, radius, offset) for offset in turn], dim=2))
    index = torch.stack(parts, dim=1).permute(0, 4, 5, 1, 2, 3)
    start = torch.arange(channels * taps, device=level.device).int() * levels
    index = index + start.reshape(channels, taps)
    rows = round_through(scaled).permute(1, 3, 4, 2, 0).reshape(-1, outputs)
    words = sum_of_rows(index.reshape(-1, channels // groups * taps), rows)
    return words.reshape(*index.shape[:4], groups, outputs)


def _add_by_pixel(
    level: Tensor,
    scaled: Tensor,
    counts: Tensor,
    offsets: Sequence[Sequence[Offset]],
    radius: int,
    groups: int,
) -> Tensor:
    """The same, where each pixel reads all words of its code, and taps are added later."""
    outputs, channels, levels = scaled.shape[:3]
    turns = level.shape[1] // channels
    level = level.permute(0, 2, 3, 1)
    start = torch.arange(channels, device=level.device).int() * levels
    index = (level.detach().int() + start.repeat(turns)).reshape(-1, channels // groups)
    slopes = _as_rows(_slopes(scaled.detach(), counts))
    rows = _as_rows(round_through(scaled))
    words = sum_of_rows(index, rows, level.reshape(index.shape), slopes)
    words = words.reshape(*level.shape[:3], turns, groups, -1, outputs)
    out: Tensor = _AddWords.apply(words, offsets, radius)
    return out


def turned_offsets(
    kernel: tuple[int, int], origin: tuple[int, int], rotations: int
) -> list[list[Offset]]:
    """Where each rotation's taps read, from the pixel."""
    return [
        [turned((i - origin[0], j - origin[1]), q) for i, j in np.ndindex(*kernel)]
        for q in range(rotations)
    ]


def _as_rows(entries: Tensor) -> Tensor:
    """(out, in, levels, kh, kw) -> (in * levels, taps * out)."""
    return entries.permute(1, 2, 3, 4, 0).flatten(2).flatten(0, 1).contiguous()


def _slopes(entries: Tensor, counts: Tensor) -> Tensor:
    """What entries (out, in, levels, kh, kw) change by from a code to the next, between the
    neighbours that each channel has.
    """
    channel = torch.arange(len(counts), device=entries.device)[:, None]
    level = torch.arange(entries.shape[2], device=entries.device)
    above = torch.minimum(level + 1, counts[:, None] - 1)
    below = (level - 1).clamp(min=0).expand(above.shape)
    run = (above - below).clamp(min=1)[:, :, None, None]
    return (entries[:, channel, above] - entries[:, channel, below]) / run


def _add_words(words: Tensor, offsets: Sequence[Sequence[Offset]], radius: int) -> Tensor:
    """Add every tap's words where its pixel is read.

    Args:
        words: (batch, rows, columns, turns, groups, taps, outputs), rows and columns padded by
            ``radius``; rotations share the turns when there is only one.

    Returns:
        (batch, h, w, rotations, groups, outputs).
    """
    batch, rows, columns, turns, groups, _, outputs = words.shape
    size = (batch, rows - 2 * radius, columns - 2 * radius, len(offsets), groups, outputs)
    if radius == 0 and turns == len(offsets):
        return words.reshape(size)
    out = words.new_zeros(size)
    for q, turn in enumerate(offsets):
        for tap, offset in enumerate(turn):
            out[:, :, :, q] += _tap(words, radius, offset, min(q, turns - 1), tap)
    return out


def _tap(words: Tensor, radius: int, offset: Offset, turn: int, tap: int) -> Tensor:
    """A view (batch, h, w, groups, outputs) of one tap's words, at an offset."""
    planes = words[:, :, :, turn, :, tap].permute(0, 3, 4, 1, 2)
    return shifted(planes, radius, offset).permute(0, 3, 4, 1, 2)


class _AddWords(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, words: Tensor, offsets: Sequence[Sequence[Offset]], radius: int
    ) -> Tensor:
        ctx.shape, ctx.offsets, ctx.radius = words.shape, offsets, radius
        return _add_words(words, offsets, radius)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        turns = ctx.shape[3]
        if ctx.radius == 0 and turns == len(ctx.offsets):
            return grads[0].reshape(ctx.shape), None, None
        words = grads[0].new_zeros(ctx.shape)
        for q, turn in enumerate(ctx.offsets):
            for tap, offset in enumerate(turn):
                _tap(words, ctx.radius, offset, min(q, turns - 1), tap).add_(grads[0][:, :, :, q])
        return words, None, None

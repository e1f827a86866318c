"""Twin of golden/layers/tap_tables.py: tables trained directly, without enumeration.

A word is the lowest entry plus each segment's rise times the weight inside it, so that an
interpolated tap layer is an ordinary convolution over in_channels * (nodes - 1) channels whose
weight IS the table; node positions get gradients through the weights. Direct tables are read,
and their gradient with respect to the code is the slope between neighbouring entries: every
pixel reads all taps of its words at once, which are then added where they belong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lutscale.golden.layers import TapTables
from lutscale.golden.quantiser import Quantiser
from lutscale.golden.symmetry import Offset, turned
from lutscale.model.layers.neighbourhood import padded, shifted
from lutscale.model.layers.requantise import DiscretiseTwin, requantised
from lutscale.model.layers.rows import sum_of_rows
from lutscale.model.layers.twin import Twin, round_through

__all__ = ["TapTablesTwin"]

# Entries are trained near 1 and are worth this many code steps: it suits one learning rate.
_GAIN = 128.0


class TapTablesTwin(Twin):
    """Tap tables with learnt entries, entry scales and node positions.

    Args:
        in_channels, out_channels, kernel: as golden's.
        nodes: tables interpolated between so many nodes; None for direct tables.
        entry_bits: bits of an entry; one learnt scale an output channel (as LSQ, ICLR 2020).
        groups: as golden's.
        code_bits, code_signed: of the input codes.
        fraction_bits: bits of the interpolation weight.
        learn_nodes: whether node positions move from uniform.
        learn_scale: whether entry scales are learnt; else the output is the integer sum.
        spread: standard deviation of the output at the start, in units of 128 codes.
        code_ranges: first and last code of each input channel; for direct tables only, as all
            that follow.
        discretise: the layer before, when the code ranges are learnt there.
        bend: distance in codes of the nodes of a broken line that is trained beside the
            entries and added to them: it moves many at once. 0 for none.
        rotations, origin, border: as golden's.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: tuple[int, int],
        *,
        nodes: int | None = 5,
        entry_bits: int = 8,
        code_bits: int = 8,
        code_signed: bool = True,
        fraction_bits: int = 6,
        learn_nodes: bool = True,
        learn_scale: bool = True,
        spread: float = 0.5,
        code_ranges: Sequence[tuple[int, int]] | None = None,
        discretise: DiscretiseTwin | None = None,
        bend: int = 0,
        groups: int = 1,
        rotations: int = 1,
        origin: tuple[int, int] | None = None,
        border: str = "replicate",
    ) -> None:
        super().__init__()
        direct_only = (code_ranges, discretise, origin, rotations > 1, border != "replicate")
        if nodes is not None and any(direct_only):
            raise ValueError(
                "nodes must be None with code ranges, rotations, an origin or a border, not "
                f"{nodes}"
            )
        self.learn_scale = learn_scale
        self.groups, self.rotations, self.border = groups, rotations, border
        self.origin = origin
        # A tuple, so that its parameters are not counted as this layer's, too.
        self.discretise = (discretise,)
        self.kernel, self.nodes, self.entry_bits = kernel, nodes, entry_bits
        self.code_bits, self.code_signed = code_bits, code_signed
        self.fraction_bits = fraction_bits
        self.code_lo = -(1 << (code_bits - 1)) if code_signed else 0
        self.code_hi = self.code_lo + (1 << code_bits) - 1
        self.code_ranges = code_ranges
        if code_ranges is None:
            code_ranges = [(self.code_lo, self.code_hi)] * in_channels
        counts = [nodes or last - first + 1 for first, last in code_ranges]
        levels = max(counts)
        self.first: Tensor
        first = torch.tensor([float(first) for first, _ in code_ranges])
        self.register_buffer("first", first, persistent=False)
        self.counts: Tensor
        self.register_buffer("counts", torch.tensor(counts), persistent=False)
        self.theta = nn.Parameter(torch.zeros(levels - 1), requires_grad=learn_nodes)
        if nodes is None:
            self.theta.requires_grad_(False)
        # Start from random functions that are a line plus a kink: better than noise at nodes.
        fan_in = in_channels // groups * kernel[0] * kernel[1]
        where = torch.ones(in_channels, levels, 1, 1)
        for c, count in enumerate(counts):
            where[c, :count, 0, 0] = torch.linspace(-1, 1, count)
        outputs = out_channels // groups
        line, kink = torch.randn(2, outputs, in_channels, 1, *kernel)
        start = line * where + kink * (where.abs() - 0.5)
        start = start * spread / fan_in**0.5
        self.entries = nn.Parameter(start)  # (out, in, levels, kh, kw)
        self.bends: nn.Parameter | None = None
        if bend and levels > 2 * bend:
            self.bends = nn.Parameter(torch.zeros(*start.shape[:2], levels // bend + 1, *kernel))
        peak = start.abs().amax(dim=(1, 2, 3, 4)).clamp(min=1e-4)
        if learn_scale:
            peak = peak.repeat(groups)
        scale = torch.log(2 * peak / (1 << (entry_bits - 1)))
        self.log_scale = nn.Parameter(scale, requires_grad=learn_scale)

    @property
    def _middle(self) -> tuple[int, int]:
        height, width = self.kernel
        return (height - 1) // 2, (width - 1) // 2

    def positions(self) -> Tensor:
        """(nodes,) increasing positions from the lowest code to the highest."""
        # No segment is narrower than one code, so that each code lies in one segment only.
        least = min(1 / (self.code_hi - self.code_lo), 1 / len(self.theta))
        steps = torch.softmax(self.theta, 0) * (1 - least * len(self.theta)) + least
        start = torch.zeros(1, dtype=steps.dtype, device=steps.device)
        along = torch.cat([start, torch.cumsum(steps, 0)])
        return self.code_lo + (self.code_hi - self.code_lo) * along

    def integer_entries(self) -> Tensor:
        """(out, in, levels, kh, kw) entries as integers, with straight-through gradients."""
        return round_through(self._scaled_entries())

    def _scaled_entries(self) -> Tensor:
        half = 1 << (self.entry_bits - 1)
        entries: Tensor = self.entries
        if self.bends is not None:
            lines = self.bends.movedim(2, -1).flatten(2, 3)
            lines = F.interpolate(
                lines.flatten(0, 1), entries.shape[2], mode="linear", align_corners=True
            )
            shape = (*entries.shape[:2], *entries.shape[3:], entries.shape[2])
            entries = entries + lines.reshape(shape).movedim(-1, 2)
        if self.learn_scale:
            scales = torch.exp(-self.log_scale).reshape(self.groups, -1).T
            share = entries.shape[1] // self.groups
            scaled = entries * scales.repeat_interleave(share, 1)[:, :, None, None, None]
        else:
            scaled = entries * _GAIN
        return torch.clamp(scaled, -half, half - 1)

    def forward(self, values: Sequence[Tensor]) -> Tensor:
        if self.nodes is None:
            return self._direct(values[-1])
        kh, kw = self.kernel
        codes = _replicated(values[-1], ((kw - 1) // 2, kw // 2), 3)
        codes = _replicated(codes, ((kh - 1) // 2, kh // 2), 2)
        table = self.integer_entries()
        if self.groups > 1:
            # Zeros for the channels of other groups: grouped convolutions are slow on a CPU.
            own = torch.eye(self.groups, device=table.device)
            own = own.repeat_interleave(table.shape[1] // self.groups, 1)
            table = (table * own[:, None, :, None, None, None]).flatten(0, 1)
        table = table * self._unit()[:, None, None, None, None]
        rises = (table[:, :, 1:] - table[:, :, :-1]).flatten(1, 2)
        lowest = table[:, :, 0].sum((1, 2, 3)) * (1 << self.fraction_bits)
        weights = torch.stack(self._weights(codes), dim=2).flatten(1, 2)
        return F.conv2d(weights, rises, lowest)

    @torch.compiler.disable  # Compiled, its loops over taps take many minutes.
    def _direct(self, codes: Tensor) -> Tensor:
        offsets = _offsets(self.kernel, self.origin or self._middle, self.rotations)
        radius = max(abs(number) for turn in offsets for offset in turn for number in offset)
        scaled = self._scaled_entries()
        channels = len(self.first)
        turns = codes.shape[1] // channels
        level = codes - self.first.repeat(turns)[:, None, None]
        level = padded(level, radius, self.border)
        # The frame needs no gradient, and its words are wide: there each output reads its taps.
        add = self._add_by_pixel if codes.requires_grad else self._add_by_output
        out = add(level, scaled, offsets, radius)
        if self.learn_scale:
            out = out * self._unit().reshape(self.groups, -1)
        return out.flatten(3).permute(0, 3, 1, 2)

    def _add_by_output(
        self, level: Tensor, scaled: Tensor, offsets: Sequence[Sequence[Offset]], radius: int
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
        words = sum_of_rows(index.reshape(-1, channels // self.groups * taps), rows)
        return words.reshape(*index.shape[:4], self.groups, outputs)

    def _add_by_pixel(
        self, level: Tensor, scaled: Tensor, offsets: Sequence[Sequence[Offset]], radius: int
    ) -> Tensor:
        """The same, where each pixel reads all words of its code, and taps are added later."""
        outputs, channels, levels = scaled.shape[:3]
        turns = level.shape[1] // channels
        level = level.permute(0, 2, 3, 1)
        start = torch.arange(channels, device=level.device).int() * levels
        index = (level.detach().int() + start.repeat(turns)).reshape(-1, channels // self.groups)
        slopes = _as_rows(_slopes(scaled.detach(), self.counts))
        rows = _as_rows(round_through(scaled))
        words = sum_of_rows(index, rows, level.reshape(index.shape), slopes)
        words = words.reshape(*level.shape[:3], turns, self.groups, -1, outputs)
        out: Tensor = _AddWords.apply(words, offsets, radius)
        return out

    def _unit(self) -> Tensor:
        """(out,) what one step of the integer accumulator is worth, in codes."""
        if not self.learn_scale:
            return torch.ones_like(self.log_scale)
        fraction = 0 if self.nodes is None else self.fraction_bits
        unit = torch.exp(self.log_scale) * (_GAIN / (1 << fraction))
        return requantised(unit)

    def _weights(self, codes: Tensor) -> list[Tensor]:
        """For each segment, the rounded weight inside it, 0 before and 2**f behind it."""
        assert self.nodes is not None
        one = float(1 << self.fraction_bits)
        nodes = self.positions()
        slope = one / (nodes[1:] - nodes[:-1])
        weights = []
        for i in range(self.nodes - 1):
            # The last node itself has no segment behind it: its weight stays below one.
            top = one if i < self.nodes - 2 else one - 1
            weights.append(round_through(torch.clamp((codes - nodes[i]) * slope[i], 0.0, top)))
        return weights

    @torch.no_grad()
    def quantiser(self) -> Quantiser | None:
        """The ROM, from the very weights that `forward` uses."""
        if self.nodes is None:
            return None
        codes = torch.arange(self.code_lo, self.code_hi + 1, device=self.theta.device)
        weights = torch.stack(self._weights(codes.to(self.theta.dtype))).long().cpu()
        one = 1 << self.fraction_bits
        segment = (weights[:-1] == one).sum(0)
        weight = weights.gather(0, segment[None])[0]
        return Quantiser(segment.numpy(), weight.numpy(), self.nodes, self.fraction_bits)

    @torch.no_grad()
    def export(self, unit: npt.NDArray[np.float64]) -> tuple[TapTables, npt.NDArray[np.float64]]:
        if not np.array_equal(unit, np.ones_like(unit)):
            raise ValueError("tap_tables input must be codes, not an accumulator")
        entries = self.integer_entries().permute(1, 3, 4, 2, 0).cpu().numpy().astype(np.int64)
        ranges = self.code_ranges
        if self.discretise[0] is not None:
            ranges = self.discretise[0].code_ranges()
        layer = TapTables(
            entries if ranges is None else self._within(ranges, entries),
            self.entry_bits,
            self.code_bits,
            self.code_signed,
            self.quantiser(),
            None if ranges is None else np.array(ranges),
            self.groups,
            self.rotations,
            self.origin,
            self.border,
        )
        step = self._unit().double().cpu().numpy()
        return layer, np.tile(step, layer.out_channels // len(step))

    def _within(
        self, ranges: Sequence[tuple[int, int]], entries: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """Only the levels of the codes that occur, from 0, and zeros behind."""
        most = max(last - first + 1 for first, last in ranges)
        kept = np.zeros((*entries.shape[:3], most, entries.shape[4]), np.int64)
        for c, (first, last) in enumerate(ranges):
            start, count = first - int(self.first[c]), last - first + 1
            kept[c, :, :, :count] = entries[c, :, :, start : start + count]
        return kept

    @staticmethod
    def exact(layer: TapTables, values: Sequence[Tensor]) -> Tensor:
        layer, given = layer.untied, values[-1]
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


def _replicated(codes: Tensor, counts: tuple[int, int], axis: int) -> Tensor:
    """``codes`` with their first and last along an axis so many times more.

    As `F.pad`, whose gradient compiled steps get wrong (PyTorch 2.13 on a CPU).
    """
    before, after = counts
    first, last = codes.narrow(axis, 0, 1), codes.narrow(axis, -1, 1)
    if before == after == 0:
        return codes
    return torch.cat([first] * before + [codes] + [last] * after, axis)


def _offsets(
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

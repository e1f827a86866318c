"""Twin of golden/layers/tap_tables.py: tables trained directly, without enumeration.

The tent functions of the nodes turn an interpolated tap layer into an ordinary convolution
over in_channels * nodes channels whose weight IS the table; node positions get gradients
through the tents. Direct tables are gathered, and their gradient with respect to the code is
the slope between neighbouring entries.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from golden.layers import TapTables
from golden.layers.tap_tables import Quantiser
from model.layers.twin import Twin, round_through

__all__ = ["TapTablesTwin"]

# Entries are trained near 1 and are worth this many code steps: it suits one learning rate.
_GAIN = 128.0


class TapTablesTwin(Twin):
    """Tap tables with learnt entries, entry scales and node positions.

    Args:
        in_channels, out_channels, kernel: as golden's.
        nodes: tables interpolated between so many nodes; None for direct tables.
        entry_bits: bits of an entry; one learnt scale an output channel (as LSQ, ICLR 2020).
        code_bits, code_signed: of the input codes.
        fraction_bits: bits of the interpolation weight.
        learn_nodes: whether node positions move from uniform.
        spread: standard deviation of the output at the start, in units of 128 codes.
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
        spread: float = 0.5,
    ) -> None:
        super().__init__()
        self.kernel, self.nodes, self.entry_bits = kernel, nodes, entry_bits
        self.code_bits, self.code_signed = code_bits, code_signed
        self.fraction_bits = fraction_bits
        self.code_lo = -(1 << (code_bits - 1)) if code_signed else 0
        self.code_hi = self.code_lo + (1 << code_bits) - 1
        levels = nodes or 1 << code_bits
        self.theta = nn.Parameter(torch.zeros(levels - 1), requires_grad=learn_nodes)
        if nodes is None:
            self.theta.requires_grad_(False)
        # Start from random functions that are a line plus a kink: better than noise at nodes.
        fan_in = in_channels * kernel[0] * kernel[1]
        where = torch.linspace(-1, 1, levels)[:, None, None]
        line, kink = torch.randn(2, out_channels, in_channels, 1, *kernel)
        start = line * where + kink * (where.abs() - 0.5)
        start = start * spread / fan_in**0.5
        self.entries = nn.Parameter(start)  # (out, in, levels, kh, kw)
        peak = start.abs().amax(dim=(1, 2, 3, 4)).clamp(min=1e-4)
        self.log_scale = nn.Parameter(torch.log(2 * peak / (1 << (entry_bits - 1))))

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
        half = 1 << (self.entry_bits - 1)
        scaled = self.entries * torch.exp(-self.log_scale)[:, None, None, None, None]
        return round_through(torch.clamp(scaled, -half, half - 1))

    def forward(self, values: Sequence[Tensor]) -> Tensor:
        kh, kw = self.kernel
        codes = F.pad(
            values[-1], ((kw - 1) // 2, kw // 2, (kh - 1) // 2, kh // 2), mode="replicate"
        )
        table = self.integer_entries()
        unit = self._unit()
        if self.nodes is None:
            index = codes - self.code_lo
            result: Tensor = _Gather.apply(index, table)
            return result * unit[:, None, None]
        table = table * unit[:, None, None, None, None]
        return F.conv2d(self._tents(codes), table.flatten(1, 2))

    def _unit(self) -> Tensor:
        """(out,) what one step of the integer accumulator is worth, in codes."""
        fraction = 0 if self.nodes is None else self.fraction_bits
        return torch.exp(self.log_scale) * (_GAIN / (1 << fraction))

    def _tents(self, codes: Tensor) -> Tensor:
        """(batch, in * nodes, h, w): integer tent weights, as the quantiser ROM gives them."""
        assert self.nodes is not None
        weights = self._weights(codes)
        one = float(1 << self.fraction_bits)
        tents = [one - weights[0]]
        tents += [weights[i] - weights[i + 1] for i in range(self.nodes - 2)]
        tents.append(weights[-1])
        return torch.stack(tents, dim=2).flatten(1, 2)

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
        layer = TapTables(
            entries, self.entry_bits, self.code_bits, self.code_signed, self.quantiser()
        )
        return layer, self._unit().double().cpu().numpy()

    @staticmethod
    def exact(layer: TapTables, values: Sequence[Tensor]) -> Tensor:
        kh, kw = layer.kernel
        codes = values[-1].double() + layer.code_offset
        pads = ((kw - 1) // 2, kw // 2, (kh - 1) // 2, kh // 2)
        index = F.pad(codes, pads, mode="replicate").long()
        if layer.quantiser is None:
            tents = torch.eye(1 << layer.code_bits, dtype=torch.float64)
        else:
            tents = torch.from_numpy(layer.quantiser.tents().astype(np.float64))
        channels = tents[index].permute(0, 1, 4, 2, 3).flatten(1, 2)
        table = torch.from_numpy(layer.entries.astype(np.float64))
        table = table.permute(4, 0, 3, 1, 2).flatten(1, 2)
        return F.conv2d(channels, table).round().long()


class _Gather(torch.autograd.Function):
    """Sum of direct tables; ``index`` (batch, in, h, w) integers, padded by the kernel."""

    @staticmethod
    def forward(ctx: Any, index: Tensor, table: Tensor) -> Tensor:
        out_channels, in_channels, _levels, kh, kw = table.shape
        index = index.long()
        batch, _, height, width = index.shape
        height, width = height - kh + 1, width - kw + 1
        out = table.new_zeros(batch, height, width, out_channels)
        for c, i, j in np.ndindex(in_channels, kh, kw):
            words = table[:, c, :, i, j].T.contiguous()
            out += F.embedding(index[:, c, i : i + height, j : j + width], words)
        ctx.save_for_backward(index, table)
        return out.permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        index, table = ctx.saved_tensors
        _, in_channels, levels, kh, kw = table.shape
        grad = grads[0].permute(0, 2, 3, 1).contiguous()
        _batch, height, width, out_channels = grad.shape
        grad_table = torch.zeros_like(table)
        grad_index = torch.zeros(index.shape, dtype=table.dtype, device=table.device)
        for c, i, j in np.ndindex(in_channels, kh, kw):
            part = index[:, c, i : i + height, j : j + width]
            words = table[:, c, :, i, j].T
            flat = grad.new_zeros(levels, out_channels)
            flat.index_add_(0, part.reshape(-1), grad.reshape(-1, out_channels))
            grad_table[:, c, :, i, j] = flat.T
            up, down = (part + 1).clamp(max=levels - 1), (part - 1).clamp(min=0)
            run = (up - down).clamp(min=1)[..., None]
            slope = (F.embedding(up, words) - F.embedding(down, words)) / run
            grad_index[:, c, i : i + height, j : j + width] += (grad * slope).sum(-1)
        return grad_index, grad_table

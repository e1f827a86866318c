"""DDTB (ECCV 2022): learnt lower and upper bounds, which a gate moves with the sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from lutscale.golden.errors import InputError
from lutscale.model.layers.twin import round_through
from lutscale.model.refqsr.quantisers.quantiser import Codes, Quantiser

__all__ = ["Ddtb", "open_gates"]

_LEAST = 1e-4
# torch.quantile takes no more than 16 million numbers; a million say as much.
_MOST = 1 << 20


class Ddtb(Quantiser):
    """``lower + step * round((clip(x, lower, upper) - lower) / step)``, 2**bits codes.

    The bounds start as the means of the 1st and 99th percentiles. Where the gate is open both are
    multiplied by factors 0..2 that a linear layer makes of the means of the channels, 1 at first.
    """

    name: ClassVar[str] = "DDTB"

    gated: Tensor
    mean: Tensor
    square: Tensor

    def __init__(self, bits: int, channels: int) -> None:
        super().__init__(bits)
        self.lower = nn.Parameter(torch.tensor(-1.0))
        self.upper = nn.Parameter(torch.tensor(1.0))
        self.gate = nn.Linear(channels, 2)
        nn.init.zeros_(self.gate.weight)
        nn.init.zeros_(self.gate.bias)
        self.register_buffer("gated", torch.tensor(False))
        # Of the largest activation of a sample, over the samples observed.
        self.register_buffer("mean", torch.tensor(0.0))
        self.register_buffer("square", torch.tensor(0.0))

    @property
    def variation(self) -> float:
        """Standard deviation of the samples' largest activations, as a share of their mean."""
        variance = float(self.square) - float(self.mean) ** 2
        return max(variance, 0.0) ** 0.5 / max(float(self.mean), _LEAST)

    def _observe(self, x: Tensor) -> None:
        every = -(-x.numel() // _MOST)
        low, high = torch.quantile(
            x.flatten()[::every].float(), torch.tensor([0.01, 0.99], device=x.device)
        )
        lower = self.moving_mean(self.lower.detach(), low)
        self.lower.copy_(lower)
        upper = self.moving_mean(self.upper.detach(), high)
        self.upper.copy_(torch.maximum(upper, lower + _LEAST))
        largest = x.flatten(1).amax(1)
        self.mean.copy_(self.moving_mean(self.mean, largest.mean()))
        self.square.copy_(self.moving_mean(self.square, largest.square().mean()))

    def _quantise(self, x: Tensor, steps: Tensor | None) -> Tensor:
        lower, upper = self._learnt(self.lower), self._learnt(self.upper)
        if bool(self.gated):
            factors = 2 * torch.sigmoid(self.gate(x.mean((2, 3))))[:, :, None, None, None]
            lower, upper = lower * factors[:, 0], upper * factors[:, 1]
        span = (upper - lower).clamp(min=_LEAST)
        levels = (1 << self.bits) - 1
        part = torch.clamp((x - lower) / span, 0, 1)
        return round_through(part * levels) * (span / levels) + lower

    def _export(self) -> Codes:
        if bool(self.gated):
            raise InputError("DDTB with an open gate has no fixed codes, as a program must have")
        lower, upper = float(self.lower.detach()), float(self.upper.detach())
        levels = (1 << self.bits) - 1
        return Codes((upper - lower) / levels, lower, 0, levels)

    def bounds(self) -> list[nn.Parameter]:
        return [self.lower, self.upper]

    @torch.no_grad()
    def project(self) -> None:
        self.upper.copy_(torch.maximum(self.upper, self.lower + _LEAST))


def open_gates(quantisers: Sequence[Ddtb], share: float) -> None:
    """Open the gates of the layers whose largest activations vary most between samples.

    Args:
        share: of the layers; the paper has 0.1 to 0.5.

    Raises:
        InputError: a quantiser has no statistics yet.
    """
    for quantiser in quantisers:
        quantiser._check_seen()
    worst = sorted(quantisers, key=lambda q: q.variation, reverse=True)
    for k, quantiser in enumerate(worst):
        quantiser.gated.fill_(k < round(share * len(worst)))

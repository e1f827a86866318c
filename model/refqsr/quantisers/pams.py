"""PAMS (ECCV 2020): symmetric codes with a learnt bound."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from lutscale.model.layers.twin import round_through
from lutscale.model.refqsr.quantisers.quantiser import Codes, Quantiser

__all__ = ["Pams"]

_LEAST = 1e-4
_SHARES = (1.0, 0.8, 0.65, 0.5, 0.4, 0.3, 0.22, 0.16, 0.12)


class Pams(Quantiser):
    """``a / s * round(s * clip(x, -a, a) / a)`` with ``s = 2**(bits - 1) - 1``.

    The bound a starts as the mean of max|x| over the batches observed, and is learnt from then on:
    its gradient is the sign of x outside, and ``(round(u) - u) / s`` with ``u = s * x / a`` inside.

    Args:
        bits: 2..8.
        positive: codes 0 and up, of which ``s = 2**bits - 1``: for what has no negatives. The
            paper's have a sign everywhere.
        fitted: the bound starts as the mean of those with the least squared error, of `_SHARES` of
            max|x|: at few bits the largest is far from it.
    """

    name: ClassVar[str] = "PAMS"

    def __init__(self, bits: int, *, positive: bool = False, fitted: bool = False) -> None:
        super().__init__(bits)
        self.positive, self.fitted = positive, fitted
        self.bound = nn.Parameter(torch.tensor(1.0))

    @property
    def top(self) -> int:
        """s, the last code."""
        return (1 << (self.bits - (not self.positive))) - 1

    def _observe(self, x: Tensor) -> None:
        new = x.abs().max()
        if self.fitted:
            errors = [(self._rounded(x, new * k) - x).square().mean() for k in _SHARES]
            new = new * _SHARES[int(torch.stack(errors).argmin())]
        found = self.moving_mean(self.bound.detach(), new)
        self.bound.copy_(found.clamp(min=_LEAST))

    def _quantise(self, x: Tensor, steps: Tensor | None) -> Tensor:
        return self._rounded(x, self._learnt(self.bound))

    def _rounded(self, x: Tensor, bound: Tensor) -> Tensor:
        part = torch.clamp(x / bound, 0 if self.positive else -1, 1)
        return round_through(self.top * part) * (bound / self.top)

    def _export(self) -> Codes:
        least = 0 if self.positive else -self.top
        return Codes(float(self.bound.detach()) / self.top, 0.0, least, self.top)

    def bounds(self) -> list[nn.Parameter]:
        return [self.bound]

    @torch.no_grad()
    def project(self) -> None:
        self.bound.clamp_(min=_LEAST)

"""DAQ (WACV 2022): each channel of each sample by its own mean and deviation."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from lutscale.model.layers.twin import round_through
from lutscale.model.refqsr.quantisers.quantiser import Quantiser

__all__ = ["STEPS", "Daq"]

STEPS = {
    1: 1.596,
    2: 0.996,
    3: 0.586,
    4: 0.335,
    5: 0.188,
    6: 0.104,
    7: 0.0569,
    8: 0.0308,
}
"""Step of the uniform quantiser of least squared error for a Gaussian of deviation 1."""

_LEAST = 1e-6


class Daq(Quantiser):
    """``mean + sigma * step * (floor(z / step) + 1/2)`` with ``z = (x - mean) / sigma``, clamped
    to 2**bits levels, of mean and deviation of each channel of each sample.

    Nothing is learnt, and nothing need be observed.
    """

    name: ClassVar[str] = "DAQ"

    def _observe(self, x: Tensor) -> None:
        pass

    def _check_seen(self) -> None:
        pass

    def _quantise(self, x: Tensor, steps: Tensor | None) -> Tensor:
        mean = x.mean((2, 3), keepdim=True)
        sigma = (x - mean).square().mean((2, 3), keepdim=True).clamp(min=_LEAST**2).sqrt()
        step = STEPS[self.bits]
        top = (1 << (self.bits - 1)) - 0.5
        # Levels lie half a step beside zero.
        place = round_through((x - mean) / (sigma * step) - 0.5) + 0.5
        return mean + sigma * step * torch.clamp(place, -top, top)

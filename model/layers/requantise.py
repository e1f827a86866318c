"""Twin of golden/layers/requantise.py."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from golden.layers import Requantise
from model.layers.twin import Twin, round_through

__all__ = ["RequantiseTwin"]


class RequantiseTwin(Twin):
    """Round ``x * factor`` into ``lo..hi``.

    Args:
        factor: output steps per unit of the input.
        lo, hi: the range of the output.
    """

    def __init__(self, lo: int, hi: int, factor: float = 1.0) -> None:
        super().__init__()
        self.lo, self.hi, self.factor = lo, hi, factor

    def forward(self, values: Sequence[Tensor]) -> Tensor:
        return round_through(torch.clamp(values[-1] * self.factor, self.lo, self.hi))

    def export(self, unit: npt.NDArray[np.float64]) -> tuple[Requantise, npt.NDArray[np.float64]]:
        ratio = unit * self.factor
        # The largest shift whose multipliers keep to 16 bits, then without common factors of 2.
        shift = int(np.clip(np.floor(np.log2(65535 / ratio.max())), 1, 31))
        multiplier = np.floor(ratio * 2.0**shift + 0.5).astype(np.int64)
        while shift > 1 and not (multiplier % 2).any():
            multiplier, shift = multiplier // 2, shift - 1
        return Requantise(multiplier, shift, self.lo, self.hi), np.ones_like(unit)

    @staticmethod
    def exact(layer: Requantise, values: Sequence[Tensor]) -> Tensor:
        multiplier = torch.from_numpy(layer.multiplier.astype(np.int64))[:, None, None]
        product = values[-1] * multiplier + (1 << (layer.shift - 1))
        return torch.clamp(product >> layer.shift, layer.lo, layer.hi)

"""Twin of golden/layers/pixel_shuffle.py."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch.nn.functional as F
from torch import Tensor

from lutscale.golden.layers import PixelShuffle
from lutscale.model.layers.twin import Twin

__all__ = ["PixelShuffleTwin"]


class PixelShuffleTwin(Twin):
    """Rearrange channels into pixels."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.layer = PixelShuffle(scale)

    def forward(self, values: Sequence[Tensor]) -> Tensor:
        return F.pixel_shuffle(values[-1], self.layer.scale)

    def export(self, unit: npt.NDArray[np.float64]) -> tuple[PixelShuffle, npt.NDArray[np.float64]]:
        return self.layer, unit[:: self.layer.scale**2]

    @staticmethod
    def exact(layer: PixelShuffle, values: Sequence[Tensor]) -> Tensor:
        return F.pixel_shuffle(values[-1], layer.scale)

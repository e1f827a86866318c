"""Twin of golden/layers/ensemble.py."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lutscale.golden.layers import Ensemble
from lutscale.golden.symmetry import patch_source
from lutscale.model.layers.twin import Twin

__all__ = ["EnsembleTwin"]


class EnsembleTwin(Twin):
    """Branches and rotations added; the arguments are those of the golden layer."""

    def __init__(self, rotations: int, branches: int, scale: int, lo: int, hi: int) -> None:
        super().__init__()
        self.layer = Ensemble(rotations, branches, scale, lo, hi)

    def forward(self, values: Sequence[Tensor]) -> Tensor:
        return self.exact(self.layer, values)

    def export(self, unit: npt.NDArray[np.float64]) -> tuple[Ensemble, npt.NDArray[np.float64]]:
        return self.layer, unit[: len(unit) // (self.layer.rotations * self.layer.branches)]

    @staticmethod
    def exact(layer: Ensemble, values: Sequence[Tensor]) -> Tensor:
        batch, _, height, width = values[-1].shape
        square = layer.scale**2
        parts = values[-1].reshape(
            batch, layer.rotations, layer.branches, -1, square, height, width
        )
        sums = torch.clamp(parts.sum(2), layer.lo, layer.hi)
        total = torch.zeros_like(sums[:, 0])
        for q in range(layer.rotations):
            total = total + sums[:, q][:, :, patch_source(layer.scale, q)]
        return total.reshape(batch, -1, height, width)

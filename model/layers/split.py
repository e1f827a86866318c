"""Twin of golden/layers/split.py."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lutscale.golden.layers import Split
from lutscale.model.layers.twin import Twin

__all__ = ["SplitTwin"]


class SplitTwin(Twin):
    """High and low bits; the arguments are those of the golden layer. No gradient passes."""

    def __init__(self, low_bits: int, offset: int = 0) -> None:
        super().__init__()
        self.layer = Split(low_bits, offset)

    def forward(self, values: Sequence[Tensor]) -> Tensor:
        return self.exact(self.layer, [values[-1].long()]).to(values[-1].dtype)

    def export(self, unit: npt.NDArray[np.float64]) -> tuple[Split, npt.NDArray[np.float64]]:
        return self.layer, np.tile(unit, 2)

    @staticmethod
    def exact(layer: Split, values: Sequence[Tensor]) -> Tensor:
        given = values[-1]
        low = given & ((1 << layer.low_bits) - 1)
        return torch.cat([(given >> layer.low_bits) - layer.offset, low], dim=1)

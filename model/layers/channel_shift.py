"""Twin of golden/layers/channel_shift.py."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lutscale.golden.layers import ChannelShift
from lutscale.golden.symmetry import Offset
from lutscale.model.layers.neighbourhood import padded, shifted
from lutscale.model.layers.twin import Twin

__all__ = ["ChannelShiftTwin"]


class ChannelShiftTwin(Twin):
    """Each channel moves by its own offset; the arguments are those of the golden layer."""

    def __init__(self, offsets: Sequence[Offset], border: str = "replicate") -> None:
        super().__init__()
        self.layer = ChannelShift(tuple(offsets), border)

    def forward(self, values: Sequence[Tensor]) -> Tensor:
        return self.exact(self.layer, values)

    def export(self, unit: npt.NDArray[np.float64]) -> tuple[ChannelShift, npt.NDArray[np.float64]]:
        return self.layer, unit

    @staticmethod
    def exact(layer: ChannelShift, values: Sequence[Tensor]) -> Tensor:
        radius = max(layer.reach)
        wide = padded(values[-1], radius, layer.border)
        planes = [shifted(wide[:, c], radius, offset) for c, offset in enumerate(layer.offsets)]
        return torch.stack(planes, dim=1)

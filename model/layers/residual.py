"""Twin of golden/layers/residual.py."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from golden.layers import Residual
from golden.layers.residual import bilinear_taps
from model.layers.twin import Twin

__all__ = ["ResidualTwin"]


class ResidualTwin(Twin):
    """Add an earlier value; the arguments are those of the golden layer."""

    def __init__(
        self,
        source: int,
        lo: int,
        hi: int,
        upsample: str = "none",
        scale: int = 1,
    ) -> None:
        super().__init__()
        self.layer = Residual(source, upsample, scale, 1, lo, hi)

    def forward(self, values: Sequence[Tensor]) -> Tensor:
        added = values[-1] + _upsample(self.layer, values[self.layer.source])
        return torch.clamp(added, self.layer.lo, self.layer.hi)

    def export(self, unit: npt.NDArray[np.float64]) -> tuple[Residual, npt.NDArray[np.float64]]:
        return self.layer, unit

    @staticmethod
    def exact(layer: Residual, values: Sequence[Tensor]) -> Tensor:
        source = _upsample(layer, values[layer.source].double()).to(values[-1].dtype)
        return torch.clamp(values[-1] + layer.gain * source, layer.lo, layer.hi)


def _upsample(layer: Residual, source: Tensor) -> Tensor:
    """(batch, channels, h, w) -> (batch, channels * r * r, h, w), in the layer's integers."""
    if layer.upsample == "none":
        return source
    if layer.upsample == "nearest":
        return source.repeat_interleave(layer.scale**2, dim=1)
    taps = torch.from_numpy(bilinear_taps(layer.scale)).to(source)
    kernel = torch.einsum("ia,jb->ijab", taps, taps).reshape(-1, 1, 3, 3)
    batch, channels, height, width = source.shape
    planes = F.pad(source.reshape(batch * channels, 1, height, width), (1,) * 4, "replicate")
    return F.conv2d(planes, kernel).reshape(batch, -1, height, width)

"""Twin of golden/layers/residual.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from lutscale.golden.layers import Residual
from lutscale.golden.layers.residual import bilinear_taps
from lutscale.model.layers.operations import clamped
from lutscale.model.layers.twin import Twin

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
        gain: int = 1,
        **channels: Any,
    ) -> None:
        super().__init__()
        self.layer = Residual(source, upsample, scale, gain, lo, hi, **channels)

    def forward(self, values: Sequence[Tensor]) -> Tensor:
        return _add(self.layer, values[-1], values[self.layer.source], clamped)

    def export(self, unit: npt.NDArray[np.float64]) -> tuple[Residual, npt.NDArray[np.float64]]:
        return self.layer, unit

    @staticmethod
    def exact(layer: Residual, values: Sequence[Tensor]) -> Tensor:
        added = _add(layer, values[-1].double(), values[layer.source].double())
        return added.to(values[-1].dtype)


def _add(
    layer: Residual,
    given: Tensor,
    source: Tensor,
    clamp: Callable[[Tensor, float, float], Tensor] = torch.clamp,
) -> Tensor:
    up = _upsample(layer, source)
    added = given + (layer.gain * up if layer.gain > 1 else up)
    if layer.channel_lo is None and layer.channel_hi is None:
        return clamp(added, layer.lo, layer.hi)
    ranges = [layer.range_of(channel) for channel in range(added.shape[1])]
    low, high = torch.tensor(ranges).to(added).T[..., None, None]
    return torch.clamp(added, low, high)


def _upsample(layer: Residual, source: Tensor) -> Tensor:
    """(batch, channels, h, w) -> (batch, channels * r * r, h, w), in the layer's integers."""
    if layer.upsample == "none":
        return source if layer.channels is None else source[:, list(layer.channels)]
    if layer.upsample == "nearest":
        return source.repeat_interleave(layer.scale**2, dim=1)
    taps = torch.from_numpy(bilinear_taps(layer.scale)).to(source)
    kernel = torch.einsum("ia,jb->ijab", taps, taps).reshape(-1, 1, 3, 3)
    batch, channels, height, width = source.shape
    planes = F.pad(source.reshape(batch * channels, 1, height, width), (1,) * 4, "replicate")
    return F.conv2d(planes, kernel).reshape(batch, -1, height, width)

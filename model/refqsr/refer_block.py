"""RefER in training: the flow to a reference by cost volume and soft-argmax, warp, fusion."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lutscale.model.refqsr.architecture import Convolution
from lutscale.model.refqsr.convolution import MixedConvolution
from lutscale.model.refqsr.parts import ReferShape

__all__ = ["TEMPERATURE", "ReferBlock", "soft_argmax", "warp"]

TEMPERATURE = 1 / 32
"""Of the softmax over cosines."""

_BITS = 8


class ReferBlock(nn.Module):
    """Adds to a query's features what a 1x1 convolution makes of them and of the reference's,
    warped to where they match. The convolution starts at zero.

    Args:
        shape: its sizes.
    """

    def __init__(self, shape: ReferShape) -> None:
        super().__init__()
        self.shape = shape
        c = shape.channels
        descriptor = Convolution("descriptor", c, shape.descriptor, 1)
        self.descriptor = MixedConvolution(descriptor, "pams", _BITS)
        self.fusion = MixedConvolution(Convolution("fusion", 2 * c, c, 1), "pams", _BITS)
        nn.init.zeros_(self.fusion.weight)
        assert self.fusion.bias is not None
        nn.init.zeros_(self.fusion.bias)

    def describe(self, features: Tensor) -> Tensor:
        """Unit vectors (batch, numbers, places)."""
        made = self.descriptor(F.avg_pool2d(features, self.shape.pool))
        return F.normalize(made.flatten(2), dim=1, eps=1e-6)

    def forward(self, query: Tensor, reference: Tensor) -> Tensor:
        """The repaired query, (batch, channels, height, width) as both inputs."""
        cost = self.describe(query).transpose(1, 2) @ self.describe(reference)
        places = tuple(n // self.shape.pool for n in query.shape[-2:])
        flow = soft_argmax(cost, places[0], places[1]) * self.shape.pool
        flow = F.interpolate(flow, scale_factor=self.shape.pool, mode="nearest")
        added: Tensor = self.fusion(torch.cat([warp(reference, flow), query], 1))
        return query + added


def soft_argmax(cost: Tensor, rows: int, columns: int) -> Tensor:
    """(batch, 2, rows, columns): rows and columns from each place to the mean of where it matches.

    Args:
        cost: cosines (batch, places of the query, places of the reference), both of so many rows
            and columns.
    """
    weights = F.softmax(cost / TEMPERATURE, 2)
    steps = [torch.arange(n, dtype=cost.dtype, device=cost.device) for n in (rows, columns)]
    places = torch.stack(torch.meshgrid(*steps, indexing="ij")).reshape(2, -1)
    flow = torch.einsum("bij,aj->bai", weights, places) - places
    return flow.reshape(-1, 2, rows, columns)


def warp(features: Tensor, flow: Tensor) -> Tensor:
    """Features read from where the flow points to, bilinearly; outside lies the edge.

    Args:
        features: (batch, channels, height, width).
        flow: (batch, 2, height, width), rows and columns.
    """
    height, width = features.shape[-2:]
    rows = torch.arange(height, dtype=flow.dtype, device=flow.device)[:, None] + flow[:, 0]
    columns = torch.arange(width, dtype=flow.dtype, device=flow.device) + flow[:, 1]
    grid = torch.stack([2 * columns / (width - 1) - 1, 2 * rows / (height - 1) - 1], -1)
    return F.grid_sample(features, grid, mode="bilinear", padding_mode="border", align_corners=True)

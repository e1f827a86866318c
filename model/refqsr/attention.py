"""What a light ELAN (ECCV 2022) has beside convolutions: shifts, and attention within windows."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lutscale.model.refqsr.architecture import WINDOW, Convolution
from lutscale.model.refqsr.convolution import WideConvolution

__all__ = ["WindowAttention", "shifted"]


def shifted(x: Tensor) -> Tensor:
    """Four fifths of the channels moved by a pixel, a fifth each way; the edge is repeated.

    Args:
        x: (batch, channels, height, width).
    """
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    height, width = x.shape[-2:]
    parts = []
    ways = ((1, 0), (1, 2), (0, 1), (2, 1), (1, 1))
    for part, (row, column) in zip(padded.tensor_split(5, 1), ways, strict=True):
        parts.append(part[..., row : row + height, column : column + width])
    return torch.cat(parts, 1)


class WindowAttention(nn.Module):
    """Symmetric attention within windows, added to what it reads: queries are keys.

    Args:
        project: the 1x1 to queries and values.
        join: the 1x1 of what was attended to.
    """

    def __init__(self, project: Convolution, join: Convolution) -> None:
        super().__init__()
        self.project, self.join = WideConvolution(project), WideConvolution(join)

    def forward(self, x: Tensor) -> Tensor:
        """As large as ``x``, (batch, channels, height, width); windows at the edges are filled."""
        height, width = x.shape[-2:]
        fill = (0, -width % WINDOW, 0, -height % WINDOW)
        both = F.pad(self.project(x), fill, mode="replicate")
        rows, columns = (n // WINDOW for n in both.shape[-2:])
        windows = both.unflatten(3, (columns, WINDOW)).unflatten(2, (rows, WINDOW))
        # (batch, rows, columns, pixels of a window, channels)
        windows = windows.permute(0, 2, 4, 3, 5, 1).flatten(3, 4)
        query, value = windows.chunk(2, -1)
        made = F.softmax(query @ query.mT, -1) @ value
        made = made.unflatten(3, (WINDOW, WINDOW)).permute(0, 5, 1, 3, 2, 4)
        made = made.flatten(4, 5).flatten(2, 3)[..., :height, :width]
        joined: Tensor = self.join(made)
        return x + joined

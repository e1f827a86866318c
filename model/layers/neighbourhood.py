"""Borders of batches of planes, as golden/neighbourhood.py has them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from lutscale.golden.neighbourhood import border_index

__all__ = ["padded", "shifted"]


def padded(planes: Tensor, radius: int, border: str) -> Tensor:
    """``planes`` (..., h, w) with ``radius`` more pixels on every side."""
    if radius == 0:
        return planes
    height, width = planes.shape[-2:]
    rows, columns = (
        torch.from_numpy(border_index(np.arange(-radius, n + radius), n, border)).to(planes.device)
        for n in (height, width)
    )
    return planes.index_select(-2, rows).index_select(-1, columns)


def shifted(planes: Tensor, radius: int, offset: tuple[int, int]) -> Tensor:
    """What lies at ``offset`` from every pixel, in planes that were `padded`."""
    down, right = offset
    height, width = (n - 2 * radius for n in planes.shape[-2:])
    rows = planes.narrow(-2, radius + down, height)
    return rows.narrow(-1, radius + right, width)

"""How far results are from what is wanted, by the name that a recipe gives."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["LOSSES"]


def _l2(result: Tensor, wanted: Tensor) -> Tensor:
    """In tens of squared levels, which is near the size of the others."""
    return F.mse_loss(result, wanted) / 10


def _mean(result: Tensor, wanted: Tensor) -> Tensor:
    return (F.l1_loss(result, wanted) + _l2(result, wanted)) / 2


def _negative_psnr(result: Tensor, wanted: Tensor) -> Tensor:
    """Mean over the patches of 10 log10(mean squared error + 1), in dB (NAFNet, ECCV 2022)."""
    squared = (result - wanted).square().mean((1, 2, 3))
    # Without the added one a smooth patch that is right already would weigh most.
    return 10 * torch.log10(squared + 1).mean()


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "l1": F.l1_loss,
    "l2": _l2,
    "l1+l2": _mean,
    "psnr": _negative_psnr,
}
"""Of float tensors (batch, 1, height, width), in levels, to one number."""

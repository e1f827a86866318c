"""Weights as codes: symmetric by their largest, or between their smallest and largest."""

from __future__ import annotations

import torch
from torch import Tensor

from lutscale.model.layers.twin import round_through

__all__ = ["asymmetric", "max_abs", "symmetric"]

_LEAST = 1e-8


def max_abs(weights: Tensor, bits: int) -> Tensor:
    """The step of symmetric codes: the largest weight over the last code."""
    return weights.detach().abs().max().clamp(min=_LEAST) / ((1 << (bits - 1)) - 1)


def symmetric(weights: Tensor, bits: int) -> Tensor:
    """Weights as their codes' values; the gradient passes (PAMS, CADyQ)."""
    step = max_abs(weights, bits)
    return round_through(weights / step) * step


def asymmetric(weights: Tensor, bits: int) -> Tensor:
    """Weights as codes between the smallest and the largest; the gradient passes (DDTB)."""
    lower, upper = weights.detach().min(), weights.detach().max()
    step = torch.clamp((upper - lower) / ((1 << bits) - 1), min=_LEAST)
    return round_through((weights - lower) / step) * step + lower

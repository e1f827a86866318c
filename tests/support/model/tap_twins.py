"""What the tests of the twins of tap tables share."""

from __future__ import annotations

import torch

from lutscale.model.layers import TapTablesTwin

__all__ = ["KERNELS", "codes", "perturb"]

KERNELS = [(1, 1), (1, 3), (2, 2), (3, 3), (3, 2), (5, 3)]


def codes(twin: TapTablesTwin, channels: int, height: int = 6, width: int = 7) -> torch.Tensor:
    """A batch of two, of codes that the twin reads."""
    return torch.randint(twin.code_lo, twin.code_hi + 1, (2, channels, height, width)).float()


def perturb(twin: TapTablesTwin, spread: float) -> None:
    """Move the nodes from where they start."""
    with torch.no_grad():
        twin.theta.add_(spread * torch.randn_like(twin.theta))

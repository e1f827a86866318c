"""Small torch networks whose statistics are in place, as after a few steps of training."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from lutscale.model.refqsr.architecture import Architecture
from lutscale.model.refqsr.network import MixedNetwork
from tests.support.refqsr.networks import picture

__all__ = ["batch", "small"]


def batch(count: int, side: int = 24, seed: int = 0) -> torch.Tensor:
    """Pictures (count, 3, side, side), 0..255."""
    made = np.stack([picture(seed + n, side, side) for n in range(count)])
    return torch.from_numpy(made).permute(0, 3, 1, 2).float()


def small(
    family: str = "srresnet", *, scale: int = 2, blocks: int = 4, seed: int = 1, **options: Any
) -> MixedNetwork:
    """A network of 8 channels that has seen two batches, its RefER awake."""
    torch.manual_seed(seed)
    direct = family == "srresnet"
    shape = Architecture(family, scale, 8, blocks, direct=direct, frame_residual=direct)
    network = MixedNetwork(shape, **{"group": 4, "classes": 3, **options})
    if network.low is not None:
        for refer in network.refer:
            nn.init.normal_(refer.fusion.weight, std=0.1)  # type: ignore[arg-type]
    with torch.no_grad():
        for start in (0, 4):
            network(batch(4, seed=start))
    return network.eval()

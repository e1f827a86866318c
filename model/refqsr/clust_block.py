"""ClustBlock in training: it learns, of raw LR patches, the clusters that features fall into."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from scipy.cluster.vq import kmeans2
from torch import Tensor, nn

from lutscale.golden.refqsr.clust_block import follow, led_by_detail
from lutscale.model.refqsr.architecture import Convolution
from lutscale.model.refqsr.convolution import MixedConvolution, WideConvolution
from lutscale.model.refqsr.parts import ClustShape

__all__ = ["ClustBlock", "Clusters", "pointers"]

_BITS = 8


@torch.no_grad()
def pointers(probabilities: Tensor, details: Tensor) -> list[int]:
    """For each patch of a picture the one it refers to, as golden's ClustBlock has it.

    Probabilities are rounded to parts of 255 as there: products of floats are rounded, and of
    patches that are nearly alike could lead round in a circle.

    Args:
        probabilities: (patches, classes).
        details: (patches,), the mean steps of each.
    """
    levels = (255 * probabilities).round().double()
    products = levels @ levels.T
    return list(led_by_detail(follow(products.argmax(1).tolist()), details.tolist()))


class ClustBlock(nn.Module):
    """Three 3x3 with pooling between, a mean over the patch, one linear layer.

    Args:
        shape: its sizes.
    """

    def __init__(self, shape: ClustShape) -> None:
        super().__init__()
        self.shape = shape
        first, *others = shape.convolutions
        self.first = WideConvolution(first)
        self.others = nn.ModuleList(MixedConvolution(c, "pams", _BITS) for c in others)
        last = Convolution("clust_last", shape.channels, shape.classes, 1)
        self.last = MixedConvolution(last, "pams", _BITS)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (batch, classes) of patches (batch, 3, side, side), in units of 128 levels."""
        x = self.first(x)
        for convolution in self.others:
            x = convolution(F.avg_pool2d(F.relu(x), self.shape.pool))
        made: Tensor = self.last(F.relu(x).mean((2, 3), keepdim=True))
        return made.flatten(1)


class Clusters(nn.Module):
    """What ClustBlock learns: the nearest of the k-means centres of a patch's features.

    The features are mean and deviation of each channel behind the first block, which all patches
    share. The first `SAMPLES` patches of a run make the centres; from then on they stay.

    Args:
        channels: of the features.
        classes: centres.
        seed: of k-means.
    """

    SAMPLES = 512

    samples: Tensor
    filled: Tensor
    centres: Tensor
    shift: Tensor
    scale: Tensor

    def __init__(self, channels: int, classes: int, seed: int = 1) -> None:
        super().__init__()
        self.seed = seed
        self.register_buffer("samples", torch.zeros(self.SAMPLES, 2 * channels))
        self.register_buffer("filled", torch.tensor(0))
        self.register_buffer("centres", torch.zeros(classes, 2 * channels))
        self.register_buffer("shift", torch.zeros(2 * channels))
        self.register_buffer("scale", torch.ones(2 * channels))

    @property
    def ready(self) -> bool:
        """Whether there are centres."""
        return int(self.filled) >= self.SAMPLES

    @torch.no_grad()
    def labels(self, features: Tensor) -> Tensor | None:
        """(batch,), the cluster of each patch; None while there are no centres.

        Args:
            features: (batch, channels, side, side).
        """
        flat = features.flatten(2)
        found = torch.cat([flat.mean(2), flat.std(2, correction=0)], 1)
        if not self.ready:
            self._keep(found)
            return None
        distance = torch.cdist((found - self.shift) / self.scale, self.centres)
        return distance.argmin(1)

    def _keep(self, found: Tensor) -> None:
        start = int(self.filled)
        taken = found[: self.SAMPLES - start]
        self.samples[start : start + len(taken)] = taken
        self.filled += len(taken)
        if self.ready:
            self.shift.copy_(self.samples.mean(0))
            self.scale.copy_(self.samples.std(0).clamp(min=1e-6))
            given = ((self.samples - self.shift) / self.scale).double().cpu().numpy()
            made, _ = kmeans2(given, len(self.centres), minit="++", rng=self.seed)
            self.centres.copy_(torch.from_numpy(made.astype(np.float32)))

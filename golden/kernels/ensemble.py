"""Compiled form of golden/layers/ensemble.py."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lutscale.golden.kernels.compiler import compiled
from lutscale.golden.layers import Ensemble
from lutscale.golden.layers.layer import Array
from lutscale.golden.symmetry import patch_source

__all__ = ["Joined"]


class Joined:
    """The sums of one layer, of so many channels."""

    def __init__(self, layer: Ensemble, channels: int) -> None:
        self.layer, square = layer, layer.scale**2
        outputs = channels // (layer.rotations * layer.branches)
        starts = np.arange(0, outputs, square)[:, None]
        # (rotations, outputs): the channel of a part that each output reads.
        self.places = np.stack(
            [(starts + patch_source(layer.scale, q)).ravel() for q in range(layer.rotations)]
        )

    def __call__(self, values: Sequence[Array]) -> Array:
        given = np.ascontiguousarray(values[-1])
        rotations, outputs = self.places.shape
        parts = given.reshape(rotations, self.layer.branches, outputs, -1)
        out = np.zeros((outputs, *given.shape[1:]), np.int32)
        _join(parts, self.places, self.layer.lo, self.layer.hi, out.reshape(outputs, -1))
        return out


@compiled
def _join(
    parts: npt.NDArray[np.int32],
    places: npt.NDArray[np.int64],
    low: int,
    high: int,
    out: npt.NDArray[np.int32],
) -> None:
    rotations, branches, outputs, pixels = parts.shape
    total = np.empty(pixels, np.int64)
    for o in range(outputs):
        line = out[o]
        for q in range(rotations):
            place = places[q, o]
            total[:] = 0
            for b in range(branches):
                row = parts[q, b, place]
                for x in range(pixels):
                    total[x] += row[x]
            for x in range(pixels):
                line[x] += min(max(total[x], low), high)

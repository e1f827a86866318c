"""Tables tied under a group: the full kernel of a convolution, built of the stored entries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from lutscale.golden.layers.passes import full_tables
from lutscale.golden.symmetry import GROUPS, patch_source

__all__ = ["Tie"]


class Tie(nn.Module):
    """Which stored entry each entry of the full kernel is, and which channels share a scale.

    A scale belongs to a channel of the shares, or to the pixels of a patch that turns bring to
    each other's places.

    Args:
        symmetry, role: as golden's tap tables have them.
        shape: (out, in, levels, kh, kw) of the stored entries.

    Attributes:
        scale: (out,) the number of each stored output's scale.
        unit: (full out,) the same of each output of the full kernel.
    """

    index: Tensor
    scale: Tensor
    unit: Tensor

    def __init__(self, symmetry: str, role: str, shape: Sequence[int]) -> None:
        super().__init__()
        height, width = shape[-2:]
        if height != width or height % 2 == 0:
            raise ValueError(
                "kernels must be square with an odd side with a symmetry, or a turn would move "
                f"their middle, not {height}x{width}"
            )
        numbers = np.arange(np.prod(shape)).reshape(shape).transpose(1, 3, 4, 2, 0)
        full = full_tables(numbers, symmetry, role).transpose(4, 0, 3, 1, 2)
        owners = np.arange(shape[0])
        if role == "end":
            side = round(shape[0] ** 0.5)
            places = [patch_source(side, g) for g in range(GROUPS[symmetry])]
            owners = np.unique(np.min(places, axis=0), return_inverse=True)[1]
        units = np.tile(owners, len(full) // shape[0])
        for name, array in (("index", full), ("scale", owners), ("unit", units)):
            tensor = torch.from_numpy(np.ascontiguousarray(array))
            self.register_buffer(name, tensor, persistent=False)

    def full(self, entries: Tensor) -> Tensor:
        """(out, in, levels, kh, kw) of the full kernel, from the stored entries."""
        return entries.flatten()[self.index]

    def largest(self, numbers: Tensor) -> Tensor:
        """For each scale, the largest of the stored outputs' ``numbers``."""
        found = numbers.new_zeros(int(self.scale.max()) + 1)
        return found.scatter_reduce(0, self.scale, numbers, "amax")

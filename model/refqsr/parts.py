"""What RefQSR adds to a network, in plain numbers: patches, ClustBlock, RefER.

The paper's text leaves these shapes open; docs/refqsr.md says which are ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from lutscale.golden.validate import require_int
from lutscale.model.refqsr.architecture import COLOURS, Architecture, Convolution

__all__ = ["REFER_BLOCKS", "ClustShape", "ReferShape", "check_blocks"]

REFER_BLOCKS = 2
"""The last blocks of a query's path, in whose place RefER stands."""


def check_blocks(architecture: Architecture) -> None:
    """ValueError for a body too short for one shared block and the two that RefER replaces."""
    least = 1 + REFER_BLOCKS
    if architecture.blocks < least:
        raise ValueError(f"blocks must be at least {least} for RefQSR, not {architecture.blocks}")


@dataclass(frozen=True)
class ClustShape:
    """ClustBlock: three 3x3 on the pooled picture, a mean over all pixels, one linear layer.

    Attributes:
        channels: of its features.
        classes: that a patch may belong to.
    """

    channels: int = 8
    classes: int = 8
    pool: ClassVar[int] = 2
    """Side of the squares that are averaged before each of the second and third 3x3."""

    def __post_init__(self) -> None:
        require_int("channels", self.channels, 1, 64)
        require_int("classes", self.classes, 2, 64)

    @property
    def convolutions(self) -> tuple[Convolution, ...]:
        """The 3x3, from first to last; their planes shrink by `pool` from one to the next."""
        c = self.channels
        inputs = (COLOURS, c, c)
        return tuple(Convolution(f"clust{k}", n, c, 3) for k, n in enumerate(inputs))

    def macs(self, height: int, width: int) -> int:
        """Multiplications for a patch."""
        planes = [(height // self.pool**k) * (width // self.pool**k) for k in range(3)]
        layers = zip(self.convolutions, planes, strict=True)
        return sum(c.macs * pixels for c, pixels in layers) + self.channels * self.classes


@dataclass(frozen=True)
class ReferShape:
    """RefER: descriptors, cost volume, soft-argmax, warp, fusion.

    Attributes:
        channels: of the trunk.
        pool: side of the squares over which descriptors are averaged.
        reduction: how many times fewer channels descriptors have.
    """

    channels: int
    pool: int = 4
    reduction: int = 4

    def __post_init__(self) -> None:
        require_int("channels", self.channels, 4, 256)
        require_int("pool", self.pool, 2, 8)
        require_int("reduction", self.reduction, 1, 8)

    @property
    def descriptor(self) -> int:
        """Channels of a descriptor."""
        return max(1, self.channels // self.reduction)

    def positions(self, height: int, width: int) -> int:
        """Descriptors of a patch."""
        return (height // self.pool) * (width // self.pool)

    def query_macs(self, height: int, width: int) -> Iterator[tuple[str, int]]:
        """(step, multiplications) of one block on a query patch."""
        n, c, d = self.positions(height, width), self.channels, self.descriptor
        yield "descriptors", n * c * d
        yield "cost volume", n * n * d
        yield "soft-argmax", n * n * 2
        yield "warp", height * width * c * 4
        yield "fusion", height * width * c * 2 * c

    def reference_macs(self, height: int, width: int) -> int:
        """Multiplications of one block's descriptors of a reference."""
        return self.positions(height, width) * self.channels * self.descriptor

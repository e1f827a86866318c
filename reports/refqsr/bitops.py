"""BitOPs: what a network of mixed precision multiplies.

One multiplication of a weight by an activation, with the addition that follows, counts
``2 * weight bits * activation bits``; full precision is 32 by 32 bits. So SRResNet x4 has 588.8 T
for a picture of 1920x1080. The body is the 3x3 convolutions of the residual blocks, with what
stands in their place (RefER) or is needed to choose it (ClustBlock).

FAB, the mean activation bits, is counted as CADyQ's code does: the mean over the body's layers of a
patch, all alike, then over patches, then over images. A layer that does not run has no bits, and
counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum

from lutscale.golden.validate import require_int
from lutscale.model.refqsr.architecture import Architecture
from lutscale.model.refqsr.parts import REFER_BLOCKS, ClustShape, ReferShape, check_blocks

__all__ = [
    "FULL_BITS",
    "BitOps",
    "Patch",
    "count",
    "everywhere",
    "fab",
    "query_patch",
    "reference_patch",
    "saved",
]

FULL_BITS = 32
"""Of full precision."""

REFER_BITS = 8
"""Of weights and activations in RefER and ClustBlock."""


@dataclass(frozen=True)
class BitOps:
    """What a picture costs.

    Attributes:
        body, whole: BitOPs of the body, and of all.
        body_macs, whole_macs: the multiplications.
    """

    body: int
    whole: int
    body_macs: int
    whole_macs: int


@dataclass(frozen=True)
class Patch:
    """What runs on a patch, or on a whole picture as one.

    Attributes:
        pixels: of the LR patch, overlap included.
        bits: activation bits of those of the body's convolutions that run, by name.
        added: multiplications beside the network's own convolutions, by what they are for, at
            8 by 8 bits.
    """

    pixels: int
    bits: Mapping[str, int]
    added: Mapping[str, int] = field(default_factory=dict)


def everywhere(architecture: Architecture, pixels: int, bits: int) -> Patch:
    """A picture or patch whose whole body runs at ``bits``.

    Raises:
        TypeError, ValueError: pixels or bits are none.
    """
    require_int("pixels", pixels, 1, 1 << 40)
    require_int("bits", bits, 1, FULL_BITS)
    return Patch(pixels, {c.name: bits for c in architecture.body})


def reference_patch(
    architecture: Architecture,
    size: tuple[int, int],
    high: int,
    clust: ClustShape,
    *,
    leads: bool = True,
) -> Patch:
    """A patch at high precision.

    Args:
        size: height and width of the LR patch.
        high: activation bits.
        clust: shape of the ClustBlock.
        leads: whether any query refers to it, so that its descriptors are needed.

    Raises:
        TypeError, ValueError: bits outside 2..8, too few blocks.
    """
    check_blocks(architecture)
    require_int("high", high, 2, 8)
    added = {"ClustBlock": clust.macs(*size)}
    if leads:
        added["descriptors"] = REFER_BLOCKS * ReferShape(architecture.channels).reference_macs(
            *size
        )
    return Patch(size[0] * size[1], {c.name: high for c in architecture.body}, added)


def query_patch(
    architecture: Architecture, size: tuple[int, int], high: int, low: int, clust: ClustShape
) -> Patch:
    """A patch at low precision behind the first block, the last two replaced by RefER.

    Args and errors are those of `reference_patch`.
    """
    check_blocks(architecture)
    require_int("high", high, 2, 8)
    require_int("low", low, 2, high)
    last = architecture.blocks - REFER_BLOCKS
    bits = {
        c.name: high if c.block == 0 else low
        for c in architecture.body
        if c.block is not None and c.block < last
    }
    steps = ReferShape(architecture.channels).query_macs(*size)
    added = {step: REFER_BLOCKS * macs for step, macs in steps}
    return Patch(size[0] * size[1], bits, {"ClustBlock": clust.macs(*size), **added})


def count(architecture: Architecture, patches: Sequence[Patch], weight_bits: int) -> BitOps:
    """The BitOPs of a picture.

    Args:
        weight_bits: of the body; `FULL_BITS` in a network of full precision.

    Raises:
        TypeError, ValueError: no bits of weights, a name that is none of the body's.
    """
    require_int("weight_bits", weight_bits, 1, FULL_BITS)
    body = {c.name: c.macs for c in architecture.body}
    outside = architecture.macs - architecture.body_macs
    total = BitOps(0, 0, 0, 0)
    for patch in patches:
        if strange := sorted(set(patch.bits) - set(body)):
            raise ValueError(f"bits must be of layers of the body, not of {strange[0]!r}")
        ops = sum(2 * body[name] * patch.pixels * weight_bits * a for name, a in patch.bits.items())
        ops += sum(2 * macs * REFER_BITS**2 for macs in patch.added.values())
        macs = sum(body[name] * patch.pixels for name in patch.bits) + sum(patch.added.values())
        total = BitOps(
            total.body + ops,
            total.whole + ops + 2 * outside * patch.pixels * FULL_BITS**2,
            total.body_macs + macs,
            total.whole_macs + macs + outside * patch.pixels,
        )
    return total


def fab(architecture: Architecture, images: Sequence[Sequence[Patch]]) -> float:
    """Mean activation bits of the body's layers, as CADyQ's code has them.

    Args:
        images: the patches of each image.

    Raises:
        ValueError: there is no image, or one without patches.
    """
    if not images or not all(images):
        raise ValueError("images must be at least one, each of at least one patch, not none")
    layers = len(architecture.body)
    means = [
        fsum(sum(patch.bits.values()) / layers for patch in patches) / len(patches)
        for patches in images
    ]
    return fsum(means) / len(means)


def saved(cost: BitOps, baseline: BitOps) -> tuple[float, float]:
    """Shares of the baseline's BitOPs that are saved: of the body, and of all."""
    return 1 - cost.body / baseline.body, 1 - cost.whole / baseline.whole

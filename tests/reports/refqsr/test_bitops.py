"""BitOPs by the convention of the papers, and the mean activation bits of CADyQ's code."""

from __future__ import annotations

import pytest

from lutscale.model.refqsr.architecture import ARCHITECTURES, Architecture
from lutscale.model.refqsr.parts import ClustShape, ReferShape
from lutscale.reports.refqsr.bitops import (
    FULL_BITS,
    Patch,
    count,
    everywhere,
    fab,
    query_patch,
    reference_patch,
    saved,
)

FULL_HD = 480 * 270
SMALL = Architecture("srresnet", 4, 16, 4, direct=True)
CLUST = ClustShape()


@pytest.mark.parametrize(("name", "tera"), [("srresnet", 588.8), ("carn", 418.7), ("edsr", 526.4)])
def test_full_precision_as_published(name: str, tera: float) -> None:
    """For 480x270 -> 1920x1080, rounded to a tenth of a tera."""
    network = ARCHITECTURES[name](4)
    cost = count(network, [everywhere(network, FULL_HD, FULL_BITS)], FULL_BITS)
    assert cost.whole == 2 * network.macs * FULL_HD * 32 * 32
    assert round(cost.whole / 1e12, 1) == tera
    assert cost.whole_macs == network.macs * FULL_HD


def test_the_body_alone_is_quantised() -> None:
    network = ARCHITECTURES["srresnet"](4)
    cost = count(network, [everywhere(network, 100, 4)], 8)
    outside = 2_218_176 - 1_179_648
    assert cost.body == 2 * 1_179_648 * 100 * 8 * 4
    assert cost.whole - cost.body == 2 * outside * 100 * 1024
    assert cost.body_macs == 1_179_648 * 100


def test_a_query_patch_by_hand() -> None:
    """Block 0 at 8 bits, block 1 at 4, RefER in place of blocks 2 and 3."""
    patch = query_patch(SMALL, (24, 24), 8, 4, CLUST)
    assert patch.bits == {
        "block0_first": 8,
        "block0_second": 8,
        "block1_first": 4,
        "block1_second": 4,
    }
    layer = 9 * 16 * 16
    added = CLUST.macs(24, 24) + 2 * sum(macs for _, macs in ReferShape(16).query_macs(24, 24))
    cost = count(SMALL, [patch], 8)
    assert cost.body == 2 * 576 * layer * 8 * (8 + 8 + 4 + 4) + 2 * 64 * added
    assert cost.body_macs == 576 * layer * 4 + added


def test_a_reference_patch_by_hand() -> None:
    layer, pixels = 9 * 16 * 16, 24 * 24
    own = 2 * pixels * layer * 8 * 8 * 8
    descriptors = 2 * ReferShape(16).reference_macs(24, 24)
    alone = reference_patch(SMALL, (24, 24), 8, CLUST, leads=False)
    assert count(SMALL, [alone], 8).body == own + 2 * 64 * CLUST.macs(24, 24)
    leads = count(SMALL, [reference_patch(SMALL, (24, 24), 8, CLUST)], 8).body
    assert leads == own + 2 * 64 * (CLUST.macs(24, 24) + descriptors)


def test_fab_is_unweighted() -> None:
    """Two images: of one patch at 8 bits, and of a large one at 4 and a small one at 6."""
    large = everywhere(SMALL, 9216, 4)
    images = [[everywhere(SMALL, 576, 8)], [large, everywhere(SMALL, 576, 6)]]
    assert fab(SMALL, images) == (8 + (4 + 6) / 2) / 2
    # Layers that do not run divide as well: 2 * 8 + 2 * 4 over 8.
    assert fab(SMALL, [[query_patch(SMALL, (24, 24), 8, 4, CLUST)]]) == 3.0
    with pytest.raises(ValueError, match="images must be at least one, each of at least one patch"):
        fab(SMALL, [[]])


def test_overlap_is_paid_for() -> None:
    """A picture of 186x96 as two patches of 96: more pixels than it has."""
    whole = count(SMALL, [everywhere(SMALL, 186 * 96, 8)], 8)
    patches = count(SMALL, [everywhere(SMALL, 96 * 96, 8)] * 2, 8)
    body, all_of_it = saved(patches, whole)
    assert body == all_of_it == 1 - 2 * 96 / 186


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: everywhere(SMALL, 10, 33), "bits must be in 1..32, not 33"),
        (lambda: reference_patch(SMALL, (24, 24), 9, CLUST), "high must be in 2..8, not 9"),
        (lambda: query_patch(SMALL, (24, 24), 4, 8, CLUST), "low must be in 2..4, not 8"),
        (lambda: count(SMALL, [], 0), "weight_bits must be in 1..32, not 0"),
        (
            lambda: count(SMALL, [Patch(9, {"head": 8})], 8),
            "bits must be of layers of the body, not of 'head'",
        ),
    ],
)
def test_what_cannot_be_counted(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]

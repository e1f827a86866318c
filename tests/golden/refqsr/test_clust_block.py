"""Which patch refers to which, by hand and against floats."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lutscale.golden.refqsr.chain import PICTURE, Chain
from lutscale.golden.refqsr.clust_block import EVERY, follow, led_by_detail, pointers
from tests.support.refqsr.networks import clust_block, picture


def test_pointers_by_hand() -> None:
    """Patch 1 is the sharpest of the first class, 3 of the second; 4 is like 0, which points on."""
    probabilities = np.array([[150, 105], [250, 5], [140, 115], [0, 255], [160, 95]])
    assert pointers(probabilities) == (1, 1, 1, 3, 1)


def test_equal_patches_have_the_first_as_their_reference() -> None:
    assert pointers(np.array([[10, 245], [255, 0], [255, 0], [255, 0]])) == (0, 1, 1, 1)


def test_chains_are_followed_to_their_end() -> None:
    assert follow([1, 2, 3, 3, 0]) == (3, 3, 3, 3, 3)
    assert follow([0]) == (0,)


@pytest.mark.parametrize(
    ("first", "message"),
    [
        ([1, 0, 2], "a cluster must have a reference that points to itself, but from patch 0"),
        ([1, 2, 0], "pointers lead round in a circle"),
        ([3, 1, 2], "pointers must be in 0..2, not 3"),
    ],
)
def test_clusters_without_a_reference(first: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        follow(first)


def test_pointers_never_lead_round() -> None:
    """Any probabilities, many of them equal, have references at all ends."""
    random = np.random.default_rng(4)
    for _ in range(300):
        found = pointers(random.integers(0, 4, (random.integers(1, 12), 3)))
        assert all(found[end] == end for end in found)


def test_clusters_are_led_by_their_detail() -> None:
    """Two clusters; of equal patches the first leads, and there are references enough."""
    assert led_by_detail((1, 1, 1, 3, 3), (5, 2, 5, 0, 9)) == (0, 0, 0, 4, 4)
    # One reference in six: of twelve patches two, so 10 joins 7, and leads nobody.
    details = [*range(7), 20, 8, 9, 10, 10]
    assert EVERY == 6
    assert led_by_detail((3,) * 12, details) == (*(7,) * 10, 10, 7)
    # There are two already.
    assert led_by_detail((3,) * 6 + (8,) * 6, details) == (*(5,) * 6, *(7,) * 6)


def test_probabilities_are_a_softmax() -> None:
    """Within a few codes of the softmax of the logits, and the same for all sides."""
    block = clust_block(np.random.default_rng(1))
    for side in (24, 48):
        patch = picture(side, side, side)
        logits = block.logits(patch)
        exact = np.exp((logits - logits.max()) * (block.multiplier / 2**block.shift) / 16)
        found = block.probabilities(patch)
        assert np.abs(found - 255 * exact / exact.sum()).max() < 4
        assert 240 <= found.sum() <= 270


def test_a_mean_does_not_depend_on_the_side() -> None:
    block = clust_block(np.random.default_rng(2))
    small, large = (np.full((side, side, 3), 77, np.uint8) for side in (24, 96))
    assert np.array_equal(block.logits(small), block.logits(large))


def test_what_is_no_clust_block() -> None:
    block = clust_block(np.random.default_rng(1))
    with pytest.raises(ValueError, match="stages must be 3 chains, not 2"):
        replace(block, stages=block.stages[:2])  # type: ignore[arg-type]
    wrong = Chain("x", (PICTURE,), block.stages[0].layers)
    with pytest.raises(ValueError, match="stage 1: inputs must be 4 channels of 0..549755813887"):
        replace(block, stages=(block.stages[0], wrong, block.stages[2]))
    with pytest.raises(ValueError, match="exponential must have shape 256, not 255"):
        replace(block, exponential=block.exponential[1:])

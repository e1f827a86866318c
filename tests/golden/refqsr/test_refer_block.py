"""Flow and warp: features that moved are found and brought back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lutscale.golden.refqsr.refer_block import warp
from tests.support.refqsr.networks import refer_block


def features(seed: int, side: int = 24, channels: int = 4) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.integers(-9000, 9000, (channels, side, side)).astype(np.int32)


def test_a_flow_of_nothing_changes_nothing() -> None:
    given = features(1)
    assert np.array_equal(warp(given, np.zeros((2, 24, 24), np.int64)), given)


def test_whole_steps_move_features() -> None:
    given = features(2)
    flow = np.zeros((2, 24, 24), np.int64)
    flow[0], flow[1] = 3 * 16, -2 * 16
    rows = np.minimum(np.arange(24) + 3, 23)
    columns = np.maximum(np.arange(24) - 2, 0)
    assert np.array_equal(warp(given, flow), given[:, rows][:, :, columns])


def test_between_pixels_by_hand() -> None:
    """A quarter down and half across: weights 12 * 8, 12 * 8, 4 * 8 and 4 * 8 of 256."""
    given = np.array([[[10, 20], [-30, 50]]], np.int32)
    flow = np.zeros((2, 2, 2), np.int64)
    flow[0, 0, 0], flow[1, 0, 0] = 4, 8
    wanted = (96 * 10 + 96 * 20 + 32 * -30 + 32 * 50 + 128) >> 8
    assert warp(given, flow)[0, 0, 0] == wanted == 14


def test_far_outside_is_the_edge() -> None:
    given = features(3)
    flow = np.full((2, 24, 24), 1 << 20)
    assert (warp(given, flow) == given[:, -1:, -1:]).all()
    assert (warp(given, -flow) == given[:, :1, :1]).all()


def test_the_flow_finds_what_moved() -> None:
    """Squares of a reference in another order: each is found where it now stands."""
    block = refer_block(np.random.default_rng(5), 4)
    # Six squares in a row, each with a direction of its own, ten degrees from the next.
    angles = 2 * np.pi * np.arange(36) / 36
    weights = block.descriptor.convolution.weights[:, :, 0, 0].astype(float)
    wanted = np.stack([np.cos(angles), np.sin(angles)])
    columns = (np.linalg.pinv(weights) @ wanted).reshape(4, 6, 6)
    columns = columns / np.abs(columns).max() * 8000
    reference = columns.repeat(4, 1).repeat(4, 2).astype(np.int32)
    query = np.roll(reference, (4, 0), (1, 2))
    flow = block.flow(query, reference)
    # Rows moved down by one square: they are found four pixels above, but for the first. The mean
    # of neighbours, which look alike, is off where there are none on one side.
    assert np.abs(np.median(flow[0, 1:] / 16) + 4) < 0.5
    assert np.abs(np.median(flow[0, 0] / 16) - 20) < 1
    assert np.abs(np.median(flow[1] / 16)) < 0.5


def test_a_query_that_is_its_reference_has_no_flow_where_nothing_else_matches() -> None:
    block = refer_block(np.random.default_rng(6), 4)
    flat = np.full((4, 24, 24), 5000, np.int32)
    # All places match alike: the flow points to the middle.
    flow = block.flow(flat, flat)
    assert np.abs(flow[0, :, 0] / 64 - (2.5 - np.arange(6))).max() < 0.1


def test_what_is_no_refer_block() -> None:
    block = refer_block(np.random.default_rng(1), 4)
    with pytest.raises(ValueError, match="pool must divide the sides of all patches, not 5"):
        replace(block, pool=5)
    with pytest.raises(ValueError, match="inverse_root must have shape 768, not 256"):
        replace(block, inverse_root=block.reciprocal)
    with pytest.raises(ValueError, match="descriptors must have at most 16 bits"):
        replace(block, descriptor=replace(block.descriptor, layers=block.descriptor.layers[:2]))

"""Neighbourhoods: borders, and offsets that are turned."""

from __future__ import annotations

import numpy as np
import pytest

from lutscale.golden.neighbourhood import border_index, padded
from lutscale.golden.symmetry import patch_source, turned


@pytest.mark.parametrize("length", range(1, 7))
def test_borders_are_numpys(length: int) -> None:
    line = np.arange(length, dtype=np.int32).reshape(1, 1, length)
    for border, mode in (("replicate", "edge"), ("reflect", "reflect")):
        got = padded(line, 4, border)[0, 4]
        np.testing.assert_array_equal(got, np.pad(line[0, 0], 4, mode=mode))
        np.testing.assert_array_equal(border_index(np.arange(-4, length + 4), length, border), got)


@pytest.mark.parametrize("rotation", range(4))
def test_turned_offsets_and_patches_follow_rot90(rotation: int) -> None:
    frame = np.arange(7 * 7).reshape(7, 7)
    for offset in ((1, 2), (0, -1), (-2, 1)):
        down, right = turned(offset, rotation)
        seen = np.rot90(frame, rotation)
        shifted = np.roll(seen, (-offset[0], -offset[1]), (0, 1))
        assert np.rot90(shifted, -rotation)[3, 3] == frame[3 + down, 3 + right]
    patch = np.arange(9).reshape(3, 3)
    want = np.rot90(patch, -rotation).ravel()
    np.testing.assert_array_equal(patch.ravel()[patch_source(3, rotation)], want)

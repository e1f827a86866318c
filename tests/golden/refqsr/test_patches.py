"""Patches cover the picture, and put it together again."""

from __future__ import annotations

import numpy as np
import pytest

from lutscale.golden.errors import InputError
from lutscale.golden.refqsr.patches import SIDES, tiling_of
from tests.support.refqsr.networks import picture


def test_sides_of_known_pictures() -> None:
    """A Full HD result, a photograph of Set5, one of B100, and the least."""
    found = {size: tiling_of(*size) for size in ((270, 480), (128, 128), (80, 120), (24, 24))}
    assert {size: (t.side, len(t.corners)) for size, t in found.items()} == {
        (270, 480): (96, 18),
        (128, 128): (24, 49),
        (80, 120): (24, 24),
        (24, 24): (24, 1),
    }
    assert found[270, 480].rows == (0, 87, 174)


@pytest.mark.parametrize(("height", "width"), [(24, 25), (97, 61), (500, 333), (1080, 24)])
def test_what_is_cut_is_merged(height: int, width: int) -> None:
    given = picture(1, height, width)
    tiling = tiling_of(height, width)
    patches = tiling.cut(given)
    assert {patch.shape for patch in patches} == {(tiling.side, tiling.side, 3)}
    assert np.array_equal(tiling.merge(patches, 1), given)
    for starts, length in ((tiling.rows, height), (tiling.columns, width)):
        assert (starts[0], starts[-1]) == (0, length - tiling.side)
        assert (np.diff(starts) <= SIDES[tiling.side]).all()


def test_overlaps_are_cut_in_the_middle() -> None:
    """Patches that say who they are: 24 pixels from 0 and from 20, cut at 22."""
    tiling = tiling_of(24, 44)
    patches = [np.full((48, 48, 1), n, np.uint8) for n in range(2)]
    merged = tiling.merge(patches, 2)[..., 0]
    assert tiling.columns == (0, 20)
    assert merged.shape == (48, 88)
    assert (merged[:, :44] == 0).all()
    assert (merged[:, 44:] == 1).all()


@pytest.mark.parametrize("size", [(23, 100), (100, 5)])
def test_a_picture_smaller_than_a_patch(size: tuple[int, int]) -> None:
    with pytest.raises(InputError) as error:
        tiling_of(*size)
    assert str(error.value) == (
        f"picture must be at least 24x24, one patch of RefQSR, not {size[1]}x{size[0]}"
    )

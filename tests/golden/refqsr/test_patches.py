"""Patches cover the picture, and put it together again."""

from __future__ import annotations

import numpy as np
import pytest

from lutscale.golden.errors import InputError
from lutscale.golden.refqsr.patches import LARGEST, LEAST, OVERLAP, Tiling, tiling_of
from tests.support.refqsr.networks import picture


def test_patches_of_known_pictures() -> None:
    """A Full HD result, a photograph of Set5, one of B100, and the least."""
    found = {size: tiling_of(*size) for size in ((270, 480), (128, 128), (80, 120), (24, 24))}
    assert {size: (*t.patch, len(t.rows), len(t.columns)) for size, t in found.items()} == {
        (270, 480): (56, 32, 5, 16),
        (128, 128): (28, 44, 5, 3),
        (80, 120): (28, 32, 3, 4),
        (24, 24): (24, 24, 1, 1),
    }
    assert found[80, 120].rows == (0, 26, 52)


def test_no_other_cut_costs_less() -> None:
    """All pixels of patches of any multiple of four, and of two patches more."""
    tiling = tiling_of(69, 90)

    def cost(high: int, wide: int) -> float:
        down, across = (
            next(n for n in range(1, 9) if n * side - (n - 1) * OVERLAP >= length)
            for side, length in ((high, 69), (wide, 90))
        )
        return high * wide * (down * across + 2)

    sides = [(h, w) for h in range(LEAST, 69, 4) for w in range(LEAST, 90, 4)]
    assert cost(*tiling.patch) == min(cost(*pair) for pair in sides)


@pytest.mark.parametrize(("height", "width"), [(24, 25), (97, 61), (500, 333), (1080, 24)])
def test_what_is_cut_is_merged(height: int, width: int) -> None:
    given = picture(1, height, width)
    tiling = tiling_of(height, width)
    patches = tiling.cut(given)
    assert {patch.shape for patch in patches} == {(*tiling.patch, 3)}
    assert all(LEAST <= side <= LARGEST and side % 4 == 0 for side in tiling.patch)
    assert np.array_equal(tiling.merge(patches, 1), given)
    axes = ((tiling.rows, height), (tiling.columns, width))
    for side, (starts, length) in zip(tiling.patch, axes, strict=True):
        assert (starts[0], starts[-1]) == (0, length - side)
        assert (np.diff(starts) <= side - OVERLAP).all()


def test_overlaps_are_cut_in_the_middle() -> None:
    """Patches that say who they are: 24 pixels from 0 and from 20, cut at 22."""
    tiling = Tiling(24, 44, (24, 24), (0,), (0, 20))
    patches = [np.full((48, 48, 1), n, np.uint8) for n in range(2)]
    merged = tiling.merge(patches, 2)[..., 0]
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

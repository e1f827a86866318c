"""Pixel shuffle: the order of channels, refusals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from lutscale.golden.layers import Layer, PixelShuffle
from lutscale.golden.value import ValueType
from tests.support.golden.layer_cases import both, ints, refused


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_shuffle_order(scale: int) -> None:
    square = scale**2
    given = np.arange(2 * square * 6, dtype=np.int32).reshape(2 * square, 2, 3)
    out = both(PixelShuffle(scale), given)
    assert out.shape == (2, 2 * scale, 3 * scale)
    for c, y, x, i, j in np.ndindex(2, 2, 3, scale, scale):
        assert out[c, y * scale + i, x * scale + j] == given[c * square + i * scale + j, y, x]
    kind = PixelShuffle(scale).output_type([ValueType(2 * square, -1, 9)])
    assert kind == ValueType(2, -1, 9, scale)


def test_shuffle_by_hand() -> None:
    given = ints([[0, 4]], [[1, 5]], [[2, 6]], [[3, 7]])
    np.testing.assert_array_equal(both(PixelShuffle(2), given), [[[0, 1, 4, 5], [2, 3, 6, 7]]])


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: PixelShuffle(1), ValueError, "scale must be in 2..4, not 1"),
        (lambda: PixelShuffle(5), ValueError, "scale must be in 2..4, not 5"),
    ],
)
def test_refused_when_made(make: Callable[[], object], error: type[Exception], text: str) -> None:
    refused(error, text, make)


@pytest.mark.parametrize(
    ("layer", "types", "text"),
    [
        (
            PixelShuffle(3),
            [ValueType(8, 0, 1)],
            "pixel_shuffle input must have a multiple of 9 channels, not 8",
        ),
    ],
)
def test_refused_where_it_stands(layer: Layer, types: Sequence[ValueType], text: str) -> None:
    refused(ValueError, text, layer.output_type, types)

"""Residuals: upsampling, sources, ranges, refusals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from lutscale.golden.layers import Layer, PixelShuffle, Residual
from lutscale.golden.layers.residual import bilinear_taps
from lutscale.golden.value import FRAME, ValueType
from tests.support.golden.layer_cases import both, ints, refused


@pytest.mark.parametrize(
    ("scale", "taps"),
    [
        (2, [[1, 3, 0], [0, 3, 1]]),
        (3, [[1, 2, 0], [0, 3, 0], [0, 2, 1]]),
        (4, [[3, 5, 0], [1, 7, 0], [0, 7, 1], [0, 5, 3]]),
    ],
)
def test_bilinear_taps(scale: int, taps: list[list[int]]) -> None:
    np.testing.assert_array_equal(bilinear_taps(scale), taps)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_bilinear_is_the_interpolation_between_pixel_centres(scale: int) -> None:
    frame = np.random.default_rng(scale).integers(0, 256, (1, 4, 5)).astype(np.int32)
    delta = np.zeros((scale**2, 4, 5), np.int32)
    patches = both(Residual(0, "bilinear", scale), frame, delta)
    plane = PixelShuffle(scale).fast([patches])[0]
    unit = (scale if scale % 2 else 2 * scale) ** 2
    # The textbook's formula, in floating point.
    places = [(np.arange(n * scale) + 0.5) / scale - 0.5 for n in (4, 5)]
    rows = [np.interp(places[1], np.arange(5), row) for row in frame[0]]
    expected = np.stack([np.interp(places[0], np.arange(4), c) for c in np.array(rows).T], axis=1)
    np.testing.assert_allclose(plane / unit, expected, atol=1e-9)


def test_bilinear_by_three_has_exact_thirds() -> None:
    delta = np.zeros((9, 1, 2), np.int32)
    out = both(Residual(0, "bilinear", 3), ints([[0, 10]]), delta)
    # Ninths: at -1/3, 0, 1/3, 2/3, 1 and 4/3 pixels, on each of three equal rows.
    line = [0, 0, 30, 60, 90, 90]
    np.testing.assert_array_equal(PixelShuffle(3).fast([out])[0], [line] * 3)


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("upsample", ["nearest", "bilinear"])
def test_upsampling_keeps_a_flat_frame(scale: int, upsample: str) -> None:
    layer = Residual(0, upsample, scale, gain=3)
    frame, delta = np.full((1, 2, 3), 7, np.int32), np.zeros((scale**2, 2, 3), np.int32)
    assert (both(layer, frame, delta) == 7 * layer.peak).all()


def test_nearest_repeats_the_pixel_for_each_channel() -> None:
    source = ints([[1, 2]], [[3, 4]])
    given = np.zeros((8, 1, 2), np.int32)
    given[5] = 100
    out = both(Residual(0, "nearest", 2, gain=10), source, given)
    expected = [[10, 20]] * 4 + [[30, 40], [130, 140], [30, 40], [30, 40]]
    np.testing.assert_array_equal(out[:, 0], expected)


def test_identity_residual_reads_its_source_and_clamps() -> None:
    values = ints([[9]]), ints([[-4, 0, 3]]), ints([[1, 2, -9]])
    out = both(Residual(1, gain=2, lo=-5, hi=4), *values)
    np.testing.assert_array_equal(out, [[[-5, 2, -3]]])


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (Residual(0, gain=2), (-5, 520)),
        (Residual(0, gain=2, lo=-1, hi=300), (-1, 300)),
        (Residual(0, gain=1, lo=500, hi=600), (500, 500)),
        (Residual(0, gain=1, lo=-9, hi=-7), (-7, -7)),
    ],
)
def test_range_of_a_residual(layer: Residual, expected: tuple[int, int]) -> None:
    assert layer.output_type([FRAME, ValueType(1, -5, 10)]) == ValueType(1, *expected)


def test_range_of_a_bilinear_residual_counts_its_unit() -> None:
    types = [FRAME, ValueType(16, -5, 10)]
    assert Residual(0, "bilinear", 4).output_type(types) == ValueType(16, -5, 10 + 64 * 255)
    assert Residual(0, "nearest", 4).output_type(types) == ValueType(16, -5, 10 + 255)


def test_residual_ranges_of_single_channels() -> None:
    layer = Residual(0, lo=-9, hi=9, channels=(0, 0), channel_lo=(-9, 0), channel_hi=(9, 3))
    got = both(layer, ints([[8, -8]]), ints([[8, -8]], [[8, -8]]))
    np.testing.assert_array_equal(got, [[[9, -9]], [[3, 0]]])


def test_a_channel_may_be_clamped_above_all_sums() -> None:
    layer = Residual(0, lo=-9, hi=9, channels=(0, 0), channel_lo=(-9, 5), channel_hi=(-2, 9))
    kind = ValueType(1, -4, -1)
    assert layer.output_type([kind, ValueType(2, -4, -1)]) == ValueType(2, -8, 5)
    np.testing.assert_array_equal(both(layer, ints([[-1]]), ints([[-1]], [[-1]])), [[[-2]], [[5]]])


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: Residual(-1), ValueError, "source must be in 0..4096, not -1"),
        (
            lambda: Residual(0, "cubic", 2),
            ValueError,
            "upsample must be one of bilinear, nearest, none, not 'cubic'",
        ),
        (lambda: Residual(0, "none", 2), ValueError, "scale must be in 1..1, not 2"),
        (lambda: Residual(0, "bilinear", 1), ValueError, "scale must be in 2..4, not 1"),
        (lambda: Residual(0, "nearest", 5), ValueError, "scale must be in 2..4, not 5"),
        (lambda: Residual(0, gain=0), ValueError, "gain must be in 1..65535, not 0"),
        (lambda: Residual(0, gain=1 << 16), ValueError, "gain must be in 1..65535, not 65536"),
        (lambda: Residual(0, lo=5, hi=4), ValueError, "hi must be in 5..2147483647, not 4"),
        (
            lambda: Residual(0, "nearest", 2, channels=(0,)),
            ValueError,
            "channels must be None with upsample 'nearest'",
        ),
        (
            lambda: Residual(0, lo=0, hi=4, channel_lo=(5,)),
            ValueError,
            "channel_lo[0] must be in 0..4, not 5",
        ),
    ],
)
def test_refused_when_made(make: Callable[[], object], error: type[Exception], text: str) -> None:
    refused(error, text, make)


@pytest.mark.parametrize(
    ("layer", "types", "text"),
    [
        (
            Residual(2),
            [FRAME, FRAME],
            "source must be the number of an earlier value (0..1), not 2",
        ),
        (
            Residual(0),
            [FRAME, ValueType(1, 0, 1, 2)],
            "residual source must have its input's scale 2, not 1",
        ),
        (
            Residual(0, "bilinear", 2),
            [FRAME, ValueType(9, 0, 1)],
            "residual source must give 9 channels, not 4",
        ),
        (
            Residual(0, channels=(0, 1)),
            [FRAME, ValueType(2, 0, 1)],
            "channels must be in 0..0, not 1",
        ),
        (
            Residual(0, channel_hi=(1, 2)),
            [FRAME, ValueType(1, 0, 1)],
            "channel_hi must have 1 numbers, not 2",
        ),
    ],
)
def test_refused_where_it_stands(layer: Layer, types: Sequence[ValueType], text: str) -> None:
    refused(ValueError, text, layer.output_type, types)

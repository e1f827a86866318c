"""Noise: seeded, of the sigma asked for, rounded and clipped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lutscale.golden.pictures.noise import noisy

GREY = np.full((200, 300), 128, np.uint8)


@pytest.mark.parametrize("sigma", [1, 15, 25.0])
def test_sigma_is_that_of_the_noise(sigma: float) -> None:
    error = noisy(GREY, sigma, 3) - 128.0
    assert error.mean() == pytest.approx(0, abs=0.02 * sigma)
    # Rounding adds a twelfth to the variance.
    assert error.std() == pytest.approx((sigma**2 + 1 / 12) ** 0.5, rel=0.02)


def test_the_seed_is_the_noise() -> None:
    assert np.array_equal(noisy(GREY, 25, 7), noisy(GREY, 25, 7))
    assert not np.array_equal(noisy(GREY, 25, 7), noisy(GREY, 25, 8))
    assert np.array_equal(noisy(GREY, 0, 7), GREY)


def test_rounded_and_clipped() -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (40, 1))
    noise = 50 * np.random.default_rng(1).standard_normal(ramp.shape)
    expected = np.minimum(np.maximum(np.rint(ramp + noise), 0), 255)
    got = noisy(ramp, 50, 1)
    assert got.dtype == np.uint8
    assert np.array_equal(got, expected)
    assert got.min() == 0
    assert got.max() == 255


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"image": GREY[..., None]}, TypeError, "image must be a uint8 array (height, width)"),
        ({"image": GREY.astype(float)}, TypeError, "not float64 (200, 300)"),
        ({"image": [[1]]}, TypeError, "not [[1]]"),
        ({"sigma": -1}, ValueError, "sigma must be a finite number from 0, not -1"),
        ({"sigma": float("nan")}, ValueError, "sigma must be a finite number from 0, not nan"),
        ({"sigma": "25"}, TypeError, "sigma must be a number, not '25'"),
        ({"sigma": True}, TypeError, "sigma must be a number, not True"),
        ({"seed": -1}, ValueError, "seed must be in"),
        ({"seed": 0.5}, TypeError, "seed must be an integer"),
    ],
)
def test_misuse_is_told(change: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error) as caught:
        noisy(**{"image": GREY, "sigma": 25, "seed": 0, **change})
    assert says in str(caught.value)

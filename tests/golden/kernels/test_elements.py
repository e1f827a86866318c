"""Compiled layers that make a number of a few others: requantise, residual, ensemble, shuffle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lutscale.golden.kernels import compiled_step
from lutscale.golden.layers import (
    ChannelShift,
    Ensemble,
    Layer,
    PixelShuffle,
    Requantise,
    Residual,
    Split,
)
from lutscale.golden.value import FRAME
from tests.support.golden.kernels import check_layer

LEAST, MOST = -(1 << 31), (1 << 31) - 1


def numbers(channels: int, low: int, high: int, height: int = 5, width: int = 7) -> np.ndarray:
    """Random numbers, both ends of the range among them."""
    drawn = np.random.default_rng(channels).integers(low, high + 1, (channels, height, width))
    drawn[:, 0, 0], drawn[:, -1, -1] = low, high
    return drawn.astype(np.int32)


@pytest.mark.parametrize("shift", [1, 16, 40])
@pytest.mark.parametrize("bias", [0, LEAST, MOST])
@pytest.mark.parametrize("even_divisor", [0, 6, 0xFFFF])
def test_requantise_at_the_ends_of_its_operands(shift: int, bias: int, even_divisor: int) -> None:
    multiplier = np.array([0, 1, 10923, 65535])
    layer = Requantise(multiplier, shift, LEAST, MOST, bias, even_divisor)
    check_layer(layer, numbers(4, LEAST, MOST))
    check_layer(layer, numbers(4, -50, 50))


@pytest.mark.parametrize(("multiplier", "shift", "divisor"), [(10923, 16, 6), (1, 4, 16)])
def test_halves_to_even(multiplier: int, shift: int, divisor: int) -> None:
    layer = Requantise(np.array([multiplier]), shift, -300, 300, even_divisor=divisor)
    check_layer(layer, np.arange(-2000, 2000, dtype=np.int32)[None, None])


def test_halves_up_in_ranges_of_single_channels() -> None:
    limits: dict[str, Any] = {"channel_lo": (-20, 0, 5), "channel_hi": (30, 3, 5)}
    layer = Requantise(np.array([3, 5, 7]), 4, -20, 30, **limits)
    check_layer(layer, numbers(3, -900, 900, 20, 31))


@pytest.mark.parametrize(
    "layer",
    [
        Residual(0),
        Residual(0, gain=0xFFFF),
        Residual(0, lo=-9, hi=9, channels=(2, 0, 2), channel_lo=(-9, 0, 9), channel_hi=(9, 4, 9)),
    ],
)
def test_residual_at_the_ends_of_its_operands(layer: Residual) -> None:
    check_layer(layer, numbers(3, LEAST, MOST), numbers(3, LEAST, MOST) // 3)
    check_layer(layer, numbers(3, -6, 6), numbers(3, -6, 6))


@pytest.mark.parametrize("upsample", ["nearest", "bilinear"])
@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (1, 4), (5, 1), (2, 2), (6, 7)])
def test_residual_of_a_patch(upsample: str, scale: int, size: tuple[int, int]) -> None:
    layer = Residual(0, upsample, scale, 3, -90_000, 90_000)
    check_layer(layer, numbers(2, -99, 99, *size), numbers(2 * scale**2, -99, 99, *size))
    wide = Residual(0, upsample, scale, 0xFFFF)
    check_layer(wide, numbers(1, LEAST, MOST, *size), numbers(scale**2, LEAST, MOST, *size))


@pytest.mark.parametrize("rotations", [1, 4])
@pytest.mark.parametrize("branches", [1, 3])
@pytest.mark.parametrize("scale", [1, 2, 4])
def test_ensemble(rotations: int, branches: int, scale: int) -> None:
    layer = Ensemble(rotations, branches, scale, -100, 120)
    check_layer(layer, numbers(2 * rotations * branches * scale**2, -90, 90))
    check_layer(layer, numbers(rotations * branches * scale**2, LEAST, MOST))


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (3, 5)])
def test_pixel_shuffle(scale: int, size: tuple[int, int]) -> None:
    check_layer(PixelShuffle(scale), numbers(2 * scale**2, LEAST, MOST, *size))


def test_values_that_are_no_whole_arrays() -> None:
    """A view of a larger array, as a layer may be given."""
    large = numbers(4, -200, 200, 12, 14)
    view = large[:, 1::2, ::2]
    check_layer(Requantise(np.array([3, 5, 7, 9]), 4, -20, 30), view)
    check_layer(Residual(0, "nearest", 2), view[:1], view)
    check_layer(Residual(0), view, view)
    check_layer(PixelShuffle(2), view)
    check_layer(Ensemble(4, 1, 1, -5, 5), view)


@pytest.mark.parametrize("layer", [Split(2, 32), ChannelShift(((0, 1),))])
def test_kinds_without_a_kernel_stay_plain(layer: Layer) -> None:
    assert compiled_step(layer, FRAME) == layer.fast

"""Compiled pattern tables: pixels, bits, borders, gains, and what is left to numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lutscale.golden.kernels import compiled_step
from lutscale.golden.layers import PatternTables
from lutscale.golden.layers.pattern_tables import Pattern
from lutscale.golden.value import FRAME
from tests.support.golden.kernels import check_layer

PLACES = ((0, 0), (0, 2), (-1, 1), (3, -2))


def pattern(pixels: int, code_bits: int, scale: int = 2, **options: Any) -> Pattern:
    random = np.random.default_rng(code_bits)
    words = random.integers(-128, 128, ((1 << code_bits) ** pixels, scale**2))
    return Pattern(PLACES[:pixels], words, code_bits, **options)


def frame(height: int = 6, width: int = 9) -> np.ndarray:
    return np.random.default_rng(width).integers(0, 256, (1, height, width)).astype(np.int32)


@pytest.mark.parametrize(("pixels", "code_bits"), [(1, 8), (2, 5), (2, 1), (3, 4), (4, 3), (4, 4)])
@pytest.mark.parametrize("rotations", [1, 4])
def test_pixels_and_bits(pixels: int, code_bits: int, rotations: int) -> None:
    layer = PatternTables((pattern(pixels, code_bits, shift=8 - code_bits),), rotations)
    check_layer(layer, frame())


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_patches_of_every_size(scale: int) -> None:
    patterns = (pattern(2, 4, scale, shift=4), pattern(1, 4, scale, gain=3))
    check_layer(PatternTables(patterns), frame())


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (2, 2), (7, 3)])
def test_patterns_with_borders_of_their_own(size: tuple[int, int]) -> None:
    patterns = (
        pattern(3, 4, shift=4, border="reflect"),
        pattern(3, 4, shift=4, border="replicate"),
        pattern(4, 2, shift=1),
        pattern(1, 4),
        pattern(2, 4, shift=4, border="reflect"),
    )
    check_layer(PatternTables(patterns), frame(*size))


@pytest.mark.parametrize("entry", [-128, 127])
def test_the_largest_gain(entry: int) -> None:
    words = np.full((16, 4), entry)
    layer = PatternTables(tuple(Pattern(((0, 0),), words, 4, shift=4, gain=255) for _ in range(6)))
    check_layer(layer, frame())


def test_interpolated_patterns_stay_plain() -> None:
    words = np.zeros((17, 4), np.int32)
    layer = PatternTables((pattern(1, 4, shift=4), Pattern(((0, 0),), words, 4, fraction_bits=4)))
    assert compiled_step(layer, FRAME) == layer.fast

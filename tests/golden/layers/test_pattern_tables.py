"""Pattern tables: index, fields, rotations, simplex interpolation, refusals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from lutscale.golden.layers import Layer, PatternTables
from lutscale.golden.layers.pattern_tables import Pattern, simplex
from lutscale.golden.value import FRAME, ValueType
from tests.support.golden.layer_cases import both, ints, refused

WORD = ints([1], [2], [3], [4])


def test_the_first_pixel_is_the_highest_digit() -> None:
    words = np.arange(16)[:, None] - 8
    layer = PatternTables((Pattern(((0, 0), (0, 1)), words, code_bits=2),), rotations=1)
    np.testing.assert_array_equal(both(layer, ints([[1, 3, 2]])), [[[7 - 8, 14 - 8, 10 - 8]]])


def test_bit_fields_and_gains_of_branches() -> None:
    high = Pattern(((0, 0),), ints([0], [1], [2], [3]), code_bits=2, shift=2, gain=10)
    low = Pattern(((0, 0),), ints([0], [1], [2], [3]), code_bits=2)
    layer = PatternTables((high, low), rotations=1)
    np.testing.assert_array_equal(both(layer, ints([[0b0111, 0b1101]])), [[[13, 31]]])
    assert layer.table_bits == 8 * 8


def test_a_patch_is_turned_back_before_it_is_added() -> None:
    # The word does not depend on the pixels: each rotation adds it in its own orientation.
    layer = PatternTables((Pattern(((0, 0),), ints([1, 2, 4, 8], [1, 2, 4, 8]), 1),), rotations=4)
    np.testing.assert_array_equal(both(layer, ints([[0]])).ravel(), [15, 15, 15, 15])
    layer = PatternTables((Pattern(((0, 0),), ints([1, 0, 0, 0], [1, 0, 0, 0]), 1),), rotations=4)
    np.testing.assert_array_equal(both(layer, ints([[0]])).ravel(), [1, 1, 1, 1])


@pytest.mark.parametrize("pixels", [1, 2, 3, 4])
def test_simplex_is_linear_on_linear_tables(pixels: int) -> None:
    """A table that is a sum of multiples of its axes is interpolated without error."""
    random = np.random.default_rng(pixels)
    slopes = random.integers(-9, 10, pixels)
    nodes = np.indices((5,) * pixels).reshape(pixels, -1)
    words = (slopes @ nodes)[:, None]
    offsets = tuple((0, k) for k in range(pixels))
    pattern = Pattern(offsets, np.clip(words, -128, 127), code_bits=2, fraction_bits=3)
    plane = random.integers(0, 32, (1, 4, 7)).astype(np.int32)
    got = both(PatternTables((pattern,), rotations=1), plane)
    columns = np.pad(plane[0], ((0, 0), (0, pixels)), mode="edge")
    want = sum(int(slope) * columns[:, k : k + 7] for k, slope in enumerate(slopes))
    if np.abs(words).max() <= 127:
        np.testing.assert_array_equal(got[0], want)


def test_simplex_path_by_hand() -> None:
    assert simplex((3, 1), 2) == [(1, (0, 0)), (2, (1, 0)), (1, (1, 1))]
    assert simplex((0, 0, 0), 2)[0] == (4, (0, 0, 0))


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: Pattern((), WORD, 2), ValueError, "offsets must be 1 to 4 pixels, not ()"),
        (lambda: Pattern(((0, 8),), WORD, 2), ValueError, "offset must be in -7..7, not 8"),
        (lambda: Pattern(((0, 0),), WORD, 3), ValueError, "words must have shape 8xn, not 4x1"),
        (lambda: Pattern(((0, 0),), WORD, 2, border="wrap"), ValueError, "border must be one of"),
        (lambda: Pattern(((0, 0),), WORD, 2, gain=0), ValueError, "gain must be in 1..255, not 0"),
        (lambda: PatternTables(()), ValueError, "patterns must be at least one pattern, not none"),
        (
            lambda: PatternTables((Pattern(((0, 0),), np.zeros((4, 5), int), 2),)),
            ValueError,
            "words must all have 1, 4, 9 or 16 entries, not 5",
        ),
        (
            lambda: PatternTables((Pattern(((0, 0),), WORD, 2),), rotations=2),
            ValueError,
            "rotations must be 1 or 4, not 2",
        ),
    ],
)
def test_refused_when_made(make: Callable[[], object], error: type[Exception], text: str) -> None:
    refused(error, text, make)


@pytest.mark.parametrize(
    ("layer", "types", "text"),
    [
        (
            PatternTables((Pattern(((0, 0),), WORD, 2),)),
            [ValueType(2, 0, 3)],
            "pattern_tables input must have 1 channel, not 2",
        ),
        (
            PatternTables((Pattern(((0, 0),), WORD, 2),)),
            [FRAME],
            "pattern_tables input must be in 0..3, not 0..255",
        ),
    ],
)
def test_refused_where_it_stands(layer: Layer, types: Sequence[ValueType], text: str) -> None:
    refused(ValueError, text, layer.output_type, types)

"""Requantise: the rounding rule, clamps, single channels, refusals."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lutscale.golden.layers import Layer, Requantise
from lutscale.golden.rounding import round_shift_clamp
from lutscale.golden.value import ValueType
from tests.support.golden.layer_cases import both, ints, refused


def requantise(**changed: Any) -> Requantise:
    """A small valid requantise, but for what is changed."""
    return Requantise(**{"multiplier": ints(1), "shift": 1, "lo": 0, "hi": 255, **changed})


@pytest.mark.parametrize(
    ("acc", "expected"),
    [(-6, -1), (-5, -1), (-3, -1), (-2, 0), (-1, 0), (1, 0), (2, 1), (3, 1), (5, 1), (6, 2)],
)
def test_halves_round_up_below_zero_too(acc: int, expected: int) -> None:
    # Quarters: -6 / 4 = -1.5 becomes -1, and 6 / 4 = 1.5 becomes 2.
    layer = Requantise(ints(1), 2, -10, 10)
    np.testing.assert_array_equal(both(layer, ints([[acc]])), [[[expected]]])


def test_requantise_clamps_and_has_a_multiplier_a_channel() -> None:
    layer = Requantise(ints(1, 3, 0), 1, -3, 2)
    acc = np.tile(ints([-9, -2, 1, 9])[None], (3, 1, 1))
    expected = [[[-3, -1, 1, 2]], [[-3, -3, 2, 2]], [[0, 0, 0, 0]]]
    np.testing.assert_array_equal(both(layer, acc), expected)
    assert layer.output_type([ValueType(3, -9, 9, 2)]) == ValueType(3, -3, 2, 2)


@pytest.mark.parametrize("acc", [-(1 << 31), (1 << 31) - 1])
def test_requantise_is_exact_at_the_ends_of_its_operands(acc: int) -> None:
    layer = Requantise(ints(65535, 1), 16, -(1 << 31), (1 << 31) - 1)
    value = np.full((2, 1, 1), acc, np.int32)
    expected = [(acc * m + (1 << 15)) >> 16 for m in (65535, 1)]
    np.testing.assert_array_equal(both(layer, value).ravel(), expected)


@given(
    acc=st.integers(-(1 << 39), (1 << 39) - 1),
    multiplier=st.integers(0, 65535),
    shift=st.integers(1, 40),
    lo=st.integers(-300, 0),
    hi=st.integers(0, 300),
)
def test_the_rounding_rule(acc: int, multiplier: int, shift: int, lo: int, hi: int) -> None:
    got = round_shift_clamp(np.array([acc]), multiplier, shift, lo, hi)
    expected = min(max((acc * multiplier + (1 << (shift - 1))) >> shift, lo), hi)
    assert got.dtype == np.int32
    assert got[0] == expected


@pytest.mark.parametrize(
    ("acc", "expected"), [(3, 0), (9, 2), (15, 2), (21, 4), (4, 1), (2, 0), (-3, 0), (-9, -2)]
)
def test_halves_of_a_sixth_go_to_even(acc: int, expected: int) -> None:
    layer = Requantise(ints(10923), 16, -9, 9, even_divisor=6)
    assert both(layer, ints([[acc]])).item() == expected == np.round(acc / 6)


@pytest.mark.parametrize("acc", range(31))
def test_a_bias_of_half_a_divisor_is_the_floor(acc: int) -> None:
    assert both(Requantise(ints(10923), 16, 0, 255, bias=-3), ints([[acc]])).item() == acc // 6


@pytest.mark.parametrize("even_divisor", [0, 16])
def test_requantise_ranges_of_single_channels(even_divisor: int) -> None:
    limits = {"channel_lo": (-9, 0), "channel_hi": (9, 3)}
    layer = Requantise(ints(1, 1), 4, -9, 9, even_divisor=even_divisor, **limits)
    row = ints([160, 32, -160])[None]
    got = both(layer, np.repeat(row, 2, axis=0))
    np.testing.assert_array_equal(got, [[[9, 2, -9]], [[3, 2, 0]]])
    assert layer.output_type([ValueType(2, -160, 160)]) == ValueType(2, -9, 9)
    narrow = dataclasses.replace(layer, channel_lo=(-2, 0), channel_hi=None)
    assert narrow.output_type([ValueType(2, -160, 160)]) == ValueType(2, -2, 9)
    again = Requantise.from_manifest(json.loads(json.dumps(layer.params())), {})
    assert again.params() == layer.params()
    with pytest.raises(ValueError, match="channel_lo must have 3 numbers, not 2"):
        dataclasses.replace(layer, multiplier=ints(1, 1, 1)).output_type([ValueType(3, 0, 9)])


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (
            lambda: requantise(multiplier=ints(65536)),
            ValueError,
            "multiplier[0] must be in 0..65535, not 65536",
        ),
        (
            lambda: requantise(multiplier=ints(-1)),
            ValueError,
            "multiplier[0] must be in 0..65535, not -1",
        ),
        (
            lambda: requantise(multiplier=ints()),
            ValueError,
            "multiplier must have shape n, not 0",
        ),
        (
            lambda: requantise(multiplier=np.array([0.5])),
            TypeError,
            "multiplier must be an integer array, not float64",
        ),
        (lambda: requantise(shift=0), ValueError, "shift must be in 1..40, not 0"),
        (lambda: requantise(shift=41), ValueError, "shift must be in 1..40, not 41"),
        (lambda: requantise(lo=1, hi=0), ValueError, "hi must be in 1..2147483647, not 0"),
        (lambda: requantise(lo=-(1 << 31) - 1), ValueError, "lo must be in -2147483648"),
        (
            lambda: Requantise(ints(1), 1, 0, 1, even_divisor=-1),
            ValueError,
            "even_divisor must be in 0..65535",
        ),
        (
            lambda: Requantise(ints(1), 1, 0, 4, channel_lo=(3,), channel_hi=(2,)),
            ValueError,
            "channel_hi[0] must be in 3..4, not 2",
        ),
    ],
)
def test_refused_when_made(make: Callable[[], object], error: type[Exception], text: str) -> None:
    refused(error, text, make)


@pytest.mark.parametrize(
    ("layer", "types", "text"),
    [
        (
            requantise(),
            [ValueType(3, 0, 1)],
            "multiplier must have 3 numbers, one a channel, not 1",
        ),
    ],
)
def test_refused_where_it_stands(layer: Layer, types: Sequence[ValueType], text: str) -> None:
    refused(ValueError, text, layer.output_type, types)

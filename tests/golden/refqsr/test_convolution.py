"""Quantised convolution: the specification by hand, and the fast form against it."""

from __future__ import annotations

import numpy as np
import pytest

from lutscale.golden.refqsr.convolution import QuantisedConvolution
from lutscale.golden.value import ValueType


def test_by_hand() -> None:
    """A 3x3 on one row of two pixels, the edge repeated."""
    weights = np.arange(1, 10).reshape(1, 1, 3, 3)
    layer = QuantisedConvolution(weights, np.array([100]), 8)
    given = np.array([[[2, 5]]])
    # Columns of the kernel add to 12, 15 and 18.
    wanted = [100 + 12 * 2 + 15 * 2 + 18 * 5, 100 + 12 * 2 + 15 * 5 + 18 * 5]
    for compute in (layer.reference, layer.fast):
        assert compute([given]).tolist() == [[wanted]]


@pytest.mark.parametrize("side", [1, 3, 5, 9])
def test_fast_is_the_reference(side: int) -> None:
    random = np.random.default_rng(side)
    layer = QuantisedConvolution(
        random.integers(-2048, 2048, (3, 2, side, side)),
        random.integers(-(1 << 37), 1 << 37, 3),
        12,
    )
    given = random.integers(-32768, 32768, (2, 4, 3))
    assert np.array_equal(layer.fast([given]), layer.reference([given]))


def test_the_range_is_reached_and_not_left() -> None:
    random = np.random.default_rng(5)
    layer = QuantisedConvolution(random.integers(-8, 8, (4, 3, 3, 3)), random.integers(-9, 9, 4), 4)
    made = layer.output_type([ValueType(3, -7, 7)])
    highest = np.where(layer.weights > 0, 7, -7)
    lowest = -highest
    sums = [(layer.weights * codes).sum((1, 2, 3)) + layer.bias for codes in (lowest, highest)]
    assert (made.lo, made.hi) == (sums[0].min(), sums[1].max())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": np.zeros((1, 1, 2, 2), int)}, "weights must be square with a side of 1..9"),
        ({"weights": np.full((1, 1, 1, 1), 128)}, "must be in -128..127, not 128"),
        ({"weights": np.zeros((1, 1, 1, 1))}, "weights must be an integer array, not float64"),
        ({"bias": np.zeros(2, int)}, "bias must be 1 integers, one an output"),
        ({"bias": np.array([1 << 38])}, "bias[0] must be in"),
        ({"weight_bits": 17}, "weight_bits must be in 2..16, not 17"),
    ],
)
def test_what_is_none(change: dict[str, object], message: str) -> None:
    fields = {"weights": np.ones((1, 1, 1, 1), int), "bias": np.zeros(1, int), "weight_bits": 8}
    with pytest.raises((TypeError, ValueError)) as error:
        QuantisedConvolution(**{**fields, **change})  # type: ignore[arg-type]
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (ValueType(2, 0, 1), "input must have 1 channels, not 2"),
        (ValueType(1, 0, 1 << 17), "input must be codes of at most 16 bits, not 18"),
    ],
)
def test_inputs_that_do_not_suit(given: ValueType, message: str) -> None:
    layer = QuantisedConvolution(np.ones((1, 1, 1, 1), int), np.zeros(1, int), 8)
    with pytest.raises(ValueError, match=message):
        layer.output_type([given])


def test_an_accumulator_of_more_than_40_bits() -> None:
    layer = QuantisedConvolution(np.full((1, 512, 9, 9), -32768), np.full(1, (1 << 38) - 1), 16)
    with pytest.raises(ValueError, match="accumulator must fit 40 bits, not 47"):
        layer.output_type([ValueType(512, -32768, 32767)])


def test_it_says_what_it_is() -> None:
    layer = QuantisedConvolution(np.ones((8, 4, 3, 3), int), np.zeros(8, int), 8)
    given = ValueType(4, -7, 7)
    text = layer.summary(given, layer.output_type([given]))
    assert text == "3x3, 4→8 channels, 4-bit activations, 8-bit weights"
    assert (layer.table_bits, layer.functions) == (288 * 8, 288)

"""Convolutions at several precisions, and the choice between them."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from lutscale.golden.layers import PatternTables, Requantise
from lutscale.golden.refqsr.chain import Chain, check_chain, feature_type
from lutscale.golden.refqsr.mixed import BitSelector, MixedConvolution, edges
from lutscale.golden.value import ValueType
from tests.support.refqsr.networks import convolution, mixed


def test_edges_by_hand() -> None:
    """Steps down of 10 and 30, right of 5 and 15: 20 and 10 levels."""
    given = np.array([[0, 5], [10, 35 - 10]], np.uint8)[..., None]
    down, right = (10 + 20) / 2, (5 + 15) / 2
    assert edges(given) == (16 * down, 16 * right)
    assert edges(np.zeros((1, 3, 3), np.uint8)) == (0, 0)


def test_the_choice_by_hand() -> None:
    """Deviations of 3 and 0, in sixteenths; the first of equal scores wins."""
    features = np.stack([[[1, 7], [7, 1]], [[4, 4], [4, 4]]]).astype(np.int32)
    weights = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 2, 0]])
    selector = BitSelector((4, 6, 8), weights, np.array([96, 0, 0]))
    assert selector.choose(features, (95, 0)) == 4
    assert selector.choose(features, (97, 0)) == 6
    assert selector.choose(2 * features, (97, 0)) == 8


@pytest.mark.parametrize(
    ("bits", "weights", "bias", "message"),
    [
        ((4, 9), np.zeros((2, 3), int), np.zeros(2, int), "bits[1] must be in 2..8, not 9"),
        ((4, 8), np.zeros((3, 3), int), np.zeros(2, int), "weights must be integers, a row for"),
        ((4, 8), np.zeros((2, 3), int), np.zeros(2), "bias must be integers"),
    ],
)
def test_what_is_no_selector(
    bits: tuple[int, ...], weights: np.ndarray, bias: np.ndarray, message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        BitSelector(bits, weights, bias)


def test_precisions_have_the_same_weights() -> None:
    random = np.random.default_rng(1)
    one, other = (mixed(random, 4, (8, 4), "first") for _ in range(2))
    with pytest.raises(ValueError, match="weights must be the same at all precisions, but differ"):
        MixedConvolution({8: one.chains[8], 4: other.chains[4]})
    with pytest.raises(ValueError, match="codes must have at most 4 bits, not 8"):
        MixedConvolution({4: one.chains[8]})
    with pytest.raises(ValueError, match="chains must be of at least one precision, not none"):
        MixedConvolution({})
    with pytest.raises(ValueError, match="bits must be one of \\[4, 8\\], not 6"):
        one.run(np.zeros((4, 3, 3), np.int32), 6)
    with pytest.raises(ValueError, match="bits must be one of \\[4, 8\\], but none are given"):
        one.choose(np.zeros((4, 3, 3), np.int32), (0, 0))
    selector = BitSelector((4, 6), np.zeros((2, 6), int), np.zeros(2, int))
    with pytest.raises(ValueError, match="selector must choose among \\[4, 8\\], not others"):
        replace(one, selector=selector)


def test_a_chain_names_the_layer_that_does_not_suit() -> None:
    random = np.random.default_rng(1)
    layers = (convolution(random, 4, 4, 3), convolution(random, 4, 4, 3))
    with pytest.raises(
        ValueError, match="body, layer 1 \\(quantised_convolution\\): input must be"
    ):
        Chain("body", (feature_type(4),), layers)
    pattern = object.__new__(PatternTables)
    with pytest.raises(ValueError, match="body, layer 0: kind must be one of pixel_shuffle"):
        Chain("body", (feature_type(4),), (pattern,))
    plain = Chain("body", (feature_type(4),), (Requantise(np.ones(4, int), 1, -9, 9),))
    with pytest.raises(ValueError, match="body: layers must have a convolution, but have none"):
        _ = plain.convolution
    with pytest.raises(ValueError, match="here: inputs must be 3 channels of -32768..32767"):
        check_chain("here", plain, (feature_type(3),), feature_type(3))
    with pytest.raises(ValueError, match="here: must give 4 channels of 0..9 at scale 1, not 4"):
        check_chain("here", plain, (feature_type(4),), ValueType(4, 0, 9))


def test_reference_and_fast_chains_agree() -> None:
    random = np.random.default_rng(3)
    given = random.integers(-9000, 9000, (4, 3, 4)).astype(np.int32)
    for chain in mixed(random, 4, (8, 4), "second").chains.values():
        assert np.array_equal(chain.run(given), chain.run(given, reference=True))

"""Tables for exponential, reciprocal and root: exact entries, and how near results come."""

from __future__ import annotations

import math

import numpy as np

from lutscale.golden.refqsr.arithmetic import (
    divide,
    exponential_table,
    inverse_root_table,
    reciprocal_table,
    softmax_weights,
    unit_vectors,
)


def test_the_tables() -> None:
    assert exponential_table(1 / 16)[[0, 16, 255]].tolist() == [255, round(255 / math.e), 0]
    assert reciprocal_table()[[0, 255]].tolist() == [32768, round(2**23 / 511)]
    assert inverse_root_table()[[0, 768 - 1]].tolist() == [32768, round(2**19 / 1023**0.5)]


def test_division_is_exact_for_powers_of_two() -> None:
    x = np.arange(-70, 70)
    for by in (1, 2, 8, 512, 1 << 20):
        found = divide(x * 8, np.array(by), reciprocal_table())
        assert found.tolist() == [math.floor(8 * int(n) / by + 0.5) for n in x]


def test_division_is_near() -> None:
    """The mantissa is cut to 9 bits: results are too large by a 256th at most."""
    random = np.random.default_rng(1)
    x, by = random.integers(0, 1 << 30, 1000), random.integers(1, 1 << 24, 1000)
    found = divide(x, by, reciprocal_table())
    assert (found >= np.floor(x / by * 0.9999)).all()
    assert (found <= np.ceil(x / by * (1 + 1 / 250)) + 1).all()


def test_unit_vectors() -> None:
    random = np.random.default_rng(2)
    vectors = random.integers(-3000, 3000, (4, 500))
    vectors[:, 0] = 0
    vectors[:, 1] = (1, 0, 0, 0)
    found = unit_vectors(vectors, inverse_root_table())
    assert found[:, 0].tolist() == [0] * 4
    assert found[:, 1].tolist() == [127, 0, 0, 0]
    length = np.sqrt((vectors[:, 1:] ** 2).sum(0))
    assert np.abs(found[:, 1:] - 127 * vectors[:, 1:] / length).max() < 1
    assert np.abs(found).max() <= 127


def test_softmax_weights() -> None:
    scores = np.array([[0, -32, -64, -(1 << 40)], [7, 7, 7, 6]])
    found = softmax_weights(scores, 1, 1, exponential_table(1 / 16))
    table = exponential_table(1 / 16)
    assert found.tolist() == [[255, table[16], table[32], 0], [255, 255, 255, 255]]

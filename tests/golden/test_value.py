"""Types of values: bits of a range, refusals."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lutscale.golden.value import ValueType
from tests.support.golden.layer_cases import refused


@pytest.mark.parametrize(
    ("lo", "hi", "bits"),
    [(0, 0, 1), (0, 1, 1), (0, 255, 8), (0, 256, 9), (-1, 0, 1), (-128, 127, 8), (-129, 0, 9)],
)
def test_bits_of_a_range(lo: int, hi: int, bits: int) -> None:
    assert ValueType(1, lo, hi).bits == bits
    assert ValueType(1, lo, hi).signed == (lo < 0)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: ValueType(0, 0, 1), ValueError, "channels must be in 1..4096, not 0"),
        (lambda: ValueType(1, 1, 0), ValueError, "hi must be in 1"),
    ],
)
def test_refused_when_made(make: Callable[[], object], error: type[Exception], text: str) -> None:
    refused(error, text, make)

"""Split: high and low bits, refusals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lutscale.golden.layers import Split
from lutscale.golden.value import FRAME, ValueType
from tests.support.golden.layer_cases import both, ints, refused


def test_split_by_hand() -> None:
    parts = both(Split(2, offset=32), ints([[0, 131, 255]]))
    np.testing.assert_array_equal(parts, [[[-32, 0, 31]], [[0, 3, 3]]])
    assert Split(2, offset=32).output_type([FRAME]) == ValueType(2, -32, 31)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: Split(0), ValueError, "low_bits must be in 1..15, not 0"),
    ],
)
def test_refused_when_made(make: Callable[[], object], error: type[Exception], text: str) -> None:
    refused(error, text, make)

"""Ensemble: branches and rotations added, refusals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from lutscale.golden.layers import Ensemble, Layer
from lutscale.golden.value import ValueType
from tests.support.golden.layer_cases import both, ints, refused


def test_ensemble_by_hand() -> None:
    layer = Ensemble(4, 2, 1, -5, 5)
    values = ints(*[[[n]] for n in (9, 9, -9, 2, 1, 1, 0, 3)])
    np.testing.assert_array_equal(both(layer, values), [[[5 - 5 + 2 + 3]]])
    assert layer.output_type([ValueType(8, -128, 127)]) == ValueType(1, -20, 20)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: Ensemble(3, 1, 1, 0, 1), ValueError, "rotations must be 1 or 4, not 3"),
    ],
)
def test_refused_when_made(make: Callable[[], object], error: type[Exception], text: str) -> None:
    refused(error, text, make)


@pytest.mark.parametrize(
    ("layer", "types", "text"),
    [
        (
            Ensemble(4, 2, 2, 0, 1),
            [ValueType(30, 0, 1)],
            "ensemble input must have a multiple of 32 channels, not 30",
        ),
    ],
)
def test_refused_where_it_stands(layer: Layer, types: Sequence[ValueType], text: str) -> None:
    refused(ValueError, text, layer.output_type, types)

"""Ensemble: sums of branches and of rotations."""

from __future__ import annotations

import pytest

from lutscale.golden.layers import Ensemble
from lutscale.golden.value import ValueType
from tests.support.hw.layer_bench import check_layer


@pytest.mark.parametrize(
    ("layer", "given"),
    [
        (Ensemble(4, 2, 2, -40, 60), ValueType(32, -32, 31)),
        (Ensemble(4, 1, 3, -128, 127), ValueType(36, 0, 15)),
        (Ensemble(1, 3, 1, 0, 20), ValueType(6, -8, 7)),
        (Ensemble(4, 1, 1, -8, 7), ValueType(8, -8, 7)),
    ],
)
def test_branches_clamped_and_rotations_turned_back(layer: Ensemble, given: ValueType) -> None:
    check_layer(layer, given)

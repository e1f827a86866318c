"""Split: high and low bits as channels."""

from __future__ import annotations

import pytest

from lutscale.golden.layers import Split
from lutscale.golden.value import ValueType
from tests.support.hw.layer_bench import check_layer


@pytest.mark.parametrize(
    ("layer", "given"),
    [
        (Split(2, offset=32), ValueType(1, 0, 255)),
        (Split(4), ValueType(3, 0, 255)),
        (Split(1, offset=5), ValueType(2, -9, 6)),
    ],
)
def test_high_and_low_parts(layer: Split, given: ValueType) -> None:
    check_layer(layer, given)

"""Split."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from lutscale.golden.layers import Split
from lutscale.model.layers import SplitTwin


@pytest.mark.parametrize("offset", [0, 32])
def test_split(offset: int) -> None:
    twin = SplitTwin(2, offset)
    layer, unit = twin.export(np.ones(2))
    assert isinstance(layer, Split)
    assert unit.tolist() == [1] * 4
    x = torch.randint(-99, 256, (1, 2, 6, 5))
    expected = layer.reference([x[0].numpy().astype(np.int32)])
    np.testing.assert_array_equal(SplitTwin.exact(layer, [x])[0], expected)
    np.testing.assert_array_equal(twin([x.float()])[0], expected)

"""Channel shift."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from lutscale.golden.layers import ChannelShift
from lutscale.model.layers import ChannelShiftTwin


@pytest.mark.parametrize("border", ["replicate", "reflect"])
def test_channel_shift(border: str) -> None:
    twin = ChannelShiftTwin([(0, 0), (-3, 1), (2, -2)], border)
    layer, unit = twin.export(np.arange(3.0))
    assert isinstance(layer, ChannelShift)
    assert unit.tolist() == [0, 1, 2]
    x = torch.randint(-99, 99, (1, 3, 4, 2))
    expected = layer.reference([x[0].numpy().astype(np.int32)])
    np.testing.assert_array_equal(ChannelShiftTwin.exact(layer, [x])[0], expected)
    np.testing.assert_array_equal(twin([x.float()])[0], expected)

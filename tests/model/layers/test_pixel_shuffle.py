"""Pixel shuffle."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from lutscale.golden.layers import PixelShuffle
from lutscale.model.layers import PixelShuffleTwin


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_pixel_shuffle(scale: int) -> None:
    x = torch.randint(0, 256, (1, 2 * scale**2, 3, 4))
    twin = PixelShuffleTwin(scale)
    layer, unit = twin.export(np.arange(2.0 * scale**2))
    assert isinstance(layer, PixelShuffle)
    assert unit.tolist() == [0, scale**2]
    expected = layer.reference([x[0].numpy().astype(np.int32)])
    np.testing.assert_array_equal(twin([x])[0], expected)
    np.testing.assert_array_equal(PixelShuffleTwin.exact(layer, [x])[0], expected)

"""Ensemble."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from lutscale.golden.layers import Ensemble
from lutscale.model.layers import EnsembleTwin


@pytest.mark.parametrize("rotations", [1, 4])
@pytest.mark.parametrize("branches", [1, 2])
@pytest.mark.parametrize("scale", [1, 2, 3])
def test_ensemble(rotations: int, branches: int, scale: int) -> None:
    twin = EnsembleTwin(rotations, branches, scale, -100, 90)
    channels = rotations * branches * 2 * scale**2
    layer, unit = twin.export(np.ones(channels))
    assert isinstance(layer, Ensemble)
    assert unit.tolist() == [1] * (2 * scale**2)
    x = torch.randint(-99, 99, (1, channels, 4, 3))
    expected = layer.reference([x[0].numpy().astype(np.int32)])
    np.testing.assert_array_equal(EnsembleTwin.exact(layer, [x])[0], expected)
    np.testing.assert_array_equal(twin([x.float()])[0], expected)

"""Residuals: upsampling, gains, channels."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from lutscale.golden.layers import Residual
from lutscale.model.layers import ResidualTwin


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("upsample", ["nearest", "bilinear"])
def test_upsampling_residual(scale: int, upsample: str) -> None:
    twin = ResidualTwin(0, -3000, 4000, upsample, scale)
    frame = torch.randint(0, 256, (2, 1, 5, 4))
    delta = torch.randint(-2000, 2000, (2, scale**2, 5, 4))
    layer, unit = twin.export(np.ones(scale**2))
    assert isinstance(layer, Residual)
    assert (unit == 1).all()
    exact = ResidualTwin.exact(layer, [frame, delta])
    assert exact.dtype == torch.int64
    np.testing.assert_array_equal(twin([frame.float(), delta.float()]), exact)
    for k in range(2):
        values = [value[k].numpy().astype(np.int32) for value in (frame, delta)]
        np.testing.assert_array_equal(exact[k], layer.reference(values))


def test_identity_residual_and_its_gain() -> None:
    values = [torch.randint(-50, 50, (1, 3, 4, 4)) for _ in range(3)]
    layer = Residual(1, gain=3, lo=-100, hi=90)
    exact = ResidualTwin.exact(layer, values)
    np.testing.assert_array_equal(
        exact[0], layer.reference([v[0].numpy().astype(np.int32) for v in values])
    )


def test_residual_of_chosen_channels_in_ranges_of_their_own() -> None:
    twin = ResidualTwin(
        0, -90, 90, gain=2, channels=(1, 0, 1), channel_lo=(-90, 0, -5), channel_hi=(90, 3, 50)
    )
    values = [torch.randint(-60, 60, (2, n, 5, 4)) for n in (2, 3)]
    layer, _ = twin.export(np.ones(3))
    exact = ResidualTwin.exact(layer, values)
    np.testing.assert_array_equal(twin([value.float() for value in values]), exact)
    for k in range(2):
        planes = [value[k].numpy().astype(np.int32) for value in values]
        np.testing.assert_array_equal(exact[k], layer.reference(planes))

"""Requantise and dynamic discretisation: the exported layer, exact rounding, scales."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from lutscale.golden.layers import Requantise
from lutscale.model.layers import DiscretiseTwin, RequantiseTwin


@pytest.mark.parametrize("ratio", [1e-4, 0.01, 0.3, 1.0, 3.7, 900.0])
def test_requantise_follows_its_exported_layer(ratio: float) -> None:
    unit = ratio * np.array([1.0, 0.9, 0.45])
    layer, after = RequantiseTwin(-100, 90, factor=2.0).export(unit)
    assert isinstance(layer, Requantise)
    assert (after == 1).all()
    # 16 bits are used: the largest multiplier is exact to 1/65536.
    np.testing.assert_allclose(layer.multiplier / 2.0**layer.shift, 2 * unit, rtol=1e-4)
    acc = torch.randint(-int(200 / ratio) - 5, int(200 / ratio) + 5, (1, 3, 20, 20))
    exact = RequantiseTwin.exact(layer, [acc])
    np.testing.assert_array_equal(exact[0], layer.reference([acc[0].numpy().astype(np.int32)]))
    forward = RequantiseTwin(-100, 90, factor=2.0)([acc * torch.tensor(unit)[:, None, None]])
    off = (forward - exact).abs()
    assert off.max() <= 1
    assert (off > 0).float().mean() < 0.01


def test_requantise_drops_common_factors_of_two() -> None:
    layer, _ = RequantiseTwin(0, 255, factor=1 / 64).export(np.ones(16))
    assert (layer.multiplier == 1).all()
    assert layer.shift == 6


@pytest.mark.parametrize(("bias", "even_divisor"), [(-3, 0), (128, 0), (0, 6), (7, 6)])
def test_exact_requantise_with_bias_and_halves_to_even(bias: int, even_divisor: int) -> None:
    layer = Requantise(np.array([10923, 10923]), 16, -20, 30, bias, even_divisor)
    acc = torch.arange(-400, 400).reshape(1, 2, 20, 20)
    exact = RequantiseTwin.exact(layer, [acc])
    np.testing.assert_array_equal(exact[0], layer.reference([acc[0].numpy().astype(np.int32)]))


def test_exact_requantise_in_ranges_of_single_channels() -> None:
    layer = Requantise(np.array([3, 5]), 4, -20, 30, channel_lo=(-20, 0), channel_hi=(30, 3))
    acc = torch.arange(-400, 400).reshape(1, 2, 20, 20)
    exact = RequantiseTwin.exact(layer, [acc])
    np.testing.assert_array_equal(exact[0], layer.reference([acc[0].numpy().astype(np.int32)]))


def test_a_bias_of_half_the_divisor_gives_the_floor() -> None:
    twin = RequantiseTwin(0, 255, divisor=6, bias=-3)
    acc = torch.arange(1531.0).reshape(1, 1, 1, -1)
    assert torch.equal(twin([acc]), torch.floor(acc / 6))
    layer, _ = twin.export(np.ones(1))
    assert layer.bias == -3
    exact = RequantiseTwin.exact(layer, [acc.long()])
    assert torch.equal(exact, acc.long() // 6)


def test_discretised_codes_are_the_exported_layer() -> None:
    twin = DiscretiseTwin([(-128, 127), (0, 3), (-32, 31)], [0.37, 1.0, 0.81], rotations=4)
    layer, unit = twin.export(np.ones(12))
    assert isinstance(layer, Requantise)
    assert unit.tolist() == [1] * 12
    x = torch.arange(-128, 128).repeat(12, 1)[None, :, None]
    expected = layer.reference([x[0].numpy().astype(np.int32)])
    np.testing.assert_array_equal(twin([x.float()])[0].detach(), expected)
    for c, ((lo, hi), found) in enumerate(zip(twin.ranges, twin.code_ranges(), strict=True)):
        codes_read = expected[c, 0, lo + 128 : hi + 129]
        assert (codes_read.min(), codes_read.max()) == found


def test_scales_shrink_until_there_are_few_enough_codes() -> None:
    twin = DiscretiseTwin([(-32, 31)] * 4, [1.0, 1.0, 0.5, 5.0], most=200)
    counts = [last - first + 1 for first, last in twin.code_ranges()]
    assert 195 <= sum(counts) <= 200
    # All alike, and none beyond the top.
    torch.testing.assert_close(twin.scales[0], twin.scales[3])
    torch.testing.assert_close(twin.scales[0], 2 * twin.scales[2])


def test_scales_have_the_gradient_of_the_values() -> None:
    twin = DiscretiseTwin([(-32, 31)], [0.7])
    x = torch.tensor([-20.0, 3.0, 30.0])[None, None, None].requires_grad_()
    twin([x]).sum().backward()
    assert twin.scales.grad is not None
    assert x.grad is not None
    assert float(twin.scales.grad) == pytest.approx(13.0)
    torch.testing.assert_close(x.grad, torch.full_like(x, 0.7), atol=1e-4, rtol=0)


def test_discretising_wants_values() -> None:
    with pytest.raises(ValueError, match="requantise input must be values, not an accumulator"):
        DiscretiseTwin([(0, 3)], [1.0]).export(np.array([0.5]))

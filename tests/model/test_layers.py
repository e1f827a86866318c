"""The twins, one by one: gradients, exported tables, integers."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
import torch.nn.functional as F

from golden.layers import KINDS as GOLDEN_KINDS
from golden.layers import PixelShuffle, Requantise, Residual, TapTables
from model.layers import (
    KINDS,
    PixelShuffleTwin,
    RequantiseTwin,
    ResidualTwin,
    TapTablesTwin,
)
from model.layers.tap_tables import _Gather
from model.layers.twin import round_through

KERNELS = [(1, 1), (1, 3), (2, 2), (3, 3), (3, 2), (5, 3)]


@pytest.fixture(autouse=True)
def _same_start() -> None:
    torch.manual_seed(1)


def codes(twin: TapTablesTwin, channels: int, height: int = 6, width: int = 7) -> torch.Tensor:
    """A batch of two, of codes that the twin reads."""
    return torch.randint(twin.code_lo, twin.code_hi + 1, (2, channels, height, width)).float()


def perturb(twin: TapTablesTwin, spread: float) -> None:
    """Move the nodes from where they start."""
    with torch.no_grad():
        twin.theta.add_(spread * torch.randn_like(twin.theta))


def test_every_kind_has_its_twin() -> None:
    assert KINDS.keys() == GOLDEN_KINDS.keys()


def test_rounding_is_half_up_and_lets_gradients_through() -> None:
    x = torch.tensor([-1.5, -0.5, 0.49, 0.5, 1.5], requires_grad=True)
    y = round_through(x)
    assert y.tolist() == [-1, 0, 0, 1, 2]
    (y * torch.arange(5)).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0, 1, 2, 3, 4]


# ---------------------------------------------------------------- tap tables


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("nodes", [2, 3, 5, 9, None])
@pytest.mark.parametrize("signed", [False, True])
def test_forward_is_the_exported_layer(
    kernel: tuple[int, int], nodes: int | None, signed: bool
) -> None:
    twin = TapTablesTwin(2, 3, kernel, nodes=nodes, code_signed=signed, code_bits=6)
    perturb(twin, 0.7)
    x = codes(twin, 2)
    layer, unit = twin.export(np.ones(2))
    assert layer.kernel == kernel
    assert (layer.code_bits, layer.code_signed) == (6, signed)
    integers = np.stack([layer.reference([plane]) for plane in x.numpy().astype(np.int32)])
    forward = twin([x]).detach().numpy()
    np.testing.assert_allclose(forward, integers * unit[:, None, None], rtol=1e-4, atol=1e-3)
    exact = KINDS["tap_tables"].exact(layer, [x.long()])
    np.testing.assert_array_equal(exact.numpy(), integers)


@pytest.mark.parametrize("spread", [0.0, 0.3, 1.0, 4.0, 20.0])
@pytest.mark.parametrize("nodes", [2, 3, 5, 9, 17])
@pytest.mark.parametrize("code_bits", [3, 8])
@pytest.mark.parametrize("signed", [False, True])
def test_the_quantiser_holds_the_weights_of_forward(
    nodes: int, spread: float, code_bits: int, signed: bool
) -> None:
    twin = TapTablesTwin(1, 1, (1, 1), nodes=nodes, code_bits=code_bits, code_signed=signed)
    perturb(twin, spread)
    every = torch.arange(twin.code_lo, twin.code_hi + 1).float()
    tents = twin._tents(every[None, None, None])[0, :, 0].T.detach().numpy()
    quantiser = twin.quantiser()
    assert quantiser is not None
    np.testing.assert_array_equal(quantiser.tents(), tents)
    # Nodes are in order, so segments are, and the weight grows inside each.
    along = quantiser.segment * (1 << quantiser.fraction_bits) + quantiser.weight
    assert (np.diff(along) >= 0).all()


def test_nodes_start_uniform_and_keep_their_ends() -> None:
    twin = TapTablesTwin(1, 1, (1, 1), nodes=5, code_signed=True)
    np.testing.assert_allclose(
        twin.positions().detach(), [-128, -64.25, -0.5, 63.25, 127], atol=1e-3
    )
    perturb(twin, 2.0)
    moved = twin.positions().detach()
    assert (torch.diff(moved) > 0).all()
    np.testing.assert_allclose(moved[[0, -1]], [-128, 127], atol=1e-3)


@pytest.mark.parametrize("entry_bits", range(2, 9))
@pytest.mark.parametrize("nodes", [5, None])
def test_entries_keep_to_their_bits(entry_bits: int, nodes: int | None) -> None:
    twin = TapTablesTwin(2, 3, (3, 3), nodes=nodes, entry_bits=entry_bits)
    with torch.no_grad():
        twin.entries.mul_(5)
    layer, _ = twin.export(np.ones(2))
    half = 1 << (entry_bits - 1)
    assert layer.entry_bits == entry_bits
    assert (layer.entries.min(), layer.entries.max()) == (-half, half - 1)
    x = codes(twin, 2)
    exact = KINDS["tap_tables"].exact(layer, [x.long()])
    np.testing.assert_array_equal(exact[0], layer.fast([x[0].numpy().astype(np.int32)]))


@pytest.mark.parametrize("entry_bits", [4, 6, 8])
def test_gradients_reach_all_parameters_of_interpolated_tables(entry_bits: int) -> None:
    twin = TapTablesTwin(2, 3, (3, 3), nodes=5, entry_bits=entry_bits)
    x = codes(twin, 2).requires_grad_()
    # Squares: the mean of a layer's plain sum would not move with its nodes.
    (twin([x]) ** 2).mean().backward()
    for parameter in (twin.entries, twin.log_scale, twin.theta):
        assert parameter.grad is not None
        assert torch.isfinite(parameter.grad).all()
        assert torch.count_nonzero(parameter.grad) > 0.9 * parameter.numel()
    assert x.grad is not None
    assert torch.count_nonzero(x.grad)


def test_gradients_reach_all_parameters_of_direct_tables() -> None:
    twin = TapTablesTwin(2, 3, (3, 3), nodes=None, code_bits=3)
    x = codes(twin, 2).requires_grad_()
    (twin([x]) ** 2).mean().backward()
    for parameter in (twin.entries, twin.log_scale):
        assert parameter.grad is not None
        assert torch.count_nonzero(parameter.grad) > 0.9 * parameter.numel()
    assert not twin.theta.requires_grad
    assert x.grad is not None
    assert torch.count_nonzero(x.grad)


def test_nodes_that_are_not_learnt_stay() -> None:
    twin = TapTablesTwin(1, 1, (1, 1), nodes=5, learn_nodes=False)
    (twin([codes(twin, 1)]) ** 2).mean().backward()
    assert twin.theta.grad is None


def test_the_gradient_of_a_node_is_the_slope_of_the_loss() -> None:
    # Weights are rounded, so that only a wide step shows the slope.
    twin = TapTablesTwin(1, 1, (1, 1), nodes=4, entry_bits=8, fraction_bits=8).double()
    with torch.no_grad():
        twin.entries.copy_(torch.tensor([-0.5, 0.9, -0.7, 0.4])[None, None, :, None, None])
    x = torch.arange(-128.0, 128.0, dtype=torch.float64)[None, None, None]
    target = torch.sin(x / 40) * 50

    def loss() -> torch.Tensor:
        return ((twin([x]) - target) ** 2).mean()

    loss().backward()
    assert twin.theta.grad is not None
    step = 0.1
    for k in range(3):
        with torch.no_grad():
            twin.theta[k] += step
            above = float(loss())
            twin.theta[k] -= 2 * step
            below = float(loss())
            twin.theta[k] += step
        slope = (above - below) / (2 * step)
        assert float(twin.theta.grad[k]) == pytest.approx(slope, rel=0.05, abs=50)


def gather_by_one_hot(index: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
    """What `_Gather` computes, as a convolution that PyTorch differentiates itself."""
    levels = table.shape[2]
    hot = F.one_hot(index.long(), levels).to(table.dtype)
    return F.conv2d(hot.permute(0, 1, 4, 2, 3).flatten(1, 2), table.flatten(1, 2))


@pytest.mark.parametrize("kernel", KERNELS)
def test_gathered_tables_have_the_gradient_of_one_hot_codes(kernel: tuple[int, int]) -> None:
    table = torch.randn(3, 2, 8, *kernel, dtype=torch.float64, requires_grad=True)
    index = torch.randint(0, 8, (2, 2, 7, 6)).double()
    results = []
    for compute in (_Gather.apply, gather_by_one_hot):
        out = compute(index, table)
        weight = torch.randn(out.shape, generator=torch.Generator().manual_seed(2)).double()
        (gradient,) = torch.autograd.grad((out * weight).sum(), table)
        results.append((out.detach(), gradient))
    torch.testing.assert_close(results[0], results[1])


def test_gathered_codes_have_the_slope_between_neighbours_as_gradient() -> None:
    # A parabola: between neighbours its slope is the derivative, but for the two ends.
    table = (torch.arange(8.0) ** 2)[None, None, :, None, None]
    index = torch.arange(8.0)[None, None, None].requires_grad_()
    _Gather.apply(index, table).sum().backward()
    assert index.grad is not None
    assert index.grad.flatten().tolist() == [1, 2, 4, 6, 8, 10, 12, 13]


def test_gathered_codes_gather_the_gradients_of_all_taps() -> None:
    table = (torch.tensor([1.0, 10.0])[:, None] * torch.arange(4.0))[None, None].permute(
        0, 1, 3, 2
    )[..., None]
    index = torch.full((1, 1, 3, 1), 1.0, requires_grad=True)
    # Two rows of taps: the pixels at the ends are read by one, that in the middle by both.
    _Gather.apply(index, table).sum().backward()
    assert index.grad is not None
    assert index.grad.flatten().tolist() == [1, 11, 10]


def test_tables_want_codes() -> None:
    twin = TapTablesTwin(1, 1, (1, 1))
    with pytest.raises(ValueError, match="tap_tables input must be codes, not an accumulator"):
        twin.export(np.array([0.5]))


# ---------------------------------------------------------------- the other kinds


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


def test_exact_is_right_beyond_float32() -> None:
    # Sums past 2**24, odd ones among them.
    entries = np.full((300, 3, 3, 2, 1), 127, np.int32)
    entries[..., 0, 0] = -127
    layer = TapTables(entries, 8, 1)
    scaled = Requantise(np.array([65535], np.int32), 1, -(1 << 31), (1 << 31) - 1)
    x = torch.randint(0, 2, (1, 300, 3, 3))
    sums = KINDS["tap_tables"].exact(layer, [x])
    np.testing.assert_array_equal(sums[0], layer.fast([x[0].numpy().astype(np.int32)]))
    products = KINDS["requantise"].exact(scaled, [sums])
    np.testing.assert_array_equal(products[0], scaled.reference([sums[0].numpy().astype(np.int32)]))

"""The twins, one by one: gradients, exported tables, integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
import torch.nn.functional as F

from lutscale.golden.layers import KINDS as GOLDEN_KINDS
from lutscale.golden.layers import (
    ChannelShift,
    Ensemble,
    PatternTables,
    PixelShuffle,
    Requantise,
    Residual,
    Split,
    TapTables,
)
from lutscale.golden.layers.pattern_tables import Pattern
from lutscale.model.layers import (
    KINDS,
    ChannelShiftTwin,
    DiscretiseTwin,
    EnsembleTwin,
    PatternTablesTwin,
    PixelShuffleTwin,
    RequantiseTwin,
    ResidualTwin,
    SplitTwin,
    TapTablesTwin,
)
from lutscale.model.layers.pattern_tables import PatternShape
from lutscale.model.layers.rows import sum_of_rows
from lutscale.model.layers.twin import round_through

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
    quantiser = twin.quantiser()
    assert quantiser is not None
    weights = torch.stack(twin._weights(every), 1).detach().numpy()
    np.testing.assert_array_equal(quantiser.inside(), weights)
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


def direct(table: torch.Tensor, **options: Any) -> TapTablesTwin:
    """A twin whose output is the sum of `table` (out, in, levels, kh, kw), not rounded to bits."""
    outputs, inputs, levels, *kernel = table.shape
    twin = TapTablesTwin(
        inputs,
        outputs * options.get("groups", 1),
        (kernel[0], kernel[1]),
        nodes=None,
        code_bits=3,
        code_signed=False,
        learn_scale=False,
        **options,
    ).to(table.dtype)
    with torch.no_grad():
        twin.entries.copy_(table / 128)
    assert twin.entries.shape[2] == levels
    return twin


def sum_of_one_hot(twin: TapTablesTwin, index: torch.Tensor) -> torch.Tensor:
    """What direct tables compute, as a convolution that PyTorch differentiates itself."""
    kh, kw = twin.kernel
    hot = F.one_hot(index.long(), twin.entries.shape[2]).to(index.dtype)
    hot = hot.permute(0, 1, 4, 2, 3).flatten(1, 2)
    hot = F.pad(hot, ((kw - 1) // 2, kw // 2, (kh - 1) // 2, kh // 2), "replicate")
    return F.conv2d(hot, twin.integer_entries().flatten(1, 2))


@pytest.mark.parametrize("kernel", KERNELS)
def test_direct_tables_have_the_gradient_of_one_hot_codes(kernel: tuple[int, int]) -> None:
    twin = direct(torch.randint(-99, 99, (3, 2, 8, *kernel)).double())
    index = torch.randint(0, 8, (2, 2, 7, 6)).double()
    results = []
    for compute in (twin([index]), sum_of_one_hot(twin, index)):
        weight = torch.randn(compute.shape, generator=torch.Generator().manual_seed(2)).double()
        (gradient,) = torch.autograd.grad((compute * weight).sum(), twin.entries)
        results.append((compute.detach(), gradient))
    torch.testing.assert_close(results[0], results[1])


def test_codes_have_the_slope_between_neighbours_as_gradient() -> None:
    # A parabola: between neighbours its slope is the derivative, but for the two ends.
    twin = direct((torch.arange(8.0) ** 2)[None, None, :, None, None])
    index = torch.arange(8.0)[None, None, None].requires_grad_()
    twin([index]).sum().backward()
    assert index.grad is not None
    assert index.grad.flatten().tolist() == [1, 2, 4, 6, 8, 10, 12, 13]


def test_codes_gather_the_gradients_of_all_taps() -> None:
    table = (torch.tensor([1.0, 10.0])[:, None] * torch.arange(8.0))[None, None]
    twin = direct(table.permute(0, 1, 3, 2)[..., None])
    index = torch.full((1, 1, 3, 1), 1.0, requires_grad=True)
    # The second tap reads the row below: the last row is read twice by it, the first never.
    twin([index]).sum().backward()
    assert index.grad is not None
    assert index.grad.flatten().tolist() == [1, 11, 21]


def test_gradients_of_codes_pass_groups_and_rotations() -> None:
    # Lines: a code's gradient is the slope of its table, for every pixel that reads it.
    slopes = torch.tensor([1.0, 2.0])[None, :, None, None, None]
    twin = direct(slopes * torch.arange(8.0)[None, None, :, None, None], groups=2, rotations=4)
    index = torch.randint(0, 8, (1, 8, 3, 2)).float().requires_grad_()
    twin([index]).sum().backward()
    assert index.grad is not None
    assert (index.grad == torch.tensor([1.0, 2.0]).repeat(4)[:, None, None]).all()


@pytest.mark.parametrize("kernel", [(1, 1), (3, 3), (2, 3)])
@pytest.mark.parametrize("rotations", [1, 4])
@pytest.mark.parametrize("shares", [False, True])
@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("border", ["replicate", "reflect"])
def test_forward_is_the_exported_layer_with_all_options(
    kernel: tuple[int, int], rotations: int, shares: bool, groups: int, border: str
) -> None:
    ranges = [(-4, 3), (0, 2), (-1, -1), (-3, 0)]
    twin = TapTablesTwin(
        4,
        2 * groups,
        kernel,
        nodes=None,
        code_bits=3,
        learn_scale=False,
        code_ranges=ranges,
        groups=groups,
        rotations=rotations,
        origin=(kernel[0] - 1, 0),
        border=border,
    )
    turns = rotations if shares else 1
    planes = [torch.randint(lo, hi + 1, (2, 5, 4)) for lo, hi in ranges * turns]
    x = torch.stack(planes, dim=1)
    layer, unit = twin.export(np.ones(4 * turns))
    assert unit.tolist() == [1] * layer.out_channels
    assert (layer.groups, layer.rotations, layer.border) == (groups, rotations, border)
    integers = np.stack([layer.reference([plane]) for plane in x.numpy().astype(np.int32)])
    np.testing.assert_array_equal(twin([x.float()]).detach(), integers)
    np.testing.assert_array_equal(KINDS["tap_tables"].exact(layer, [x]), integers)


@pytest.mark.parametrize(
    "options",
    [{"rotations": 4}, {"origin": (0, 0)}, {"border": "reflect"}, {"code_ranges": [(0, 3)] * 2}],
)
def test_interpolated_tables_have_no_options_of_direct_ones(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="nodes must be None with code ranges, rotations, "):
        TapTablesTwin(2, 2, (3, 3), nodes=5, **options)


def test_tables_want_codes() -> None:
    twin = TapTablesTwin(1, 1, (1, 1))
    with pytest.raises(ValueError, match="tap_tables input must be codes, not an accumulator"):
        twin.export(np.array([0.5]))


def test_bends_move_the_entries_between_their_nodes() -> None:
    twin = TapTablesTwin(1, 1, (1, 1), nodes=None, learn_scale=False, code_ranges=[(-8, 8)], bend=4)
    assert twin.bends is not None
    assert twin.bends.shape == (1, 1, 5, 1, 1)
    with torch.no_grad():
        twin.entries.zero_()
        twin.bends[0, 0, 2] = 8 / 128
    layer, _ = twin.export(np.ones(1))
    expected = [0] * 5 + [2, 4, 6, 8, 6, 4, 2] + [0] * 5
    assert layer.entries.flatten().tolist() == expected


def test_the_tables_hold_the_codes_that_are_left() -> None:
    discretise = DiscretiseTwin([(-32, 31), (0, 3)], [0.5, 1.0])
    twin = TapTablesTwin(
        2,
        3,
        (1, 1),
        nodes=None,
        learn_scale=False,
        code_ranges=[(-32, 31), (0, 3)],
        discretise=discretise,
    )
    layer, _ = twin.export(np.ones(2))
    assert layer.code_ranges is not None
    assert layer.code_ranges.tolist() == [[-16, 16], [0, 3]]
    assert layer.table_bits == 8 * 3 * (33 + 4)
    x = torch.stack([torch.arange(-16, 17), torch.arange(33) % 4])[None, :, None]
    integers = layer.reference([x[0].numpy().astype(np.int32)])
    np.testing.assert_array_equal(twin([x.float()])[0].detach(), integers)


# ---------------------------------------------------------------- reading rows


@pytest.mark.parametrize("width", [1, 4])
def test_sums_of_rows_and_their_gradients(width: int) -> None:
    rows = torch.randn(9, width, dtype=torch.float64, requires_grad=True)
    codes = torch.randn(7, 3, dtype=torch.float64, requires_grad=True)
    slopes = torch.randn(9, width, dtype=torch.float64)
    index = torch.randint(0, 9, (7, 3)).int()
    weight = torch.randn(7, width, dtype=torch.float64)
    out = sum_of_rows(index, rows, codes, slopes)
    torch.testing.assert_close(out, rows[index.long()].sum(1))
    gradients = torch.autograd.grad((out * weight).sum(), (rows, codes))
    expected = torch.autograd.grad((rows[index.long()].sum(1) * weight).sum(), rows)
    torch.testing.assert_close(gradients[0], expected[0])
    torch.testing.assert_close(gradients[1], (slopes[index.long()] * weight[:, None]).sum(2))


# ---------------------------------------------------------------- pattern tables

SHAPES = (
    PatternShape(((0, 0), (0, 1)), shift=4, gain=2, border="reflect"),
    PatternShape(((0, 0), (2, -1)), code_bits=3, gain=3),
    PatternShape(((1, 1),), code_bits=8),
)


@pytest.mark.parametrize("rotations", [1, 4])
@pytest.mark.parametrize("scale", [1, 2, 3])
@pytest.mark.parametrize("direct", [False, True])
def test_pattern_tables_are_the_exported_layer(rotations: int, scale: int, direct: bool) -> None:
    twin = PatternTablesTwin(SHAPES, scale, rotations=rotations, width=8, depth=1)
    if direct:
        twin.to_tables()
        with torch.no_grad():
            for entries in twin.entries:
                entries.add_(torch.randn_like(entries))
    layer, unit = twin.export(np.ones(1))
    assert isinstance(layer, PatternTables)
    assert unit.tolist() == [1] * scale**2
    frame = torch.randint(0, 256, (2, 1, 5, 6))
    expected = np.stack([layer.reference([plane]) for plane in frame.numpy().astype(np.int32)])
    np.testing.assert_array_equal(twin([frame.float()]).detach(), expected)
    np.testing.assert_array_equal(PatternTablesTwin.exact(layer, [frame]), expected)


def test_a_word_is_the_network_run_on_its_codes() -> None:
    twin = PatternTablesTwin([PatternShape(((0, 0), (0, 1)))], 2, width=8, depth=2)
    codes = torch.tensor([[3.0, 11.0]]) / 7.5 - 1
    expected = torch.floor(127 * twin.networks[0](codes)[0] + 0.5)
    torch.testing.assert_close(twin.words()[0][3 * 16 + 11], expected)


@pytest.mark.parametrize("pixels", [1, 2, 3, 4])
@pytest.mark.parametrize("fraction_bits", [0, 2])
def test_exact_pattern_tables(pixels: int, fraction_bits: int) -> None:
    random = np.random.default_rng(pixels)
    offsets = tuple((int(i), int(j)) for i, j in random.integers(-3, 4, (pixels, 2)))
    nodes = 4 + (fraction_bits > 0)
    words = random.integers(-128, 128, (nodes**pixels, 4))
    pattern = Pattern(offsets, words, 2, 1, fraction_bits, gain=3, border="reflect")
    layer = PatternTables((pattern,))
    frame = random.integers(0, 1 << pattern.input_bits, (1, 6, 4)).astype(np.int32)
    exact = PatternTablesTwin.exact(layer, [torch.from_numpy(frame)[None].long()])
    np.testing.assert_array_equal(exact[0], layer.reference([frame]))


def test_entries_train_once_they_are_tables() -> None:
    twin = PatternTablesTwin(SHAPES[:2], 2, width=8, depth=1)
    frame = torch.randint(0, 256, (1, 1, 9, 9)).float()
    twin([frame]).sum().backward()
    assert all(entries.grad is None for entries in twin.entries)
    assert all(p.grad is not None for p in twin.networks.parameters())
    twin.zero_grad()
    twin.to_tables()
    twin([frame]).sum().backward()
    assert all(entries.grad is not None for entries in twin.entries)
    assert all(p.grad is None for p in twin.networks.parameters())


def test_pattern_tables_want_codes() -> None:
    twin = PatternTablesTwin(SHAPES, 2, width=8)
    with pytest.raises(ValueError, match="pattern_tables input must be codes, not an accum"):
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


# ---------------------------------------------------------------- dynamic discretisation


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

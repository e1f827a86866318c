"""Tap tables: the exported layer, quantisers, entries, nodes, options."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from lutscale.golden.layers import Requantise, TapTables
from lutscale.model.layers import KINDS, DiscretiseTwin, TapTablesTwin
from tests.support.model.tap_twins import KERNELS, codes, perturb


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

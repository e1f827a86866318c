"""Direct tables: the gradients of entries and of codes."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("torch")

import torch
import torch.nn.functional as F

from lutscale.model.layers import TapTablesTwin
from tests.support.model.tap_twins import KERNELS, codes


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

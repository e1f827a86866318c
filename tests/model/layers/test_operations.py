"""Operations that the compiler takes whole, against PyTorch's own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("torch")

import torch
import torch.nn.functional as F
from torch import Tensor

from lutscale.model.layers.operations import clamped, convolved, replicated


def both(
    ours: Callable[[Tensor], Tensor], theirs: Callable[[Tensor], Tensor], x: Tensor
) -> tuple[list[Tensor], list[Tensor]]:
    """Result and gradient of each; the gradient of the result is its own numbers, in integers."""
    found = []
    for function in (ours, theirs):
        given = x.clone().requires_grad_()
        result = function(given)
        weight = torch.arange(result.numel(), dtype=x.dtype).reshape(result.shape) % 7 - 3
        (result * weight).sum().backward()
        assert given.grad is not None
        found.append([result.detach(), given.grad])
    return found[0], found[1]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_clamped_passes_the_gradient_at_its_limits(dtype: torch.dtype) -> None:
    x = torch.tensor([-4.001, -4, -3.999, 0, 6.999, 7, 7.001], dtype=dtype)
    ours, theirs = both(lambda x: clamped(x, -4, 7), lambda x: torch.clamp(x, -4, 7), x)
    assert torch.equal(ours[0], theirs[0])
    # -3 to 3 where it passes: the first and the last are outside.
    assert ours[1].tolist() == [0, -2, -1, 0, 1, 2, 0]
    assert torch.equal(ours[1], theirs[1])


def test_clamped_where_the_gradient_lies_otherwise_in_memory() -> None:
    x = torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)
    ours, theirs = both(lambda x: clamped(x, -1, 1), lambda x: torch.clamp(x, -1, 1), x)
    assert torch.equal(ours[0], theirs[0])
    assert torch.equal(ours[1], theirs[1])


@pytest.mark.slow
@pytest.mark.parametrize("kernel", [(1, 1), (3, 3), (5, 5), (2, 2), (1, 3), (4, 2)])
def test_replicated_compiled_and_plain(kernel: tuple[int, int]) -> None:
    kh, kw = kernel
    pads = ((kw - 1) // 2, kw // 2, (kh - 1) // 2, kh // 2)
    x = torch.randint(-128, 128, (2, 3, 5, 4)).float()

    def ours(x: Tensor) -> Tensor:
        return replicated(x, kernel)

    torch.compiler.reset()
    for function in (ours, torch.compile(ours)):
        found, wanted = both(function, lambda x: F.pad(x, pads, "replicate"), x)
        assert torch.equal(found[0], wanted[0])
        assert torch.equal(found[1], wanted[1])


def gradients(dtype: torch.dtype, x: Tensor, weight: Tensor) -> list[Tensor]:
    """Result, and gradients to input, weight and bias."""
    given = [each.clone().requires_grad_() for each in (x, weight, torch.ones(4))]
    result = convolved(given[0], given[1], given[2], dtype)
    (result * result.detach()).sum().backward()
    grads = [each.grad for each in given]
    assert all(grad is not None for grad in grads)
    return [result.detach(), *[grad for grad in grads if grad is not None]]


def test_gradients_in_bfloat16_round_only_gradients() -> None:
    torch.manual_seed(0)
    x = torch.randint(0, 65, (2, 3, 6, 6)).float()
    weight = torch.randn(4, 3, 3, 3)
    exact, rounded = (gradients(dtype, x, weight) for dtype in (torch.float32, torch.bfloat16))
    assert torch.equal(exact[0], rounded[0])
    # The bias's is a sum, in another order.
    torch.testing.assert_close(rounded[3], exact[3], rtol=1e-6, atol=0)
    for wanted, found in zip(exact[1:3], rounded[1:3], strict=True):
        error = float((found - wanted).norm() / wanted.norm())
        assert 0 < error < 0.01


def test_gradients_of_numbers_that_bfloat16_holds() -> None:
    x = torch.randint(0, 3, (2, 3, 4, 4)).float()
    weight = torch.randint(-1, 2, (4, 3, 3, 3)).float()
    exact, rounded = (gradients(dtype, x, weight) for dtype in (torch.float32, torch.bfloat16))
    # Their sums may pass 256, beyond which bfloat16 has no odd numbers.
    for wanted, found in zip(exact, rounded, strict=True):
        torch.testing.assert_close(found, wanted, rtol=2**-8, atol=0)

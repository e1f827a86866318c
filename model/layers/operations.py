"""Operations that PyTorch's compiler takes whole.

What it makes of them on a CPU is slow: masks of booleans, and borders that are read one value at a
time, took half of a compiled step. Called as they are, each is a few passes over its values.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["clamped", "convolved", "replicated"]


def _as_compiled(x: Tensor) -> Tensor:
    """Values as a compiled step lays them: the channels of a pixel side by side."""
    return x.contiguous(memory_format=torch.channels_last)


@torch.library.custom_op("lutscale::clamped", mutates_args=())
def clamped(x: Tensor, low: float, high: float) -> Tensor:
    """`torch.clamp`."""
    return torch.clamp(x, low, high)


@clamped.register_fake
def _(x: Tensor, low: float, high: float) -> Tensor:
    return torch.empty_like(x)


@torch.library.custom_op("lutscale::clamped_gradient", mutates_args=())
def _clamp_gradient(gradient: Tensor, x: Tensor, low: float, high: float) -> Tensor:
    if gradient.stride() != x.stride():
        gradient = torch.empty_like(x).copy_(gradient)
    # This one leaves its limits out.
    if x.dtype == torch.float32:
        low = float(np.nextafter(np.float32(low), np.float32(-math.inf)))
        high = float(np.nextafter(np.float32(high), np.float32(math.inf)))
    else:
        low, high = math.nextafter(low, -math.inf), math.nextafter(high, math.inf)
    return torch.ops.aten.hardtanh_backward(gradient, x, low, high)


@_clamp_gradient.register_fake
def _(gradient: Tensor, x: Tensor, low: float, high: float) -> Tensor:
    return torch.empty_like(x)


def _keep_clamp(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.save_for_backward(inputs[0])
    ctx.limits = inputs[1:]


def _clamp_backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
    return _clamp_gradient(gradient, ctx.saved_tensors[0], *ctx.limits), None, None


clamped.register_autograd(_clamp_backward, setup_context=_keep_clamp)


def replicated(x: Tensor, kernel: tuple[int, int]) -> Tensor:
    """``x`` (batch, channels, height, width) with its border repeated so far that a kernel
    (height, width) has as many results as there were pixels.

    Not `F.pad` in compiled steps, which get its gradient wrong (PyTorch 2.13 on a CPU).
    """
    kh, kw = kernel
    if kh == kw == 1:
        return x
    pads = [(kw - 1) // 2, kw // 2, (kh - 1) // 2, kh // 2]
    return _padded(x, pads) if torch.compiler.is_compiling() else F.pad(x, pads, "replicate")


@torch.library.custom_op("lutscale::replicated", mutates_args=())
def _padded(x: Tensor, pads: list[int]) -> Tensor:
    return _as_compiled(torch.ops.aten.replication_pad2d(_as_compiled(x), pads))


@_padded.register_fake
def _(x: Tensor, pads: list[int]) -> Tensor:
    left, right, above, below = pads
    batch, channels, height, width = x.shape
    wide = x.new_empty(batch, channels, height + above + below, width + left + right)
    return torch.empty_like(wide, memory_format=torch.channels_last)


@torch.library.custom_op("lutscale::replicated_gradient", mutates_args=())
def _padded_gradient(gradient: Tensor, x: Tensor, pads: list[int]) -> Tensor:
    found = torch.ops.aten.replication_pad2d_backward(_as_compiled(gradient), _as_compiled(x), pads)
    return _as_compiled(found)


@_padded_gradient.register_fake
def _(gradient: Tensor, x: Tensor, pads: list[int]) -> Tensor:
    return torch.empty_like(x, memory_format=torch.channels_last)


def _keep_padded(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.save_for_backward(inputs[0])
    ctx.pads = inputs[1]


def _padded_backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
    return _padded_gradient(gradient, ctx.saved_tensors[0], ctx.pads), None


_padded.register_autograd(_padded_backward, setup_context=_keep_padded)


def convolved(
    x: Tensor, weight: Tensor, bias: Tensor | None, gradients: torch.dtype, groups: int = 1
) -> Tensor:
    """`F.conv2d`, whose gradients are computed of numbers rounded to ``gradients``."""
    if torch.compiler.is_compiling():
        x, weight = _as_compiled(x), _as_compiled(weight)
    if gradients == x.dtype:
        return F.conv2d(x, weight, bias, groups=groups)
    result: Tensor = _Convolved.apply(x, weight, gradients, groups)
    return result if bias is None else result + bias[:, None, None]


class _Convolved(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, gradients: torch.dtype, groups: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.gradients, ctx.groups = gradients, groups
        return F.conv2d(x, weight, groups=groups)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None]:
        x, weight = ctx.saved_tensors
        rounded = [_as_compiled(each.to(ctx.gradients)) for each in (grads[0], x, weight)]
        size = [None, [1, 1], [0, 0], [1, 1], False, [0, 0], ctx.groups, [True, True, False]]
        to_x, to_weight, _ = torch.ops.aten.convolution_backward(*rounded, *size)
        return to_x.to(x.dtype), to_weight.to(x.dtype), None, None

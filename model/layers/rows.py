"""Reading many rows of tables and adding them, fast in both directions on a CPU."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["sum_of_rows"]


class _SumOfRows(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, index: Tensor, rows: Tensor, codes: Tensor | None, slopes: Tensor | None
    ) -> Tensor:
        ctx.save_for_backward(index, slopes)
        ctx.shape = rows.shape
        return F.embedding_bag(index, rows, mode="sum")

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        index, slopes = ctx.saved_tensors
        grad = grads[0].contiguous()
        columns = index.T.long().contiguous()
        grad_rows = grad.new_zeros(ctx.shape)
        # One column at a time: the rows it touches and the gradient stay in the cache.
        flat = (grad_rows[:, 0], grad[:, 0]) if grad.shape[1] == 1 else (grad_rows, grad)
        for column in columns:
            flat[0].index_add_(0, column, flat[1])
        if slopes is None:
            return None, grad_rows, None, None
        grad_codes = grad.new_empty(columns.shape)
        for column, out in zip(columns, grad_codes, strict=True):
            torch.sum(F.embedding(column, slopes).mul_(grad), 1, out=out)
        return None, grad_rows, grad_codes.T, None


def sum_of_rows(
    index: Tensor, rows: Tensor, codes: Tensor | None = None, slopes: Tensor | None = None
) -> Tensor:
    """``out[n] = sum over k of rows[index[n, k]]``.

    Args:
        index: int32 (n, k), contiguous.
        rows: (rows, width).
        codes: (n, k), what the index was made from; its gradient is that of the sum along
            `slopes`.
        slopes: (rows, width), what a row changes by when its code grows by one.
    """
    result: Tensor = _SumOfRows.apply(index, rows.contiguous(), codes, slopes)
    return result

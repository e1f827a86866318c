"""Reading rows: sums and their gradients."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from lutscale.model.layers.rows import sum_of_rows


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

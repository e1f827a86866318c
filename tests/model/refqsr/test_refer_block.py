"""Flow and warp in floats, against plain loops."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from lutscale.model.refqsr.parts import ReferShape
from lutscale.model.refqsr.refer_block import TEMPERATURE, ReferBlock, soft_argmax, warp


def test_soft_argmax_is_the_mean_place() -> None:
    torch.manual_seed(1)
    cost = torch.rand(1, 9, 9) * 0.2
    found = soft_argmax(cost, 3, 3)
    for i in range(9):
        share = torch.softmax(cost[0, i] / TEMPERATURE, 0)
        row = sum(float(share[j]) * (j // 3) for j in range(9)) - i // 3
        column = sum(float(share[j]) * (j % 3) for j in range(9)) - i % 3
        assert float(found[0, 0, i // 3, i % 3]) == pytest.approx(row, abs=1e-5)
        assert float(found[0, 1, i // 3, i % 3]) == pytest.approx(column, abs=1e-5)


def test_warp_by_loops() -> None:
    torch.manual_seed(2)
    features, flow = torch.randn(1, 2, 5, 6), 3 * torch.randn(1, 2, 5, 6)
    found = warp(features, flow)
    for y in range(5):
        for x in range(6):
            row = min(max(y + float(flow[0, 0, y, x]), 0.0), 4.0)
            column = min(max(x + float(flow[0, 1, y, x]), 0.0), 5.0)
            top, left = int(row), int(column)
            bottom, right = min(top + 1, 4), min(left + 1, 5)
            down, across = row - top, column - left
            wanted = (
                features[0, :, top, left] * (1 - down) * (1 - across)
                + features[0, :, top, right] * (1 - down) * across
                + features[0, :, bottom, left] * down * (1 - across)
                + features[0, :, bottom, right] * down * across
            )
            assert torch.allclose(found[0, :, y, x], wanted, atol=1e-4)


def test_what_moved_is_found() -> None:
    """With descriptors that tell all places apart, the warped reference is the query."""
    torch.manual_seed(3)
    block = ReferBlock(ReferShape(16, reduction=1)).eval()
    block.descriptor.high.observe(torch.full((1, 1, 1, 1), 3.0))
    with torch.no_grad():
        block.descriptor.weight.copy_(torch.eye(16)[:, :, None, None])
        block.descriptor.bias.zero_()
    squares = torch.randn(1, 16, 6, 6)
    reference = squares.repeat_interleave(4, 2).repeat_interleave(4, 3)
    query = torch.roll(reference, (4, 8), (2, 3))
    cost = block.describe(query).transpose(1, 2) @ block.describe(reference)
    flow = soft_argmax(cost, 6, 6)
    assert float((flow[0, 0, 1:] + 1).abs().median()) < 0.1
    assert float((flow[0, 1, :, 2:] + 2).abs().median()) < 0.1


def test_it_starts_as_nothing() -> None:
    torch.manual_seed(4)
    block = ReferBlock(ReferShape(8))
    query = torch.randn(2, 8, 24, 24)
    assert torch.equal(block(query, torch.randn(2, 8, 24, 24)), query)

"""The losses, by hand."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("torch")

import torch

from lutscale.model.losses import LOSSES

WANTED = {
    "l1": 4.5,
    "l2": 4.05,
    "l1+l2": 4.275,
    # One patch's mean squared error is 9, the other's 72.
    "psnr": 5 * (math.log10(10) + math.log10(73)),
}


@pytest.mark.parametrize("name", LOSSES)
def test_the_losses(name: str) -> None:
    wrong = torch.full((2, 1, 4, 6), 3.0)
    wrong[1] = torch.tensor([0.0, 12.0]).repeat(3)
    assert float(LOSSES[name](wrong, torch.zeros_like(wrong))) == pytest.approx(WANTED[name])

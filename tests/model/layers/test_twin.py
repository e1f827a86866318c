"""What all twins share: a twin a kind, and rounding that lets gradients through."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from lutscale.golden.layers import KINDS as GOLDEN_KINDS
from lutscale.model.layers import KINDS
from lutscale.model.layers.twin import round_through


def test_every_kind_has_its_twin() -> None:
    assert KINDS.keys() == GOLDEN_KINDS.keys()


def test_rounding_is_half_up_and_lets_gradients_through() -> None:
    x = torch.tensor([-1.5, -0.5, 0.49, 0.5, 1.5], requires_grad=True)
    y = round_through(x)
    assert y.tolist() == [-1, 0, 0, 1, 2]
    (y * torch.arange(5)).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0, 1, 2, 3, 4]

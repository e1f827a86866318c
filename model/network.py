"""A network of twins: trains as a whole, exports a program, and computes its integers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from golden.program import Program
from model.layers import KINDS, Twin

__all__ = ["Network", "run_exact"]


class Network(nn.Module):
    """A list of twins; the value numbers are those of the program it exports.

    Args:
        scale: r.
        layers: the twins in order.
    """

    def __init__(self, scale: int, layers: Sequence[Twin]) -> None:
        super().__init__()
        self.scale = scale
        self.layers = nn.ModuleList(layers)

    def forward(self, frame: Tensor) -> Tensor:
        """(batch, 1, h, w) pixels 0..255 -> (batch, 1, h * r, w * r), clamped and rounded."""
        values = [frame]
        for layer in self.layers:
            values.append(layer(values))
        return values[-1]

    def export(self, name: str, provenance: Mapping[str, Any] | None = None) -> Program:
        """The program whose integers the forward pass follows."""
        unit = np.ones(1)
        layers = []
        for twin in self.layers:
            assert isinstance(twin, Twin)
            layer, unit = twin.export(unit)
            layers.append(layer)
        return Program(name, self.scale, tuple(layers), dict(provenance or {}))


@torch.no_grad()
def run_exact(program: Program, frame: Tensor) -> Tensor:
    """Run a program in torch, in integers: golden's very numbers.

    Args:
        frame: (batch, 1, h, w), any integer type, 0..255.

    Returns:
        int64 (batch, 1, h * r, w * r).
    """
    values = [frame.long()]
    for layer in program.layers:
        values.append(KINDS[layer.kind].exact(layer, values))
    return values[-1]

"""Muon for tables: steps that move all directions of a layer alike."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lutscale.golden.errors import InputError
from lutscale.model.layers import TapTablesTwin

__all__ = ["Muon", "hidden_tables", "orthogonalised"]

# Of Newton-Schulz's quintic, tuned for speed: singular values end within 0.7 to 1.2.
_QUINTIC = (3.4445, -4.7750, 2.0315)
_ROUNDS = 5
# Root mean square of a step at a rate of 1; Adam's steps have about as much.
_SIZE = 0.4


def hidden_tables(network: nn.Module) -> list[TapTablesTwin]:
    """The layers that Muon suits: tap tables of one group that are interpolated, or lines, but
    for the network's first and last layer of tables, which train better with Adam.

    Raises:
        InputError: there are none.
    """
    tables = [layer for layer in network.modules() if isinstance(layer, TapTablesTwin)]
    found = [
        twin
        for twin in tables[1:-1]
        if twin.groups == 1 and (twin.nodes is not None or twin.lines is not None)
    ]
    if not found:
        raise InputError(
            "optimiser must be adam for a network without interpolated tap tables, or lines, "
            "between its first and its last tables"
        )
    return found


class Muon(torch.optim.Optimizer):
    """Momentum whose every step has equal singular values (Jordan et al., "Muon", 2024), scaled
    as in "Muon is Scalable for LLM Training" (arXiv 2502.16982).

    A layer of interpolated tables, or of lines, is a matrix: outputs by inputs, nodes and taps.
    That of tied tables is the full one, with all orientations: orthogonal rows among the stored
    alone would hold back what turned rows share, which trains worse than Adam. A turn moves rows
    and columns of the full matrix, so the step is as tied as the gradient.

    `torch.optim.Muon` takes parameters that are matrices themselves, and computes in bfloat16.

    Args:
        tables: the layers, each with its own matrix; see `hidden_tables`.
        rate: the same as suits Adam.
        momentum: decay of the gradients' average, which Nesterov's way looks ahead of.
    """

    def __init__(
        self, tables: Sequence[TapTablesTwin], rate: float = 1e-3, momentum: float = 0.95
    ) -> None:
        self.tables = tuple(tables)
        parameters = [_matrix(twin) for twin in self.tables]
        super().__init__(parameters, {"lr": rate, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        (group,) = self.param_groups
        for twin, parameter in zip(self.tables, group["params"], strict=True):
            if parameter.grad is None:
                continue
            average = self.state[parameter].setdefault("average", torch.zeros_like(parameter))
            average.lerp_(parameter.grad, 1 - group["momentum"])
            ahead = parameter.grad.lerp(average, group["momentum"])
            full = ahead if twin.tie is None else twin.tie.full(ahead)
            change = orthogonalised(full.flatten(1)).reshape(full.shape)
            stored = change[: parameter.shape[0], : parameter.shape[1]]
            size = _SIZE * max(len(full), full[0].numel()) ** 0.5
            parameter.add_(stored, alpha=-group["lr"] * size)


def _matrix(twin: TapTablesTwin) -> nn.Parameter:
    return twin.entries if twin.lines is None else twin.lines


def orthogonalised(matrix: Tensor) -> Tensor:
    """(rows, columns) about the nearest matrix whose singular values are all 1."""
    wide = matrix if len(matrix) <= matrix.shape[1] else matrix.T
    wide = wide / (wide.norm() + 1e-12)
    a, b, c = _QUINTIC
    for _ in range(_ROUNDS):
        square = wide @ wide.T
        wide = a * wide + (b * square + c * square @ square) @ wide
    return wide if len(matrix) <= matrix.shape[1] else wide.T

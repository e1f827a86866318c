"""What every differentiable twin offers, and rounding with a straight-through gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lutscale.golden.layers import Layer

__all__ = ["Twin", "round_through"]


class _RoundThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return torch.floor(x + 0.5)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        return grads[0]


def round_through(x: Tensor) -> Tensor:
    """Round half up, as golden does; the gradient passes as if nothing was rounded."""
    result: Tensor = _RoundThrough.apply(x)
    return result


class Twin(nn.Module):
    """A layer that trains, and whose `exact` computes golden's integers in torch.

    Values between twins are float tensors (batch, channels, height, width) that hold the
    integers of the deployed program. Accumulators are the exception: they are in units of
    the code they will become, and `export` says what one step of the integer accumulator is
    worth in that unit.

    Attributes:
        quantiser_of: the twin whose quantiser this one reads, or None; in a tuple, so that its
            parameters are not counted twice.
    """

    quantiser_of: tuple[Twin | None] = (None,)

    def forward(self, values: Sequence[Tensor]) -> Tensor:
        """The differentiable value, from all values so far (0 the frame)."""
        raise NotImplementedError

    def to_tables(self) -> None:
        """Let tables that are enumerated from a network train as entries, from now on."""

    def project(self) -> None:
        """Bring parameters back to what can be exported, after an optimiser's step."""

    def export(self, unit: npt.NDArray[np.float64]) -> tuple[Layer, npt.NDArray[np.float64]]:
        """The golden layer.

        Args:
            unit: (channels,), what one integer step of the input is worth.

        Returns:
            the layer, and the unit of its output.
        """
        raise NotImplementedError

    def restore(self, layer: Any, unit: npt.NDArray[np.float64] | None) -> None:
        """Take the parameters that `export` would make the golden ``layer`` of; those that round
        to the same are as good. Twins without parameters have nothing to take.

        Args:
            unit: (channels,), what one integer step of the layer's output is worth; None where
                nothing scales it.

        Raises:
            ValueError: tables of another shape.
        """

    @staticmethod
    def exact(layer: Any, values: Sequence[Tensor]) -> Tensor:
        """The integers of the exported golden ``layer``, as int64 tensors."""
        raise NotImplementedError

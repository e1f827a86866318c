"""Convolutions of a network of mixed precision, in floats that follow the deployed codes."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lutscale.golden.errors import InputError
from lutscale.model.refqsr.architecture import Convolution
from lutscale.model.refqsr.quantisers import Cadyq, Quantiser, asymmetric, make, symmetric

__all__ = ["WEIGHT_BITS", "MixedConvolution", "Range", "WideConvolution"]

WEIGHT_BITS = 8
"""Of quantised weights, at all precisions of the activations."""


class Range(nn.Module):
    """How large values become: the largest of late, from which integers get their unit.

    Attributes:
        top: decays by a thousandth each batch.
    """

    top: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("top", torch.tensor(0.0))

    def forward(self, x: Tensor) -> Tensor:
        """``x`` itself; in training it is seen."""
        if self.training:
            self.top.copy_(torch.maximum(self.top * 0.999, x.detach().abs().max()))
        return x

    @property
    def largest(self) -> float:
        """The range; InputError before any statistics."""
        if float(self.top) <= 0:
            raise InputError("a network must be trained before it is exported, but has seen none")
        return float(self.top)


class WideConvolution(nn.Conv2d):
    """A convolution that keeps full precision: 12 bits when it is exported.

    Args:
        spec: its sizes.
    """

    def __init__(self, spec: Convolution) -> None:
        super().__init__(spec.inputs, spec.outputs, spec.kernel)
        self.range = Range()

    def forward(self, x: Tensor) -> Tensor:
        """Float (batch, channels, height, width), the edge repeated."""
        return _convolve(self.range(x), self.weight, self.bias)


class MixedConvolution(nn.Conv2d):
    """A convolution with the same weights at two precisions of the activations.

    Args:
        spec: its sizes.
        quantiser: one of `quantisers.QUANTISERS`.
        high: bits of the high precision.
        low: those of the low one, or None for a network of one precision.
        positive: whether the input has no negatives; codes of the low precision then have no sign
            (of PAMS, which has few of them to lose). Its bound starts where the error is least.

    Raises:
        TypeError, ValueError, InputError: bits that the quantiser does not have.
    """

    def __init__(
        self,
        spec: Convolution,
        quantiser: str,
        high: int,
        low: int | None = None,
        *,
        positive: bool = False,
    ) -> None:
        super().__init__(spec.inputs, spec.outputs, spec.kernel)
        self.high = make(quantiser, spec.inputs, high)
        self.low_bits = low
        self.low: Quantiser | None = None
        if low is not None and isinstance(self.high, Cadyq):
            self.high.level(low)
        elif low is not None:
            self.low = make(quantiser, spec.inputs, low, positive=positive, fitted=True)
        self.fake_weights = asymmetric if quantiser == "ddtb" else symmetric

    def quantiser(self, precision: str) -> Quantiser:
        """That of "high" or "low"; InputError when there is no low one."""
        if precision == "high":
            return self.high
        if self.low is not None:
            return self.low
        if isinstance(self.high, Cadyq) and self.low_bits is not None:
            return self.high.level(self.low_bits)
        raise InputError("low precision must be given to a network, but this one has none")

    def forward(self, x: Tensor, precision: str = "high", steps: Tensor | None = None) -> Tensor:
        """Float (batch, channels, height, width), the edge repeated.

        Args:
            precision: "high" or "low".
            steps: mean steps of the picture, for CADyQ.
        """
        codes = self.quantiser(precision)(x, steps)
        return _convolve(codes, self.fake_weights(self.weight, WEIGHT_BITS), self.bias)


def _convolve(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    reach = weight.shape[-1] // 2
    padded = F.pad(x, (reach,) * 4, mode="replicate") if reach else x
    return F.conv2d(padded, weight, bias)

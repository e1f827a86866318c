"""Residual blocks whose convolutions run at one of several precisions.

All precisions have the same weights; what differs is how features become codes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lutscale.golden.refqsr.chain import Chain, Integers
from lutscale.golden.validate import require_int

__all__ = ["BitSelector", "MixedConvolution", "ResidualBlock", "edges"]

_FEATURE = 1 << 15
_SELECTOR = 1 << 32


def edges(picture: npt.NDArray[np.uint8]) -> tuple[int, int]:
    """Mean steps down and right, in sixteenths of a level, of uint8 (height, width, planes).

    A picture of one row or column has none that way.
    """
    given = picture.astype(np.int64)
    steps = [np.abs(np.diff(given, axis=axis)) for axis in (0, 1)]
    down, right = ((16 * int(s.sum()) + s.size // 2) // s.size if s.size else 0 for s in steps)
    return down, right


@dataclass(frozen=True, eq=False)
class BitSelector:
    """CADyQ's choice of the precision of a layer, for a picture or patch (ECCV 2022).

    From the mean steps of the picture and the standard deviation of each channel of the layer's
    input a linear layer makes a score for each precision; the first of the highest wins.

    Attributes:
        bits: the precisions, rising.
        weights: int64 (precisions, 2 + channels).
        bias: int64 (precisions,).

    Raises:
        TypeError, ValueError: "X must be ..., not ...".
    """

    bits: tuple[int, ...]
    weights: npt.NDArray[np.int64]
    bias: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        for k, number in enumerate(self.bits):
            require_int(f"bits[{k}]", number, 2, 8)
        for name, ndim in (("weights", 2), ("bias", 1)):
            array = np.asarray(getattr(self, name))
            if array.dtype.kind not in "iu" or array.ndim != ndim or len(array) != len(self.bits):
                raise ValueError(
                    f"{name} must be integers, a row for each of {len(self.bits)} precisions, not "
                    f"{array.dtype} {array.shape}"
                )
            # Scores then fit 64 bits.
            if array.size and int(np.abs(array.astype(np.float64)).max()) >= _SELECTOR:
                raise ValueError(f"{name} must be below {_SELECTOR}, but are not")
            object.__setattr__(self, name, array.astype(np.int64))

    def choose(self, features: Integers, steps: tuple[int, int]) -> int:
        """The precision.

        Args:
            features: (channels, height, width), what the layer reads.
            steps: `edges` of the picture.
        """
        seen = np.array([*steps, *(_deviation(plane) for plane in features)], np.int64)
        scores = self.weights @ seen + self.bias
        return self.bits[int(scores.argmax())]


def _deviation(plane: npt.NDArray[np.integer]) -> int:
    """The standard deviation in sixteenths, rounded down."""
    given = plane.astype(np.int64).reshape(-1)
    variance = given.size * int((given * given).sum()) - int(given.sum()) ** 2
    return math.isqrt(256 * variance) // given.size


@dataclass(frozen=True, eq=False)
class MixedConvolution:
    """A convolution of features at any of several precisions.

    Attributes:
        chains: by activation bits: features to codes, convolution, features.
        selector: what chooses when nothing is prescribed, or None.

    Raises:
        ValueError: weights differ between precisions, or the selector chooses others.
    """

    chains: Mapping[int, Chain]
    selector: BitSelector | None = None

    def __post_init__(self) -> None:
        if not self.chains:
            raise ValueError("chains must be of at least one precision, not none")
        first, *others = (chain.convolution.weights for chain in self.chains.values())
        for bits, weights in zip(list(self.chains)[1:], others, strict=True):
            if not np.array_equal(first, weights):
                raise ValueError(
                    f"weights must be the same at all precisions, but differ at {bits}"
                )
        for bits, chain in self.chains.items():
            require_int("activation bits", bits, 2, 16)
            k = chain.layers.index(chain.convolution)
            given = chain.types[k + len(chain.inputs) - 1]
            if given.bits > bits:
                raise ValueError(f"codes must have at most {bits} bits, not {given.bits}")
        if self.selector is not None and not set(self.selector.bits) <= set(self.chains):
            raise ValueError(f"selector must choose among {sorted(self.chains)}, not others")

    def choose(self, features: Integers, steps: tuple[int, int]) -> int:
        """The bits at which a picture or patch runs, where none are prescribed."""
        if self.selector is not None:
            return self.selector.choose(features, steps)
        if len(self.chains) > 1:
            raise ValueError(f"bits must be one of {sorted(self.chains)}, but none are given")
        return next(iter(self.chains))

    def run(self, features: Integers, bits: int) -> Integers:
        """The features made at ``bits``."""
        if bits not in self.chains:
            raise ValueError(f"bits must be one of {sorted(self.chains)}, not {bits}")
        return self.chains[bits].run(features)


@dataclass(frozen=True, eq=False)
class ResidualBlock:
    """``clamp(x + second(first(x)))`` to 16 bits; what the first one gives has no negatives."""

    first: MixedConvolution
    second: MixedConvolution

    def run(
        self, features: Integers, bits: int | None, steps: tuple[int, int]
    ) -> tuple[Integers, tuple[int, int]]:
        """The features behind the block, and the bits of both convolutions.

        Args:
            features: int32 (channels, height, width).
            bits: of both; None lets each choose.
            steps: `edges` of the picture.
        """
        value, used = features, []
        for part in (self.first, self.second):
            chosen = part.choose(value, steps) if bits is None else bits
            value = part.run(value, chosen)
            used.append(chosen)
        made = np.clip(features + value, -_FEATURE, _FEATURE - 1).astype(np.int32)
        return made, (used[0], used[1])

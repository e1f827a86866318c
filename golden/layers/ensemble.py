"""Ensemble: branches added, and the results of four rotations turned back and added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from lutscale.golden.layers.layer import Array, Layer
from lutscale.golden.symmetry import ROTATIONS, patch_source
from lutscale.golden.validate import require_int, require_one_of
from lutscale.golden.value import ValueType

__all__ = ["Ensemble"]


@dataclass(frozen=True)
class Ensemble(Layer):
    """``out[k] = sum over q of clamp(sum over b of in[q, b, turned(k)], lo, hi)``.

    The input's channels are those of rotation 0, then 90, 180 and 270 degrees; in each, those of
    branch 0, 1, ...; in each, r x r patches row by row, as seen in the rotated frame.

    Attributes:
        rotations: 1 or 4.
        branches: parts added within a rotation.
        scale: r, side of a patch; 1 when there is nothing to turn.
        lo, hi: the range of a rotation's sum.
    """

    kind: ClassVar[str] = "ensemble"

    rotations: int
    branches: int
    scale: int
    lo: int
    hi: int

    def __post_init__(self) -> None:
        require_one_of("rotations", self.rotations, ROTATIONS)
        require_int("branches", self.branches, 1, 16)
        require_int("scale", self.scale, 1, 4)
        require_int("lo", self.lo, -(1 << 24), 1 << 24)
        require_int("hi", self.hi, self.lo, 1 << 24)

    def output_type(self, types: Sequence[ValueType]) -> ValueType:
        given = types[-1]
        share = self.rotations * self.branches * self.scale**2
        if given.channels % share:
            raise ValueError(
                f"ensemble input must have a multiple of {share} channels, not {given.channels}"
            )
        bounds = (given.lo * self.branches, given.hi * self.branches)
        low, high = (min(max(b, self.lo), self.hi) * self.rotations for b in bounds)
        channels = given.channels // (self.rotations * self.branches)
        return ValueType(channels, low, high, given.scale)

    def reference(self, values: Sequence[Array]) -> Array:
        given, square = values[-1], self.scale**2
        count = len(given) // (self.rotations * self.branches)
        out = np.zeros((count, *given.shape[1:]), np.int32)
        for o, y, x in np.ndindex(*out.shape):
            for q in range(self.rotations):
                place = o - o % square + patch_source(self.scale, q)[o % square]
                parts = [
                    int(given[(q * self.branches + b) * count + place, y, x])
                    for b in range(self.branches)
                ]
                out[o, y, x] += min(max(sum(parts), self.lo), self.hi)
        return out

    def fast(self, values: Sequence[Array]) -> Array:
        given, square = values[-1], self.scale**2
        _, height, width = given.shape
        parts = given.reshape(self.rotations, self.branches, -1, square, height, width)
        sums = np.clip(parts.sum(axis=1), self.lo, self.hi)
        turned = [sums[q][:, patch_source(self.scale, q)] for q in range(self.rotations)]
        total: Array = np.sum(turned, axis=0).reshape(-1, height, width).astype(np.int32)
        return total

    def summary(self, given: ValueType, made: ValueType) -> str:
        branches = f"{self.branches} branch{'es' * (self.branches > 1)}"
        channels = f"{given.channels}→{made.channels}"
        return f"{channels}, adds {branches} of {self.rotations} rotations"

    def params(self) -> dict[str, Any]:
        return {
            "rotations": self.rotations,
            "branches": self.branches,
            "scale": self.scale,
            "lo": self.lo,
            "hi": self.hi,
        }

    @classmethod
    def from_manifest(
        cls, params: Mapping[str, Any], tables: Mapping[str, npt.NDArray[np.integer]]
    ) -> Self:
        fields = ("rotations", "branches", "scale", "lo", "hi")
        return cls(*(params[field] for field in fields))

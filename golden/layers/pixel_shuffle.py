"""Pixel shuffle: r*r channels of one pixel become an r x r patch of pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from lutscale.golden.layers.layer import Array, Layer
from lutscale.golden.symmetry import Turns, patch_turns
from lutscale.golden.validate import require_int
from lutscale.golden.value import ValueType

__all__ = ["PixelShuffle"]


@dataclass(frozen=True)
class PixelShuffle(Layer):
    """``out[c, y*r + i, x*r + j] = in[c*r*r + i*r + j, y, x]`` (Shi et al., CVPR 2016).

    Attributes:
        scale: r, 2..4.
    """

    kind: ClassVar[str] = "pixel_shuffle"

    scale: int

    def __post_init__(self) -> None:
        require_int("scale", self.scale, 2, 4)

    def output_type(self, types: Sequence[ValueType]) -> ValueType:
        given = types[-1]
        square = self.scale**2
        if given.channels % square:
            raise ValueError(
                f"pixel_shuffle input must have a multiple of {square} channels, not "
                f"{given.channels}"
            )
        return ValueType(given.channels // square, given.lo, given.hi, given.scale * self.scale)

    def reference(self, values: Sequence[Array]) -> Array:
        given, r = values[-1], self.scale
        channels, height, width = given.shape
        out = np.empty((channels // r**2, height * r, width * r), np.int32)
        for c, y, x in np.ndindex(*out.shape):
            out[c, y, x] = given[c * r * r + (y % r) * r + x % r, y // r, x // r]
        return out

    def fast(self, values: Sequence[Array]) -> Array:
        given, r = values[-1], self.scale
        channels, height, width = given.shape
        patches = given.reshape(channels // r**2, r, r, height, width)
        return patches.transpose(0, 3, 1, 4, 2).reshape(channels // r**2, height * r, width * r)

    def turns(self, turns: Sequence[Turns]) -> Turns:
        square = self.scale**2
        planes = tuple(tuple(c // square for c in channels[::square]) for channels in turns[-1])
        if patch_turns(planes, self.scale) != turns[-1]:
            raise ValueError(f"input channels must be {self.scale}x{self.scale} patches in turns")
        return planes

    def summary(self, given: ValueType, made: ValueType) -> str:
        return f"x{self.scale}"

    def params(self) -> dict[str, Any]:
        return {"scale": self.scale}

    @classmethod
    def from_manifest(
        cls, params: Mapping[str, Any], tables: Mapping[str, npt.NDArray[np.integer]]
    ) -> Self:
        return cls(params["scale"])

"""Split: the high and the low bits of each number, as channels of their own (TinyLUT)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from lutscale.golden.layers.layer import Array, Layer
from lutscale.golden.symmetry import Turns
from lutscale.golden.validate import require_int
from lutscale.golden.value import ValueType

__all__ = ["Split"]


@dataclass(frozen=True)
class Split(Layer):
    """``high = (x >> low_bits) - offset`` and ``low = x mod 2**low_bits``.

    The high parts of all channels come first, then the low parts.

    Attributes:
        low_bits: 1..15.
        offset: taken off the high part: half its range makes it signed.
    """

    kind: ClassVar[str] = "split"

    low_bits: int
    offset: int = 0

    def __post_init__(self) -> None:
        require_int("low_bits", self.low_bits, 1, 15)
        require_int("offset", self.offset, 0, 1 << 16)

    def output_type(self, types: Sequence[ValueType]) -> ValueType:
        given = types[-1]
        low = (given.lo >> self.low_bits) - self.offset
        high = (given.hi >> self.low_bits) - self.offset
        top = (1 << self.low_bits) - 1
        return ValueType(2 * given.channels, min(low, 0), max(high, top), given.scale)

    def reference(self, values: Sequence[Array]) -> Array:
        given = values[-1]
        channels, height, width = given.shape
        out = np.empty((2 * channels, height, width), np.int32)
        for (c, y, x), number in np.ndenumerate(given):
            out[c, y, x] = int(number) // 2**self.low_bits - self.offset
            out[channels + c, y, x] = int(number) % 2**self.low_bits
        return out

    def fast(self, values: Sequence[Array]) -> Array:
        given = values[-1]
        high = (given >> self.low_bits) - self.offset
        return np.concatenate([high, given & ((1 << self.low_bits) - 1)])

    def turns(self, turns: Sequence[Turns]) -> Turns:
        return tuple((*own, *(len(own) + c for c in own)) for own in turns[-1])

    def summary(self, given: ValueType, made: ValueType) -> str:
        return f"{given.channels}→{made.channels}, the low {self.low_bits} bits apart"

    def params(self) -> dict[str, Any]:
        return {"low_bits": self.low_bits, "offset": self.offset}

    @classmethod
    def from_manifest(
        cls, params: Mapping[str, Any], tables: Mapping[str, npt.NDArray[np.integer]]
    ) -> Self:
        return cls(params["low_bits"], params["offset"])

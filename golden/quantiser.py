"""The quantiser: what a code selects in an interpolated table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from lutscale.golden.validate import require_array, require_int

__all__ = ["Quantiser"]


@dataclass(frozen=True, eq=False)
class Quantiser:
    """The ROM of an interpolated layer: code -> (segment i, weight w).

    The function read is ``(T[i] << fraction_bits) + w * (T[i+1] - T[i])``.

    Attributes:
        segment: int32 (2**code_bits,), each 0..nodes - 2, in order of the code's value.
        weight: int32 (2**code_bits,), each 0..2**fraction_bits - 1.
        nodes: N, 2..256.
        fraction_bits: f, 1..8.
    """

    TABLES: ClassVar[tuple[str, ...]] = ("segment", "weight")
    """Names of its arrays in a program file."""

    segment: npt.NDArray[np.integer]
    weight: npt.NDArray[np.integer]
    nodes: int
    fraction_bits: int

    def __post_init__(self) -> None:
        require_int("nodes", self.nodes, 2, 256)
        require_int("fraction_bits", self.fraction_bits, 1, 8)
        segment = require_array("segment", self.segment, (None,), 0, self.nodes - 2)
        top = (1 << self.fraction_bits) - 1
        weight = require_array("weight", self.weight, (len(segment),), 0, top)
        object.__setattr__(self, "segment", segment)
        object.__setattr__(self, "weight", weight)

    @property
    def segment_bits(self) -> int:
        """Bits of a segment number."""
        return max((self.nodes - 2).bit_length(), 1)

    @property
    def word_bits(self) -> int:
        """Bits of one word of the ROM: the segment above the weight."""
        return self.segment_bits + self.fraction_bits

    @property
    def bits(self) -> int:
        """Bits of the ROM."""
        return self.word_bits * len(self.segment)

    def tents(self) -> npt.NDArray[np.int32]:
        """int32 (codes, nodes): what each node's entry is multiplied by, for each code."""
        tents = np.zeros((len(self.segment), self.nodes), np.int32)
        codes = np.arange(len(self.segment))
        tents[codes, self.segment] = (1 << self.fraction_bits) - self.weight
        tents[codes, self.segment + 1] = self.weight
        return tents

    def inside(self) -> npt.NDArray[np.int32]:
        """(codes, nodes - 1) the weight inside each segment: 0 before it, all of it behind."""
        tents = self.tents()
        return np.cumsum(tents[:, :0:-1], axis=1, dtype=np.int32)[:, ::-1]

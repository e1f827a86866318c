"""What every layer kind offers to the program and to the readers of a program."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from lutscale.golden.layers.curves import Curves
from lutscale.golden.symmetry import Turns
from lutscale.golden.value import ValueType

__all__ = ["Array", "Layer", "TablePart"]

Array = npt.NDArray[np.int32]
"""Values between layers: int32, shape (channels, height, width)."""


@dataclass(frozen=True)
class TablePart:
    """One table of a layer that has several of different kinds.

    Attributes:
        name: what reports and the memories of the hardware call it.
        summary: in a few words, what it reads.
        words, word_bits: its size.
        reads: words read for each pixel of the layer's input.
    """

    name: str
    summary: str
    words: int
    word_bits: int
    reads: int

    @property
    def bits(self) -> int:
        return self.words * self.word_bits


class Layer(ABC):
    """A frozen description of one step, with its integer semantics.

    A layer reads the value just before it, and those of `sources`. Values are numbered: 0 is
    the frame, k + 1 the output of layer k. `types` and `values` hold all up to the layer.
    """

    kind: ClassVar[str]

    @property
    def sources(self) -> tuple[int, ...]:
        """Numbers of the values read besides the one just before."""
        return ()

    @property
    def reach(self) -> tuple[int, int, int, int]:
        """Rows above and below, columns left and right of a pixel that its result depends on."""
        return 0, 0, 0, 0

    @property
    def source_reach(self) -> tuple[int, int, int, int]:
        """Likewise of a pixel of each value in `sources`."""
        return 0, 0, 0, 0

    @abstractmethod
    def output_type(self, types: Sequence[ValueType]) -> ValueType:
        """The exact range of the output; ValueError when the inputs do not suit the layer."""

    @abstractmethod
    def reference(self, values: Sequence[Array]) -> Array:
        """The specification, written to be checked by eye, one pixel at a time."""

    @abstractmethod
    def fast(self, values: Sequence[Array]) -> Array:
        """The same integers as `reference`, quickly."""

    def turns(self, turns: Sequence[Turns]) -> Turns:
        """How the result's channels change places when the frame is turned by each element of a
        group, from how those of all values so far do; ValueError when the result of a turned
        frame is not that of the frame, turned, with channels in other places.
        """
        raise ValueError("a kind of layer that keeps symmetries must stand here")

    @abstractmethod
    def params(self) -> dict[str, Any]:
        """The numbers and words of the manifest (JSON types)."""

    def tables(self) -> dict[str, npt.NDArray[np.integer]]:
        """The integer arrays stored beside the manifest."""
        return {}

    @classmethod
    @abstractmethod
    def from_manifest(
        cls, params: Mapping[str, Any], tables: Mapping[str, npt.NDArray[np.integer]]
    ) -> Self:
        """The inverse of `params` and `tables`."""

    def summary(self, given: ValueType, made: ValueType) -> str:
        """The layer in one line: phrases set off by commas, those that matter most first.

        Args:
            given, made: the types of its input and of its output.
        """
        return f"{given.channels}→{made.channels} channels"

    @property
    def parts(self) -> tuple[TablePart, ...]:
        """Its tables one by one, where they are of different kinds; together `table_bits`."""
        return ()

    @property
    def curves(self) -> Curves | None:
        """Its functions, where they are of one code each; None for any other kind."""
        return None

    @property
    def table_bits(self) -> int:
        """Bits of the tables, as papers count them."""
        return 0

    @property
    def quantiser_bits(self) -> int:
        """Bits of the quantiser ROMs, each counted once."""
        return 0

    @property
    def constant_bits(self) -> int:
        """Bits of numbers that become wires, not memory, and are no table bits."""
        return 0

    @property
    def functions(self) -> int:
        """(input channel, tap, output channel) triples evaluated per pixel of the input."""
        return 0

    @property
    def reads(self) -> int:
        """Words read from tables per pixel of the input; the two nodes of a tap count once."""
        return 0

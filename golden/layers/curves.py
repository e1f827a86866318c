"""The functions of one code that a layer has learnt, for who wants to see them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lutscale.golden.quantiser import Quantiser
from lutscale.golden.symmetry import Offset

__all__ = ["Curves"]


@dataclass(frozen=True)
class Curves:
    """Functions of one code: what an input channel at a tap adds to an output.

    Attributes:
        entries: integers (inputs, kh, kw, levels, outputs), as they are stored.
        ranges: (first, last) code of each input.
        offsets: (row, column) that each tap reads, from the pixel, in order of rows.
        quantiser: what lies between two entries, or None where every code has its own.
        first_code: what the quantiser's first word stands for.
    """

    entries: npt.NDArray[np.integer]
    ranges: tuple[tuple[int, int], ...]
    offsets: tuple[Offset, ...]
    quantiser: Quantiser | None
    first_code: int

    @property
    def count(self) -> int:
        """Functions there are."""
        inputs, kh, kw, _, outputs = self.entries.shape
        return inputs * kh * kw * outputs

    def levels(self, channel: int) -> int:
        """Entries of each function of an input channel."""
        if self.quantiser is not None:
            return self.quantiser.nodes
        first, last = self.ranges[channel]
        return last - first + 1

    def nodes(self, channel: int) -> npt.NDArray[np.integer]:
        """(levels,) the code at which each entry of an input channel counts most."""
        if self.quantiser is None:
            first, last = self.ranges[channel]
            return np.arange(first, last + 1)
        return self.quantiser.tents().argmax(axis=0) + self.first_code

    def values(
        self, channel: int, i: int, j: int, output: int
    ) -> tuple[npt.NDArray[np.integer], npt.NDArray[np.floating]]:
        """The codes in order, and what one function gives for each, in units of an entry."""
        table = self.entries[channel, i, j, : self.levels(channel), output].astype(np.int64)
        first, last = self.ranges[channel]
        codes = np.arange(first, last + 1)
        if self.quantiser is None:
            return codes, table.astype(float)
        sums = self.quantiser.tents()[codes - self.first_code] @ table
        return codes, sums / (1 << self.quantiser.fraction_bits)

    def bends(self) -> npt.NDArray[np.floating]:
        """(inputs, kh, kw, outputs) how far the entries are from their best straight line (RMS):
        what no weight can do. A function of one entry or two bends by nothing.
        """
        inputs, kh, kw, _, outputs = self.entries.shape
        found = np.zeros((inputs, kh, kw, outputs))
        for c in range(inputs):
            x = self.nodes(c).astype(float)
            if len(x) < 3:
                continue
            table = self.entries[c, :, :, : len(x)].astype(float)
            x -= x.mean()
            table -= table.mean(axis=2, keepdims=True)
            slope = np.einsum("l,ijlo->ijo", x, table) / max(float(x @ x), 1e-9)
            rest = table - slope[:, :, None] * x[None, None, :, None]
            found[c] = np.sqrt((rest**2).mean(axis=2))
        return found

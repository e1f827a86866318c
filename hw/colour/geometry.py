"""Which chroma samples stand for which pixels of a large frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from lutscale.golden.colour import Colour, chroma_taps
from lutscale.golden.colour.chroma import sitings

__all__ = ["WORD_BITS", "Geometry"]

WORD_BITS = 17
"""Of a stored chroma word: Cb, Cr, and whether it is of a frame's last chroma line."""


@dataclass(frozen=True)
class Geometry:
    """A chroma sample of the small frame, and the pixels of a line that are made of it.

    A *column* is a pair of Cb and Cr.

    Attributes:
        colour: of the stream.
        scale: r, 2..4.
        pixels_per_beat: of the large frame; divides `lanes`.
    """

    colour: Colour
    scale: int
    pixels_per_beat: int

    @property
    def lanes(self) -> int:
        """Pixels of a large line that a column serves."""
        return self.scale * self.colour.across

    @property
    def lane_bits(self) -> int:
        """Chroma bits of such a pixel."""
        return 16 // self.colour.across

    @property
    def beats(self) -> int:
        """Beats that a column serves."""
        return self.lanes // self.pixels_per_beat

    @cached_property
    def taps(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """The weights down the lines and along them, as of `chroma_taps`."""
        down, along = sitings(self.colour)
        return chroma_taps(self.scale, down), chroma_taps(self.scale, along)

    @property
    def upper(self) -> int:
        """How many of a chroma line's r large lines take from the line above."""
        return int((self.taps[0][:, 0] > 0).sum())

    @property
    def divisors(self) -> tuple[int, int]:
        """What the weights add to, down and along."""
        down, along = (int(taps[0].sum()) for taps in self.taps)
        return down, along

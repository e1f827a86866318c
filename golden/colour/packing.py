"""The components of a pixel in a stream's word, as AMD's UG934 lays them out.

Lowest byte first: Y, Cb, Cr of 4:4:4; G, B, R of RGB; Y and then, by turns along a line, Cb or Cr
of 4:2:2. 4:2:0 is as 4:2:2 on lines 0, 2, 4 ... and has no chroma on the others: 0 here.
Several pixels a beat lie side by side without a gap, the leftmost lowest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lutscale.golden.colour.description import Colour

__all__ = ["pack", "unpack"]

Plane = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint32]


def pack(planes: Sequence[Plane], colour: Colour) -> Words:
    """The pixels of a frame as words.

    Args:
        planes: as for `Colour.check_planes`.

    Returns:
        uint32 (height, width), each of `Colour.pixel_bits` bits.
    """
    first, second, third = colour.check_planes(planes)
    if colour.across == 1:
        order: tuple[Plane, ...] = (first, second, third)
        if colour.format == "rgb":
            order = second, third, first
    else:
        chroma = np.zeros_like(first)
        chroma[:: colour.down, ::2] = second
        chroma[:: colour.down, 1::2] = third
        order = (first, chroma)
    words = np.zeros(first.shape, np.uint32)
    for k, plane in enumerate(order):
        words |= plane.astype(np.uint32) << np.uint32(8 * k)
    return words


def unpack(words: Words, colour: Colour) -> tuple[Plane, Plane, Plane]:
    """The planes of a frame: the inverse of `pack`.

    Args:
        words: unsigned (height, width).

    Raises:
        ValueError: a side that must be even is not.
    """
    colour.check_size(words.shape[1], words.shape[0])
    low, middle, high = ((words >> np.uint32(8 * k) & 0xFF).astype(np.uint8) for k in range(3))
    if colour.format == "rgb":
        return high, low, middle
    if colour.across == 1:
        return low, middle, high
    chroma = middle[:: colour.down]
    return low, np.ascontiguousarray(chroma[:, ::2]), np.ascontiguousarray(chroma[:, 1::2])

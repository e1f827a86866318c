"""Pictures in RGB to the planes of a stream, and back: for input, showing and measuring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lutscale.golden.colour.chroma import doubled, halved
from lutscale.golden.colour.description import Colour
from lutscale.golden.colour.matrices import matrix_of

__all__ = ["from_rgb", "to_rgb"]

Plane = npt.NDArray[np.uint8]


def from_rgb(picture: npt.NDArray[np.uint8], colour: Colour) -> tuple[Plane, ...]:
    """The planes of a frame.

    Args:
        picture: uint8 (height, width, 3).

    Raises:
        ValueError: a side that must be even is not.
    """
    planes = [np.ascontiguousarray(picture[..., c]) for c in range(3)]
    if colour.format != "rgb":
        luma, *chroma = matrix_of(colour.matrix, colour.range).to_ycbcr(planes)
        planes = [luma, *(halved(plane, colour) for plane in chroma)]
    return colour.check_planes(planes)


def to_rgb(planes: Sequence[Plane], colour: Colour) -> npt.NDArray[np.uint8]:
    """The picture, uint8 (height, width, 3), of a frame's planes."""
    planes = colour.check_planes(planes)
    if colour.format != "rgb":
        luma, *chroma = planes
        whole = [luma, *(doubled(plane, colour) for plane in chroma)]
        planes = tuple(matrix_of(colour.matrix, colour.range).to_rgb(whole))
    return np.stack(planes, axis=-1)

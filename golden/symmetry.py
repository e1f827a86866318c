"""The symmetries of a square grid: its four rotations, and those of its mirror image.

Element ``g`` stands for a 2x2 integer matrix that acts on offsets (rows, columns) from a pixel or
from the middle of a frame: 0..3 are the quarter turns of numpy.rot90, 4..7 the mirror (columns
change sign) and then a quarter turn. A frame turned by g holds at p what the frame has at
``turned(p, g)``. A group is its elements and the table of their products (Cohen and Welling,
"Group equivariant convolutional networks", ICML 2016); all else follows from the two.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "GROUPS",
    "PRODUCTS",
    "ROTATIONS",
    "Offset",
    "Turns",
    "inverse",
    "patch_source",
    "patch_turns",
    "share_turns",
    "turned",
    "turned_planes",
]

Offset = tuple[int, int]
"""(rows down, columns to the right) from a pixel to one that it reads."""

Turns = tuple[tuple[int, ...], ...]
"""How a value's channels change places when the frame is turned: for each element of a group, which
channel each one is then, itself turned.
"""

ROTATIONS = (1, 4)
"""Sizes of a rotation ensemble: none, or by 0, 90, 180 and 270 degrees."""

GROUPS = {"p4": 4, "p4m": 8}
"""The groups that tables may be tied under, and how many elements, the first ones, each has: the
rotations, or rotations and mirror images.
"""

_TURN = np.array([[0, 1], [-1, 0]])
_MIRROR = np.array([[1, 0], [0, -1]])
_ELEMENTS = [
    np.linalg.matrix_power(_TURN, g % 4) @ np.linalg.matrix_power(_MIRROR, g // 4) for g in range(8)
]

_ROWS = [matrix.tolist() for matrix in _ELEMENTS]


def _number(matrix: npt.NDArray[np.integer]) -> int:
    return next(g for g, own in enumerate(_ELEMENTS) if np.array_equal(own, matrix))


PRODUCTS: tuple[tuple[int, ...], ...] = tuple(
    tuple(_number(g @ h) for h in _ELEMENTS) for g in _ELEMENTS
)
"""``PRODUCTS[g][h]``: the element that acts on an offset as ``h`` does, and then ``g``. The first
four rows and columns are those of p4.
"""


def inverse(element: int) -> int:
    """The element that undoes another."""
    return PRODUCTS[element].index(0)


def turned(offset: Offset, element: int) -> Offset:
    """Where ``offset`` in a frame turned by ``element`` points in the frame itself."""
    (a, b), (c, d) = _ROWS[element]
    return a * offset[0] + b * offset[1], c * offset[0] + d * offset[1]


def turned_planes(planes: npt.NDArray[Any], element: int) -> npt.NDArray[Any]:
    """``planes`` (..., h, w) of a frame as the frame turned by ``element`` has them."""
    rotated = np.rot90(planes, element % 4, (-2, -1))
    return rotated[..., ::-1] if element >= 4 else rotated


def patch_source(scale: int, element: int) -> list[int]:
    """For each pixel of an r x r patch, row by row, its place in the turned frame's patch."""
    patch = np.arange(scale**2).reshape(scale, scale)
    return [int(place) for place in turned_planes(patch, inverse(element)).ravel()]


def share_turns(symmetry: str, order: int, size: int) -> Turns:
    """How shares of ``size`` channels, one an element of the group, change places under its first
    ``order`` elements.
    """
    return tuple(
        tuple(PRODUCTS[k][g] * size + c for g in range(GROUPS[symmetry]) for c in range(size))
        for k in range(order)
    )


def patch_turns(planes: Turns, scale: int) -> Turns:
    """How r x r patches of pixels change places, as channels, where those of ``planes`` do."""
    moved = [patch_source(scale, inverse(k)) for k in range(len(planes))]
    return tuple(
        tuple(c * scale**2 + place for c in channels for place in moved[k])
        for k, channels in enumerate(planes)
    )

"""Between RGB and YCbCr in integers.

Every number is the exact coefficient of the standard, times 4096 and rounded. Green, the largest of
a row, takes what the other two leave of the row's rounded sum, so that grey stays grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lutscale.golden.validate import require_choice

__all__ = ["FRACTION_BITS", "Matrix", "matrix_of"]

FRACTION_BITS = 12
"""Of all coefficients. The results are those of the exact ones but for 1 in 100, off by 1."""

_Rows = tuple[tuple[int, int, int], tuple[int, int, int], tuple[int, int, int]]


@dataclass(frozen=True)
class Matrix:
    """A pair of matrices: RGB (0..255) to YCbCr, and back.

    Both round as all integers here do, half up, and clamp to 0..255::

        ycc[k] = clamp((sum(forward[k][c] * rgb[c]) + (offsets[k] << 12) + 2048) >> 12)
        rgb[c] = clamp((sum(backward[c][k] * (ycc[k] - offsets[k])) + 2048) >> 12)

    Attributes:
        forward: rows Y, Cb, Cr; columns R, G, B.
        backward: rows R, G, B; columns Y, Cb, Cr.
        offsets: of Y, Cb and Cr.
    """

    forward: _Rows
    backward: _Rows
    offsets: tuple[int, int, int]

    def to_ycbcr(self, planes: Sequence[npt.NDArray[np.uint8]]) -> list[npt.NDArray[np.uint8]]:
        """Y, Cb and Cr of R, G and B: uint8 of one shape."""
        offsets = [offset << FRACTION_BITS for offset in self.offsets]
        return _product(self.forward, planes, offsets)

    def to_rgb(self, planes: Sequence[npt.NDArray[np.uint8]]) -> list[npt.NDArray[np.uint8]]:
        """R, G and B of Y, Cb and Cr: uint8 of one shape."""
        return _product(self.backward, planes, self.constants)

    @property
    def constants(self) -> list[int]:
        """What the offsets add to each row of the way back."""
        return [
            -sum(a * b for a, b in zip(row, self.offsets, strict=True)) for row in self.backward
        ]


def _product(
    rows: _Rows, planes: Sequence[npt.NDArray[np.uint8]], constants: Sequence[int]
) -> list[npt.NDArray[np.uint8]]:
    half = 1 << (FRACTION_BITS - 1)
    made = []
    for row, constant in zip(rows, constants, strict=True):
        total = np.full(planes[0].shape, constant + half, np.int32)
        for factor, plane in zip(row, planes, strict=True):
            total += factor * plane.astype(np.int32)
        made.append(np.clip(total >> FRACTION_BITS, 0, 255).astype(np.uint8))
    return made


_FULL, _VIDEO = (0, 128, 128), (16, 128, 128)

_MATRICES = {
    ("bt601", "full"): Matrix(
        ((1225, 2404, 467), (-691, -1357, 2048), (2048, -1715, -333)),
        ((4096, 0, 5743), (4096, -1410, -2925), (4096, 7258, 0)),
        _FULL,
    ),
    ("bt601", "video"): Matrix(
        ((1052, 2065, 401), (-607, -1192, 1799), (1799, -1506, -293)),
        ((4769, 0, 6537), (4769, -1605, -3330), (4769, 8263, 0)),
        _VIDEO,
    ),
    ("bt709", "full"): Matrix(
        ((871, 2929, 296), (-469, -1579, 2048), (2048, -1860, -188)),
        ((4096, 0, 6450), (4096, -767, -1917), (4096, 7601, 0)),
        _FULL,
    ),
    ("bt709", "video"): Matrix(
        ((748, 2516, 254), (-412, -1387, 1799), (1799, -1634, -165)),
        ((4769, 0, 7343), (4769, -873, -2183), (4769, 8652, 0)),
        _VIDEO,
    ),
}


def matrix_of(matrix: str, range: str) -> Matrix:
    """The matrices of one of `MATRICES` and one of `RANGES`.

    Raises:
        ValueError: "X must be one of ..., not ...".
    """
    require_choice("matrix", matrix, {name for name, _ in _MATRICES})
    require_choice("range", range, {name for _, name in _MATRICES})
    return _MATRICES[matrix, range]

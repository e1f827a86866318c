"""A program on the luma of a frame, and bilinear on its chroma: what the colour core computes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lutscale.golden.colour.chroma import enlarge_chroma
from lutscale.golden.colour.description import Colour
from lutscale.golden.colour.matrices import matrix_of
from lutscale.golden.program import Program

__all__ = ["check_program", "run_colour"]

Plane = npt.NDArray[np.uint8]


def check_program(program: Program) -> None:
    """Refuse a program that does not enlarge: it would leave chroma as it is.

    Raises:
        ValueError: "colour must be used with a program that enlarges, ...".
    """
    if program.scale == 1:
        raise ValueError(
            f"colour must be used with a program that enlarges, not {program.name} of scale 1"
        )


def run_colour(program: Program, planes: Sequence[Plane], colour: Colour) -> tuple[Plane, ...]:
    """The enlarged frame.

    Luma goes through the program as it is, whatever its range; what the program makes beyond
    16..235 stays. Chroma is enlarged by `enlarge_chroma`. RGB becomes YCbCr 4:4:4 of 8 bits before,
    and RGB again behind.

    Args:
        program: of scale 2, 3 or 4.
        planes: uint8 Y, Cb, Cr or R, G, B, as for `Colour.check_planes`.

    Returns:
        the planes of the same format, each ``program.scale`` times as large.

    Raises:
        TypeError, ValueError: "X must be ..., not ...".
    """
    check_program(program)
    planes = colour.check_planes(planes)
    if colour.format == "rgb":
        matrix = matrix_of(colour.matrix, colour.range)
        made = _enlarged(program, matrix.to_ycbcr(planes), colour)
        return tuple(matrix.to_rgb(made))
    return tuple(_enlarged(program, planes, colour))


def _enlarged(program: Program, planes: Sequence[Plane], colour: Colour) -> list[Plane]:
    luma, *chroma = planes
    return [
        program.run(np.ascontiguousarray(luma)),
        *(enlarge_chroma(plane, program.scale, colour) for plane in chroma),
    ]

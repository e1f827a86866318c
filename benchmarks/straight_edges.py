"""PSNR along long straight edges: ``python -m benchmarks.straight_edges PROGRAM...``.

City pictures are full of them, and a network that sees few pixels breaks them up. Measured on the
photographs that training holds out, in the crops that validation scores, so that shapes can be
compared without a look at a test set.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table
from scipy.ndimage import uniform_filter

from benchmarks.machine import machine
from lutscale.golden import zoo
from lutscale.golden.command import one_line_errors
from lutscale.golden.errors import InputError
from lutscale.golden.pictures.quality import luma, psnr
from lutscale.golden.program_file import load
from lutscale.model.data import Pair, central_crop, find_images, load_pairs, split
from lutscale.model.options import photographs

__all__ = ["scores", "straight"]

Image = npt.NDArray[np.uint8]

_RADIUS = 12
"""Pixels to each side of a window that must have one direction."""
_COHERENCE = 0.8
"""How much of the gradient a window's main direction must have: 1 is a single straight edge."""
_CONTRAST = 4.0
"""Root mean square of the gradient in the window, in levels a pixel."""
_FEWEST = 1000
"""Pixels along such edges that make a photograph count."""


def straight(image: Image) -> npt.NDArray[np.bool_]:
    """(h, w) whether the surroundings of each pixel of uint8 (h, w, 3) are one straight edge, or
    parallel ones: by the structure tensor of a window of 25 x 25 (Bigun and Granlund, ICCV 1987).
    """
    down, right = np.gradient(luma(image))
    pairs = ((down, down), (right, right), (down, right))
    side = 2 * _RADIUS + 1
    rows, columns, both = (uniform_filter(a * b, side, mode="nearest") for a, b in pairs)
    strength = rows + columns
    along = np.sqrt((rows - columns) ** 2 + 4 * both**2)
    wanted: npt.NDArray[np.bool_] = (along > _COHERENCE * strength) & (strength > _CONTRAST**2)
    return wanted


def scores(program: Any, pairs: Sequence[Pair]) -> tuple[float, float, int]:
    """Mean PSNR in dB over the photographs; along straight edges, over those that have them; how
    many have.
    """
    everywhere, along = [], []
    r = program.scale
    for pair in pairs:
        lr, hr = central_crop(pair, 96)
        result = program.run_image(lr)
        everywhere.append(psnr(result, hr, shave=r))
        mask = straight(hr)[r:-r, r:-r]
        if mask.sum() >= _FEWEST:
            error = (luma(result) - luma(hr))[r:-r, r:-r][mask]
            along.append(float(20 * np.log10(255 / np.sqrt(np.mean(error**2)))))
    if not along:
        raise InputError("held-out photographs must have straight edges, but none has")
    return float(np.mean(everywhere)), float(np.mean(along)), len(along)


@click.command()
@click.argument("programs", nargs=-1, required=True)
@photographs
@one_line_errors
def main(programs: Sequence[str], data: Path) -> None:
    """Score PROGRAMS, names of the zoo or files."""
    held = split(find_images(data))[1]
    table = Table("program", "PSNR", "along straight edges", "photographs with them")
    for word in programs:
        program = load(zoo.find(word))
        pairs = load_pairs(held, program.scale, Path("build/cache"), 1)
        everywhere, along, count = scores(program, pairs)
        table.add_row(word, f"{everywhere:.3f}", f"{along:.3f}", f"{count} of {len(pairs)}")
    Console(width=100).print(table)
    print(machine())


if __name__ == "__main__":
    main()

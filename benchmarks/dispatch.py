"""Two table sets for one picture: patches that need it take the large program, others the small.

    python -m benchmarks.dispatch iqlut-m-x4 iqlut-tiny-x4 --data FOLDER

Both programs see the whole picture, and each patch of the result is one's or the other's, so there
are no seams. Which patches take the large program is said by an oracle (those whose squared error
falls most, as a share of the picture's: no rule can do better) or by a measure that needs no
result (the mean step between neighbours of the LR patch's luma, largest first). Ranks are over all
pictures of the folder.

Reads are those of tables for an LR pixel and one colour plane. "reads" has a patch cost its own
pixels alone; "reads_alone" has it computed apart, with the border that each layer needs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt

from lutscale.golden.command import PROGRAM, Command, one_line_errors
from lutscale.golden.errors import InputError
from lutscale.golden.pictures.bicubic import crop_to_multiple, downscale
from lutscale.golden.pictures.folder import list_images
from lutscale.golden.pictures.image import read_rgb
from lutscale.golden.pictures.quality import luma
from lutscale.golden.program import Program
from lutscale.golden.program_file import load

__all__ = ["SHARES", "Patches", "dispatched", "main", "patches_of", "reads_alone"]

SHARES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
"""Of the patches that take the large program."""

Picture = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Patches:
    """Of one picture, a number for each patch.

    Attributes:
        high, low: squared error of luma with the large and the small program.
        detail: mean step between neighbours in LR.
        pixels: HR pixels that the errors are of.
    """

    high: Numbers
    low: Numbers
    detail: Numbers
    pixels: int


def patches_of(high: Program, low: Program, hr: Picture, side: int) -> Patches:
    """Both programs on a picture.

    Args:
        hr: uint8 (height, width, 3), cut to a multiple of the scale.
        side: of a patch in LR pixels; those at the right and lower edge may be smaller.
    """
    r = high.scale
    lr, wanted = downscale(hr, r), luma(hr)
    grey = luma(lr)
    steps = np.zeros_like(grey)
    steps[:-1] += np.abs(np.diff(grey, axis=0))
    steps[:, :-1] += np.abs(np.diff(grey, axis=1))
    counts = _sums(np.ones_like(grey), side)
    errors = []
    for program in (high, low):
        error = (luma(program.run_image(lr)) - wanted) ** 2
        # As PSNR is measured, without the outermost pixels.
        inner = np.zeros_like(error)
        inner[r:-r, r:-r] = error[r:-r, r:-r]
        errors.append(_sums(inner, side * r).ravel())
    pixels = (hr.shape[0] - 2 * r) * (hr.shape[1] - 2 * r)
    return Patches(errors[0], errors[1], (_sums(steps, side) / counts).ravel(), pixels)


def _sums(plane: Numbers, side: int) -> Numbers:
    """Sums over squares, at the edges over what there is of them."""
    rows, columns = (np.arange(0, n, side) for n in plane.shape)
    return np.add.reduceat(np.add.reduceat(plane, rows, 0), columns, 1)


def dispatched(patches: Sequence[Patches], share: float, *, oracle: bool) -> float:
    """Mean PSNR in dB where a share of all patches takes the large program."""
    scores = np.concatenate(
        [(p.low - p.high) / p.low.sum() if oracle else p.detail for p in patches]
    )
    taken = np.zeros(len(scores), bool)
    taken[np.argsort(-scores, kind="stable")[: round(share * len(scores))]] = True
    levels, start = [], 0
    for p in patches:
        own = taken[start : start + len(p.high)]
        start += len(p.high)
        error = np.where(own, p.high, p.low).sum() / p.pixels
        levels.append(10 * np.log10(255.0**2 / error))
    return float(np.mean(levels))


def reads_alone(program: Program, side: int) -> float:
    """Table reads for each pixel of a patch that is computed apart, border and all."""
    total, rows, columns = 0, side, side
    for layer, given in reversed(list(zip(program.layers, program.types, strict=False))):
        up, down, left, right = layer.reach
        # Behind a shuffle the border is counted in finer pixels, rounded up.
        total += layer.reads * given.scale**2 * rows * columns
        rows += -(-(up + down) // given.scale)
        columns += -(-(left + right) // given.scale)
    return total / side**2


def _lines(
    high: Program, low: Program, patches: Sequence[Patches], side: int
) -> Iterator[dict[str, object]]:
    alone = [reads_alone(program, side) for program in (high, low)]
    for oracle in (True, False):
        for share in SHARES:
            yield {
                "by": "oracle" if oracle else "detail",
                "share": share,
                "reads": round(share * high.reads + (1 - share) * low.reads),
                "reads_alone": round(share * alone[0] + (1 - share) * alone[1]),
                "psnr": round(dispatched(patches, share, oracle=oracle), 3),
            }


@click.command(cls=Command)
@click.argument("high", type=PROGRAM)
@click.argument("low", type=PROGRAM)
@click.option("--data", type=click.Path(path_type=Path), required=True, help="A folder of images.")
@click.option("--side", type=click.IntRange(4), default=16, show_default=True, help="Of a patch.")
@one_line_errors
def main(high: Path, low: Path, data: Path, side: int) -> None:
    """Measure PSNR and reads with patches shared between programs HIGH and LOW; lines of JSON."""
    large, small = load(high), load(low)
    if large.scale != small.scale or large.scale < 2:
        raise InputError(
            f"LOW must enlarge as HIGH does, by {large.scale}, not {small.name}, by {small.scale}"
        )
    images = [crop_to_multiple(read_rgb(path), large.scale) for path in list_images(data)]
    patches = [patches_of(large, small, image, side) for image in images]
    for line in _lines(large, small, patches, side):
        click.echo(json.dumps({"high": large.name, "low": small.name, **line}))


if __name__ == "__main__":
    main()

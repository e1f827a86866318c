"""What colour costs: three planes through the network, or luma through it and chroma by bilinear.

    python -m benchmarks.colour iqlut-hd-x4 --data FOLDER

LR is made as papers do, of RGB; then it becomes what the stream carries. Pictures are cut to a
multiple of twice the scale, so that LR has even sides. PSNR is of the luma of BT.601, as everywhere
here, and of R, G and B together; as many pixels as the scale are cut on each side.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt

from lutscale.golden.colour import Colour, from_rgb, run_colour, to_rgb
from lutscale.golden.command import Command, one_line_errors, program_argument
from lutscale.golden.pictures.bicubic import crop_to_multiple, downscale, upscale
from lutscale.golden.pictures.folder import list_images
from lutscale.golden.pictures.image import read_rgb
from lutscale.golden.pictures.quality import psnr
from lutscale.golden.program import Program
from lutscale.golden.program_file import load

__all__ = ["WAYS", "main", "mean_scores", "rgb_psnr"]

Picture = npt.NDArray[np.uint8]

WAYS: Mapping[str, Colour | None] = {
    "three planes": None,
    "rgb, full range": Colour("rgb", "bt601", "full"),
    "rgb, video range": Colour("rgb", "bt601", "video"),
    "ycbcr444": Colour("ycbcr444", "bt601", "video"),
    "ycbcr422": Colour("ycbcr422", "bt601", "video"),
    "ycbcr420": Colour("ycbcr420", "bt601", "video"),
}
"""What is compared, beside bicubic on three planes."""


def rgb_psnr(a: Picture, b: Picture, shave: int) -> float:
    """The PSNR in dB of all components together, ``shave`` pixels cut on each side."""
    inner = (slice(shave, a.shape[0] - shave), slice(shave, a.shape[1] - shave))
    error = a[inner].astype(np.float64) - b[inner]
    return float(10 * np.log10(255.0**2 / np.mean(error**2)))


def mean_scores(program: Program, pictures: Sequence[Picture]) -> dict[str, tuple[float, float]]:
    """PSNR of luma and of RGB, the mean over pictures, of bicubic and each of `WAYS`.

    Args:
        pictures: uint8 (height, width, 3), the HR.
    """
    r = program.scale
    found: dict[str, list[tuple[float, float]]] = {"bicubic": [], **{way: [] for way in WAYS}}
    for picture in pictures:
        hr = crop_to_multiple(picture, 2 * r)
        lr = downscale(hr, r)
        for way in found:
            colour = WAYS.get(way)
            if way == "bicubic":
                made = upscale(lr, r)
            elif colour is None:
                made = program.run_image(lr)
            else:
                made = to_rgb(run_colour(program, from_rgb(lr, colour), colour), colour)
            found[way].append((psnr(made, hr, shave=r), rgb_psnr(made, hr, r)))
    return {
        way: (float(np.mean([y for y, _ in all_])), float(np.mean([c for _, c in all_])))
        for way, all_ in found.items()
    }


@click.command(cls=Command)
@program_argument
@click.option("--data", type=click.Path(path_type=Path), required=True, help="A folder of images.")
@one_line_errors
def main(program: Path, data: Path) -> None:
    """Measure PSNR of PROGRAM on three planes and in each colour format; a line of JSON each."""
    network = load(program)
    scores = mean_scores(network, [read_rgb(path) for path in list_images(data)])
    for way, (luma, colour) in scores.items():
        line = {"program": network.name, "way": way, "psnr": round(luma, 3)}
        click.echo(json.dumps({**line, "psnr_rgb": round(colour, 3)}))


if __name__ == "__main__":
    main()

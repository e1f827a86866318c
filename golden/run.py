"""Upscale an image with the golden model: ``python -m lutscale.golden.run``."""

from __future__ import annotations

import time
from pathlib import Path

import click

from lutscale.golden.command import one_line_errors
from lutscale.golden.pictures.image import read_rgb, write_png
from lutscale.golden.program_file import load


@click.command()
@click.argument("program", type=click.Path(path_type=Path))
@click.argument("image", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@one_line_errors
def main(program: Path, image: Path, out: Path) -> None:
    """Run PROGRAM on each colour plane of IMAGE and write OUT (a PNG)."""
    network = load(program)
    pixels = read_rgb(image)
    started = time.perf_counter()
    result = network.run_image(pixels)
    seconds = time.perf_counter() - started
    write_png(out, result)
    print(
        f"{out}: {pixels.shape[1]}x{pixels.shape[0]} -> {result.shape[1]}x{result.shape[0]}, "
        f"{network.name}, {seconds:.2f} s"
    )


if __name__ == "__main__":
    main()

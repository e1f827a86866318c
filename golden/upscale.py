"""Enlarge pictures with the golden model: ``lutscale upscale``."""

from __future__ import annotations

import time
from pathlib import Path

import click
from tqdm import tqdm

from lutscale.golden.command import PROGRAM, Command, one_line_errors, say
from lutscale.golden.errors import InputError
from lutscale.golden.pictures.folder import list_images
from lutscale.golden.pictures.image import read_rgb, write_png
from lutscale.golden.program import Program
from lutscale.golden.program_file import load

__all__ = ["main", "upscale_file", "upscale_folder"]

DEFAULT = "iqlut-l-x4"
"""The program of the zoo with the best pictures."""

_EXAMPLES = (
    ("four times as wide and as high", "lutscale upscale photo.jpg large.png"),
    ("every picture of a folder", "lutscale upscale photos/ large/"),
    ("twice, with another program", "lutscale upscale photo.jpg out.png --program iqlut-s-x2"),
)


def upscale_file(program: Program, source: Path, target: Path) -> str:
    """Enlarge a picture, each colour plane by itself, and write it as PNG.

    Returns:
        the sizes in words.

    Raises:
        InputError: the picture cannot be read, or ``target`` is no place for a PNG.
    """
    if target.suffix.lower() != ".png":
        raise InputError(f"{target}: must end in .png, as results are written as PNG")
    if target.exists() and target.samefile(source):
        raise InputError(f"{target}: must be another file than the one that is read")
    pixels = read_rgb(source)
    result = program.run_image(pixels)
    write_png(target, result)
    height, width = pixels.shape[:2]
    return f"{width}x{height} -> {result.shape[1]}x{result.shape[0]}"


def upscale_folder(program: Program, source: Path, target: Path) -> tuple[int, list[str]]:
    """Enlarge every picture of a folder into another, as PNG of the same name.

    A picture that cannot be read does not keep the others from being enlarged.

    Returns:
        how many were enlarged, and for each of the others a line that says why.

    Raises:
        InputError: the folder holds no picture, two that would become the same file, or is the
            one to write to.
    """
    if target.exists() and target.samefile(source):
        raise InputError(f"{target}: must be another folder than the one that is read")
    taken: dict[str, Path] = {}
    images = list_images(source)
    for path in images:
        # File systems that ignore case would merge names that differ only in it.
        first = taken.setdefault(path.stem.lower(), path)
        if first != path:
            raise InputError(
                f"{source}: names must differ in more than their endings, not {first.name} and "
                f"{path.name}"
            )
    errors = []
    for path in tqdm(images, desc=program.name, unit="img", leave=False, disable=None):
        try:
            upscale_file(program, path, target / f"{path.stem}.png")
        except InputError as error:
            errors.append(str(error))
            say(f"error: {error}")
    return len(images) - len(errors), errors


@click.command(cls=Command, examples=_EXAMPLES)
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option(
    "--program", type=PROGRAM, default=DEFAULT, show_default=True, help="File, or name of the zoo."
)
@one_line_errors
def main(source: Path, target: Path, program: Path) -> None:
    """Enlarge a picture, or a folder of them.

    IN is a picture in any format that Pillow reads, and OUT a PNG or a folder; or both are folders.
    The numbers are those of the golden model, and so of the hardware. A program that denoises
    keeps the size.
    """
    network = load(program)
    started = time.perf_counter()
    if source.is_dir():
        count, errors = upscale_folder(network, source, target)
        seconds = time.perf_counter() - started
        click.echo(
            f"{target}: {count} of {count + len(errors)} pictures, {network.name}, {seconds:.1f} s"
        )
        if errors:
            raise SystemExit(2)
        return
    if target.is_dir():
        target = target / f"{source.stem}.png"
    sizes = upscale_file(network, source, target)
    click.echo(f"{target}: {sizes}, {network.name}, {time.perf_counter() - started:.2f} s")

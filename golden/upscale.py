"""Enlarge pictures and raw video with the golden model: ``lutscale upscale``."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import click
from tqdm import tqdm

from lutscale.golden.command import PROGRAM, Command, one_line_errors, say
from lutscale.golden.errors import InputError
from lutscale.golden.files import whole_file
from lutscale.golden.model_file import AnyProgram, load
from lutscale.golden.pictures.folder import list_images
from lutscale.golden.pictures.image import read_rgb, write_png
from lutscale.golden.program import Program
from lutscale.golden.upscale_video import WAYS, upscale_video

__all__ = ["main", "upscale_file", "upscale_folder", "upscale_stream"]

DEFAULT = "iqlut-l-x4"
"""Within a fifth of a dB of the best in the zoo, with less than half of its reads."""

_EXAMPLES = (
    ("four times as wide and as high", "lutscale upscale photo.jpg large.png"),
    ("every picture of a folder", "lutscale upscale photos/ large/"),
    (
        "raw video; ffmpeg -i in.mp4 -f yuv4mpegpipe - | lutscale upscale - | ffmpeg -i - out.mp4",
        "lutscale upscale in.y4m out.y4m",
    ),
    ("twice, with another program", "lutscale upscale photo.jpg out.png --program iqlut-s-x2"),
)


def upscale_file(program: AnyProgram, source: Path, target: Path) -> str:
    """Enlarge a picture, and write it as PNG.

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
    try:
        result = program.run_image(pixels)
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    write_png(target, result)
    height, width = pixels.shape[:2]
    return f"{width}x{height} -> {result.shape[1]}x{result.shape[0]}"


def upscale_folder(program: AnyProgram, source: Path, target: Path) -> tuple[int, list[str]]:
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


def upscale_stream(program: Program, source: Path, target: Path, chroma: str = WAYS[0]) -> str:
    """Enlarge raw video (YUV4MPEG2), from a file or standard input to a file or standard output.

    A file appears whole or not at all; standard output has the frames before an error.

    Args:
        source, target: ``-`` for standard input and output.
        chroma: one of `upscale_video.WAYS`.

    Returns:
        frames and sizes in words.

    Raises:
        InputError: the video cannot be read, or ``target`` is no place for it.
    """
    if not _is_video(target):
        raise InputError(f"{target}: must be - or end in .y4m, as video is written as YUV4MPEG2")
    if target.exists() and source.exists() and target.samefile(source):
        raise InputError(f"{target}: must be another file than the one that is read")
    with ExitStack() as opened:
        given, name = _stream(source, opened), str(source)
        if source == _PIPE:
            name = "standard input"
        if given.isatty():
            raise InputError(f"{name}: must be a pipe or a file of YUV4MPEG2, not a terminal")
        if target == _PIPE:
            made = sys.stdout.buffer
            if made.isatty():
                raise InputError("standard output: must be a pipe or a file, not a terminal")
        else:
            made = opened.enter_context(opened.enter_context(whole_file(target)).open("wb"))
        header, count = upscale_video(program, given, made, name, chroma)
    large = header.enlarged(program.scale)
    frames = f"{count} frame{'s' if count > 1 else ''}"
    return f"{frames}, {header.width}x{header.height} -> {large.width}x{large.height}"


_PIPE = Path("-")


def _is_video(path: Path) -> bool:
    return path == _PIPE or path.suffix.lower() == ".y4m"


def _stream(source: Path, opened: ExitStack) -> BinaryIO:
    if source == _PIPE:
        return sys.stdin.buffer
    if not source.exists():
        raise InputError(f"{source}: must be a YUV4MPEG2 file, but there is no such file")
    return opened.enter_context(source.open("rb"))


@click.command(cls=Command, examples=_EXAMPLES)
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="[OUT]", type=click.Path(path_type=Path), required=False)
@click.option(
    "--program", type=PROGRAM, default=DEFAULT, show_default=True, help="File, or name of the zoo."
)
@click.option(
    "--chroma",
    type=click.Choice(WAYS),
    help=f"Of video: through the program, or bilinear at its siting.  [default: {WAYS[0]}]",
)
@one_line_errors
def main(source: Path, target: Path | None, program: Path, chroma: str | None) -> None:
    """Enlarge a picture, a folder of them, or raw video.

    IN is a picture in any format that Pillow reads, and OUT a PNG or a folder; or both are folders.
    The numbers are those of the golden model, and so of the hardware. A program that denoises
    keeps the size.

    IN may be raw video, too: YUV4MPEG2 of 8 bits, progressive, 4:2:0, 4:2:2, 4:4:4 or grey, from a
    file that ends in .y4m or, as -, from standard input. OUT is then the same, and - unless given.
    Each plane of a frame is enlarged by itself, Cb and Cr as they are.
    """
    if target is None:
        if source != _PIPE:
            raise InputError(f"OUT must be given for {source}: a file or folder to write to")
        target = _PIPE
    if chroma is not None and not _is_video(source):
        raise InputError(f"--chroma must stand with video (- or .y4m), not with {source}")
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
    if _is_video(source):
        if not isinstance(network, Program):
            raise InputError(
                f"--program must be one of single colour planes for video, not {network.name}, "
                "which reads R, G and B together"
            )
        said = upscale_stream(network, source, target, chroma or WAYS[0])
        seconds = time.perf_counter() - started
        click.echo(f"{target}: {said}, {network.name}, {seconds:.1f} s", err=target == _PIPE)
        return
    if target.is_dir():
        target = target / f"{source.stem}.png"
    sizes = upscale_file(network, source, target)
    click.echo(f"{target}: {sizes}, {network.name}, {time.perf_counter() - started:.2f} s")

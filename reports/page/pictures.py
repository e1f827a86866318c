"""The pictures of a simulation as a page holds them: cut to a bounded size, as data URIs."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from lutscale.golden.errors import InputError
from lutscale.golden.pictures.image import read_rgb

__all__ = ["LENS", "SIDE", "pictures_of"]

Picture = npt.NDArray[np.uint8]

LENS = 32
"""Pixels that the lens shows, of either side."""

SIDE = 384
"""Pixels of the enlarged picture that a page shows at most, of either side."""

_NAMES = ("bicubic", "hardware", "difference", "original")


def pictures_of(report: Mapping[str, Any], folder: Path, scale: int) -> dict[str, Any]:
    """The middle of a simulation's pictures.

    Args:
        report: of `lutscale sim`, whose files lie in ``folder``.
        scale: of the program.

    Returns:
        "width" and "height" of the large pictures, their "uris" by name (bicubic, hardware,
        difference, original where there is one, and "input", the small picture), and where to
        "look" first.

    Raises:
        InputError: a picture is missing or damaged, or of another size than the others.
    """
    read = {
        name: read_rgb(folder / Path(file).name)
        for name, file in report["pictures"].items()
        if name in (*_NAMES, "input")
    }
    small = read.pop("input")
    height, width = small.shape[:2]
    for name, picture in read.items():
        if picture.shape[:2] != (height * scale, width * scale):
            got = f"{picture.shape[1]}x{picture.shape[0]}"
            raise InputError(
                f"{folder / report['pictures'][name]}: must be {width * scale}x{height * scale} "
                f"pixels, {scale} times the input, not {got}"
            )
    rows, columns = (min(n, SIDE // scale) for n in (height, width))
    top, left = (height - rows) // 2, (width - columns) // 2
    uris = {"input": _uri(small[top : top + rows, left : left + columns])}
    parts = {
        name: picture[top * scale : (top + rows) * scale, left * scale : (left + columns) * scale]
        for name, picture in read.items()
    }
    uris |= {name: _uri(part) for name, part in parts.items()}
    size = {"width": columns * scale, "height": rows * scale}
    return {**size, "look": _worth_a_look(parts), "uris": uris}


def _worth_a_look(parts: Mapping[str, Picture]) -> list[int]:
    """(x, y) of the middle of the lens where the network does most: where it comes nearer to the
    original than the picture before it, or without an original, where it changes most.
    """
    before, after = (parts[name].astype(float) for name in ("bicubic", "hardware"))
    gain = np.abs(after - before)
    if "original" in parts:
        original = parts["original"].astype(float)
        gain = np.abs(before - original) - np.abs(after - original)
    sums = np.pad(gain.sum(axis=2).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    high, wide = (min(LENS, n) for n in gain.shape[:2])
    windows = sums[high:, wide:] - sums[:-high, wide:] - sums[high:, :-wide] + sums[:-high, :-wide]
    y, x = np.unravel_index(windows.argmax(), windows.shape)
    return [int(x) + wide // 2, int(y) + high // 2]


def _uri(picture: Picture) -> str:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"

"""Folders of images: which files in them are images, and a word about those that are not."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from PIL import Image

from lutscale.golden.errors import InputError, InputWarning

__all__ = ["few", "holds_images", "image_suffixes", "list_images"]

# Pillow knows these by sight only, or needs another program to draw them.
_NOT_PIXELS = ("BUFR", "EPS", "GRIB", "HDF5", "IPTC", "MPEG", "WMF")

_NAMED = 10


@cache
def image_suffixes() -> frozenset[str]:
    """File endings of all formats that the installed Pillow reads, in lower case, with the dot."""
    endings = Image.registered_extensions()
    # MPO, several JPEGs in a file, is opened as the JPEG that it begins as.
    read = {*Image.OPEN, "MPO"} - {*_NOT_PIXELS}
    return frozenset(ending for ending, kind in endings.items() if kind in read)


def list_images(folder: str | os.PathLike[str], *, below: bool = False) -> list[Path]:
    """The image files in `folder`, sorted by path; files are taken by their endings.

    Hidden files are left out. Other files are named in an InputWarning.

    Args:
        below: also those in folders within it.

    Raises:
        InputError: the folder is missing, is no folder or holds no image.
    """
    place = Path(folder)
    if not place.is_dir():
        problem = "not a file" if place.exists() else "but there is no such folder"
        raise InputError(f"{place}: must be a folder of images, {problem}")
    shown = [
        entry
        for entry in sorted(place.rglob("*") if below else place.iterdir())
        if entry.is_file()
        and not any(part.startswith(".") for part in entry.relative_to(place).parts)
    ]
    found = [entry for entry in shown if _is_image(entry)]
    if not found:
        raise InputError(f"{place}: must hold images (.png, .jpg, .tif, ...), but holds none")
    if others := [entry for entry in shown if not _is_image(entry)]:
        names = few([str(entry.relative_to(place)) for entry in others])
        warnings.warn(f"{place}: skipped, as no images: {names}", InputWarning, stacklevel=2)
    return found


def holds_images(folder: Path) -> bool:
    """Whether `list_images` would find any directly in `folder`."""
    return folder.is_dir() and any(
        _is_image(entry) and not entry.name.startswith(".") and entry.is_file()
        for entry in folder.iterdir()
    )


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in image_suffixes()


def few(names: Sequence[str]) -> str:
    """Names for a message, one after the other; of many the first, and how many more."""
    more = len(names) - _NAMED
    text = ", ".join(names[:_NAMED])
    return f"{text} and {more} more" if more > 0 else text

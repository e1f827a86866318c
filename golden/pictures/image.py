"""Image files in and out: 8-bit RGB or grey only, anything else refused with its reason."""

import os
import struct
import zlib
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from lutscale.golden.errors import InputError
from lutscale.golden.files import whole_file

__all__ = [
    "IMAGE_SUFFIXES",
    "SAMPLE_PHOTOS",
    "list_images",
    "read_grey",
    "read_planes",
    "read_rgb",
    "sample_photo",
    "write_png",
]

IMAGE_SUFFIXES = (".png", ".webp", ".jpg", ".jpeg", ".bmp")
"""File endings that `list_images` takes, in lower case; case is ignored."""

SAMPLE_PHOTOS = ("astronaut", "coffee", "chelsea", "motorcycle_left")
"""Photographs that every installed scikit-image brings along as files."""

# What Pillow's readers raise on damaged files, besides UnidentifiedImageError.
_DAMAGED = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    KeyError,
    IndexError,
    TypeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


def _is_deep(picture: Image.Image) -> bool:
    """Tell whether the file holds more than 8 bits a sample, before its pixels are loaded.

    Pillow opens 16-bit RGB as mode "RGB" and drops the low byte; only the tile shows it.
    """
    if picture.mode == "I" or picture.mode.startswith("I;"):
        return True
    for tile in getattr(picture, "tile", []):
        args = tile[3] if isinstance(tile[3], tuple) else (tile[3],)
        if any(isinstance(arg, str) and ";16" in arg for arg in args):
            return True
        if tile[0] in ("ppm", "ppm_plain") and args[-1] > 255:
            return True
    return False


def _refusal(picture: Image.Image) -> str | None:
    """Return why an opened, not yet loaded image cannot be used, or None when it can."""
    mode = picture.mode
    if mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in picture.info:
        return f"has an alpha channel or transparent colour (mode {mode}); save it without"
    if _is_deep(picture):
        return f"has more than 8 bits per sample (mode {mode}); save it with 8"
    if mode == "F":
        return "holds floating-point samples (mode F); save it with 8-bit integers"
    if mode == "1":
        return "has 1 bit per pixel (mode 1); save it as 8-bit grey"
    if mode not in ("RGB", "L", "P"):
        return f"has the colour mode {mode}; save it as 8-bit RGB or grey"
    return None


def _decode(path: str | os.PathLike[str]) -> Image.Image:
    """Return the image of `path` in mode "RGB" or "L", turned upright by its EXIF orientation.

    Raises InputError, naming file and reason, for anything else.
    """
    try:
        with Image.open(path) as picture:
            refusal = _refusal(picture)
            if refusal is None:
                upright = ImageOps.exif_transpose(picture)
                return upright.convert("RGB") if upright.mode == "P" else upright.copy()
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist; give the path of an image file") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder; give the path of an image file") from error
    except UnidentifiedImageError as error:
        raise InputError(f"{path} is not an image that can be read; PNG is safest") from error
    except _DAMAGED as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path} cannot be read as a whole image: {reason}") from error
    raise InputError(f"{path} {refusal}")


def read_rgb(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """Return an image file as uint8 (H, W, 3), RGB, 0..255; grey becomes three equal planes.

    Raises InputError, naming file and reason, for a missing, damaged or foreign file, for alpha,
    for more or less than 8 bits a sample and for any colour mode but RGB, grey and palette.
    """
    return np.array(_decode(path).convert("RGB"), dtype=np.uint8)


def read_planes(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """Return an image file as uint8 (3, H, W), contiguous planes R, G, B; errors of `read_rgb`."""
    return np.ascontiguousarray(read_rgb(path).transpose(2, 0, 1))


def read_grey(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """Return a grey image file as uint8 (H, W), 0..255.

    A colour file whose three planes are equal counts as grey. Raises InputError for any other
    colour file and for all that `read_rgb` refuses.
    """
    pixels = np.array(_decode(path), dtype=np.uint8)
    if pixels.ndim == 2:
        return pixels
    if np.any(pixels != pixels[:, :, :1]):
        raise InputError(f"{path} is a colour image; give a grey one")
    return np.ascontiguousarray(pixels[:, :, 0])


def write_png(path: str | os.PathLike[str], array: NDArray[np.uint8]) -> None:
    """Write uint8 (H, W) or (H, W, 3) as a PNG file: the whole file or none.

    Missing parent folders are made; an existing file is replaced in one step. Raises InputError
    for a name that does not end in .png, ValueError for another shape or dtype, OSError when the
    place cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() != ".png":
        raise InputError(f"{target} does not end in .png; results are written as PNG")
    if array.dtype != np.uint8:
        raise ValueError(f"array must be uint8, not {array.dtype}")
    if array.ndim not in (2, 3) or array.shape[2:] not in ((), (3,)) or array.size == 0:
        raise ValueError(f"array must be (H, W) or (H, W, 3) and not empty, not {array.shape}")
    with whole_file(target) as part:
        Image.fromarray(np.ascontiguousarray(array)).save(part, format="PNG")


def list_images(folder: str | os.PathLike[str]) -> list[Path]:
    """Return the image files directly in `folder`, sorted by name; hidden files are left out.

    Raises InputError when the folder is missing, is no folder or holds no image.
    """
    place = Path(folder)
    if not place.is_dir():
        problem = "is not a folder" if place.exists() else "does not exist"
        raise InputError(f"{place} {problem}; give a folder of images")
    found = [
        entry
        for entry in place.iterdir()
        if entry.suffix.lower() in IMAGE_SUFFIXES
        and not entry.name.startswith(".")
        and entry.is_file()
    ]
    if not found:
        raise InputError(f"{place} holds no image; expected {', '.join(IMAGE_SUFFIXES)} files")
    return sorted(found)


def sample_photo(name: str) -> NDArray[np.uint8]:
    """Return a photograph of `SAMPLE_PHOTOS` as uint8 (H, W, 3), RGB.

    Read from the files inside the installed scikit-image package; nothing is downloaded. Raises
    InputError, listing the names, for another name.
    """
    if name not in SAMPLE_PHOTOS:
        raise InputError(f"no sample photo is called {name!r}; choose {', '.join(SAMPLE_PHOTOS)}")
    return read_rgb(str(files("skimage") / "data" / f"{name}.png"))

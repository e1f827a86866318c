"""Image files in and out: 8-bit RGB or grey only, anything else refused with its reason."""

import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from lutscale.golden.errors import InputError, InputWarning
from lutscale.golden.files import whole_file

__all__ = [
    "SAMPLE_PHOTOS",
    "read_grey",
    "read_planes",
    "read_rgb",
    "sample_photo",
    "write_png",
]

SAMPLE_PHOTOS = ("astronaut", "coffee", "chelsea")
"""Photographs that are part of the package."""

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

_PHOTOGRAPHS = Path(__file__).with_name("photographs")

_HEADER = 1 << 16  # bytes; what is looked for in them stands within the first few hundred


def _is_deep(picture: Image.Image, header: bytes) -> bool:
    """Tell whether the file holds more than 8 bits a sample, before its pixels are loaded.

    Pillow opens deep colour of most formats as mode "RGB" and drops the low bits; only the tile
    shows it, and for JPEG 2000 and AVIF only the file.

    Args:
        header: the first bytes of the file.
    """
    if picture.mode == "I" or picture.mode.startswith("I;"):
        return True
    for tile in getattr(picture, "tile", []):
        args = tile[3] if isinstance(tile[3], tuple) else (tile[3],)
        if tile[0] == "SGI16" or any(isinstance(arg, str) and ";16" in arg for arg in args):
            return True
        if tile[0] in ("ppm", "ppm_plain") and args[-1] > 255:
            return True
    if picture.format == "JPEG2000":
        # SIZ marker: length, capabilities, eight sizes, number of components; then depth - 1 each.
        depth = header[at + 42] & 0x7F if (at := header.find(b"\xff\x4f\xff\x51")) >= 0 else 0
        return depth > 7
    if picture.format == "AVIF":
        # Box "pixi": version and flags, number of channels; then the depth of each.
        return (at := header.find(b"pixi")) >= 0 and header[at + 9] > 8
    return False


def _refusal(picture: Image.Image, header: bytes) -> str | None:
    """Why an opened, not yet loaded image cannot be used, or None when it can."""
    mode = picture.mode
    if mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in picture.info:
        return f"must have no alpha channel or transparent colour, but has (mode {mode})"
    if _is_deep(picture, header):
        return f"must have 8 bits a sample, not more (mode {mode})"
    if mode == "F":
        return "must have samples of 8 bits, not floating-point numbers (mode F)"
    if mode == "1":
        return "must have 8 bits a sample, not 1 (mode 1)"
    if mode not in ("RGB", "L", "P"):
        return f"must be RGB or grey, not of colour mode {mode}"
    return None


def _decode(path: str | os.PathLike[str]) -> Image.Image:
    """The image of `path` in mode "RGB" or "L", turned upright by its EXIF orientation.

    Warns (InputWarning) that of several frames or pages only the first is taken. Raises
    InputError, naming file and reason, for anything that cannot be used.
    """
    try:
        with Image.open(path) as picture, open(path, "rb") as file:
            refusal = _refusal(picture, file.read(_HEADER))
            if refusal is None:
                frames = getattr(picture, "n_frames", 1)
                upright = ImageOps.exif_transpose(picture)
                upright = upright.convert("RGB") if upright.mode == "P" else upright.copy()
    except FileNotFoundError as error:
        raise InputError(f"{path}: must be an image file, but there is no such file") from error
    except IsADirectoryError as error:
        raise InputError(f"{path}: must be an image file, not a folder") from error
    except UnidentifiedImageError as error:
        raise InputError(f"{path}: must be an image that can be read, such as PNG") from error
    except _DAMAGED as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path}: must be a whole image, but cannot be read: {reason}") from error
    if refusal is not None:
        raise InputError(f"{path}: {refusal}")
    if frames > 1:
        warnings.warn(
            f"{path}: holds {frames} frames or pages; only the first is taken",
            InputWarning,
            stacklevel=3,
        )
    return upright


def read_rgb(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """An image file as uint8 (H, W, 3), RGB, 0..255; grey becomes three equal planes.

    Of an animation or a file of many pages it is the first, with an InputWarning. Raises
    InputError, naming file and reason, for a missing, damaged or foreign file, for alpha, for
    more or less than 8 bits a sample and for any colour mode but RGB, grey and palette.
    """
    return np.array(_decode(path).convert("RGB"), dtype=np.uint8)


def read_planes(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """An image file as uint8 (3, H, W), contiguous planes R, G, B; errors of `read_rgb`."""
    return np.ascontiguousarray(read_rgb(path).transpose(2, 0, 1))


def read_grey(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """A grey image file as uint8 (H, W), 0..255.

    A colour file whose three planes are equal counts as grey. Raises InputError for any other
    colour file and for all that `read_rgb` refuses.
    """
    pixels = np.array(_decode(path), dtype=np.uint8)
    if pixels.ndim == 2:
        return pixels
    if np.any(pixels != pixels[:, :, :1]):
        raise InputError(f"{path}: must be a grey image, not one in colour")
    return np.ascontiguousarray(pixels[:, :, 0])


def write_png(path: str | os.PathLike[str], array: NDArray[np.uint8]) -> None:
    """Write uint8 (H, W) or (H, W, 3) as a PNG file: the whole file or none.

    Missing parent folders are made; an existing file is replaced in one step. Raises InputError
    for a name that does not end in .png, ValueError for another shape or dtype, OSError when the
    place cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() != ".png":
        raise InputError(f"{target}: must end in .png, as results are written as PNG")
    if array.dtype != np.uint8:
        raise ValueError(f"array must be uint8, not {array.dtype}")
    if array.ndim not in (2, 3) or array.shape[2:] not in ((), (3,)) or array.size == 0:
        raise ValueError(f"array must be (H, W) or (H, W, 3) and not empty, not {array.shape}")
    with whole_file(target) as part:
        Image.fromarray(np.ascontiguousarray(array)).save(part, format="PNG")


def sample_photo(name: str) -> NDArray[np.uint8]:
    """A photograph of `SAMPLE_PHOTOS` as uint8 (H, W, 3), RGB.

    Raises InputError, listing the names, for another name.
    """
    if name not in SAMPLE_PHOTOS:
        raise InputError(f"photograph must be one of {', '.join(SAMPLE_PHOTOS)}, not {name!r}")
    return read_rgb(_PHOTOGRAPHS / f"{name}.png")

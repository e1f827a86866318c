"""Image files: what is read, what is refused and why, what is written."""

import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lutscale.golden.errors import InputError
from lutscale.golden.pictures.image import (
    SAMPLE_PHOTOS,
    list_images,
    read_grey,
    read_planes,
    read_rgb,
    sample_photo,
    write_png,
)

RNG = np.random.default_rng(1)
COLOUR = RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8)
GREY = RNG.integers(0, 256, (5, 7), dtype=np.uint8)


def save(path: Path, mode: str, **options: Any) -> Path:
    """Save a picture of the given mode and return its path."""
    Image.fromarray(COLOUR).convert(mode).save(path, **options)
    return path


def save_png_16_bit_rgb(path: Path) -> Path:
    """Write a PNG that Pillow itself cannot: 16 bits a sample, RGB."""
    lines = b"".join(b"\0" + COLOUR[y].astype(">u2").tobytes() for y in range(5))
    header = struct.pack(">IIBBBBB", 7, 5, 16, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path


def refused(path: Path) -> str:
    """Return the one line that read_rgb refuses the file with, checked to name the file."""
    with pytest.raises(InputError) as caught:
        read_rgb(path)
    line = str(caught.value)
    assert line.startswith(f"{path} ")
    assert "\n" not in line
    return line.removeprefix(f"{path} ")


@pytest.mark.parametrize("suffix", [".png", ".webp", ".bmp", ".tif"])
def test_colour_is_read_as_it_is(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    options: dict[str, Any] = {"lossless": True} if suffix == ".webp" else {}
    Image.fromarray(COLOUR).save(path, **options)
    pixels = read_rgb(path)
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, COLOUR)
    assert pixels.flags.writeable


def test_planes_are_contiguous_and_channel_first(tmp_path: Path) -> None:
    planes = read_planes(save(tmp_path / "a.png", "RGB"))
    np.testing.assert_array_equal(planes, COLOUR.transpose(2, 0, 1))
    assert planes.flags.c_contiguous


def test_grey_becomes_three_equal_planes(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "g.png")
    np.testing.assert_array_equal(read_rgb(tmp_path / "g.png"), np.stack([GREY] * 3, axis=2))
    np.testing.assert_array_equal(read_grey(tmp_path / "g.png"), GREY)


def test_colour_file_with_equal_planes_is_grey(tmp_path: Path) -> None:
    Image.fromarray(np.stack([GREY] * 3, axis=2)).save(tmp_path / "g.png")
    np.testing.assert_array_equal(read_grey(tmp_path / "g.png"), GREY)


def test_colour_is_not_grey(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", "RGB")
    with pytest.raises(InputError, match=r"a\.png is a colour image; give a grey one"):
        read_grey(path)


def test_palette_is_converted(tmp_path: Path) -> None:
    path = save(tmp_path / "p.png", "P")
    expected = np.array(Image.open(path).convert("RGB"))
    assert Image.open(path).mode == "P"
    np.testing.assert_array_equal(read_rgb(path), expected)


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to stand upright
    Image.fromarray(COLOUR).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(read_rgb(tmp_path / "a.png"), np.rot90(COLOUR, -1))


@pytest.mark.parametrize(
    ("name", "mode", "options", "reason"),
    [
        ("a.png", "RGBA", {}, "has an alpha channel or transparent colour (mode RGBA)"),
        ("a.png", "LA", {}, "has an alpha channel or transparent colour (mode LA)"),
        ("a.png", "P", {"transparency": 0}, "has an alpha channel or transparent colour (mode P)"),
        ("a.png", "RGB", {"transparency": (1, 2, 3)}, "has an alpha channel or transparent colour"),
        ("a.png", "L", {"transparency": 3}, "has an alpha channel or transparent colour (mode L)"),
        ("a.webp", "RGBA", {"lossless": True, "exact": True}, "has an alpha channel"),
        ("a.tif", "I", {}, "has more than 8 bits per sample (mode I); save it with 8"),
        ("a.tif", "F", {}, "holds floating-point samples (mode F); save it with 8-bit integers"),
        ("a.png", "1", {}, "has 1 bit per pixel (mode 1); save it as 8-bit grey"),
        ("a.jpg", "CMYK", {}, "has the colour mode CMYK; save it as 8-bit RGB or grey"),
        ("a.tif", "LAB", {}, "has the colour mode LAB; save it as 8-bit RGB or grey"),
    ],
)
def test_other_kinds_are_refused(
    tmp_path: Path, name: str, mode: str, options: dict[str, Any], reason: str
) -> None:
    if mode in ("RGBA", "LA", "LAB"):
        shape = (5, 7, len(Image.new(mode, (1, 1)).getbands()))
        content = RNG.integers(0, 256, shape, dtype=np.uint8)
        picture = Image.frombytes(mode, (7, 5), content.tobytes())
        picture.save(tmp_path / name, **options)
    else:
        save(tmp_path / name, mode, **options)
    assert refused(tmp_path / name).startswith(reason)


def test_16_bit_grey_is_refused(tmp_path: Path) -> None:
    Image.fromarray(GREY.astype(np.uint16)).save(tmp_path / "a.png")
    assert refused(tmp_path / "a.png").startswith("has more than 8 bits per sample (mode I;16)")


def test_16_bit_colour_is_refused(tmp_path: Path) -> None:
    path = save_png_16_bit_rgb(tmp_path / "a.png")
    assert refused(path).startswith("has more than 8 bits per sample")


def test_16_bit_ppm_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.ppm"
    path.write_bytes(b"P6 2 2 65535\n" + bytes(24))
    assert refused(path).startswith("has more than 8 bits per sample")


def test_missing_folder_and_foreign_files_are_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "no.png").startswith("does not exist")
    assert refused(tmp_path).startswith("is a folder")
    (tmp_path / "t.png").write_text("just text\nof two lines\n")
    assert refused(tmp_path / "t.png").startswith("is not an image")
    (tmp_path / "e.png").write_bytes(b"")
    assert refused(tmp_path / "e.png").startswith("is not an image")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp"])
def test_truncated_files_are_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    noise = RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert refused(path).startswith(("cannot be read as a whole image: ", "is not an image"))


def test_a_damaged_png_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", "RGB")
    content = bytearray(path.read_bytes())
    content[content.index(b"IDAT") + 8] ^= 0xFF
    path.write_bytes(content)
    assert refused(path).startswith("cannot be read as a whole image: ")


@pytest.mark.parametrize("pixels", [COLOUR, GREY, COLOUR.transpose(1, 0, 2), GREY[::2, ::-1]])
def test_written_png_reads_back(tmp_path: Path, pixels: NDArray[np.uint8]) -> None:
    path = tmp_path / "new" / "folders" / "a.png"
    write_png(path, pixels)
    back = read_grey(path) if pixels.ndim == 2 else read_rgb(path)
    np.testing.assert_array_equal(back, pixels)
    assert os.listdir(path.parent) == ["a.png"]


def test_a_failed_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    write_png(path, COLOUR)

    def half(_: Image.Image, target: Path, **__: object) -> None:
        Path(target).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", half)
    with pytest.raises(OSError, match="No space left"):
        write_png(path, COLOUR[::-1])
    np.testing.assert_array_equal(read_rgb(path), COLOUR)
    assert os.listdir(tmp_path) == ["a.png"]


def test_what_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.jpg does not end in \.png"):
        write_png(tmp_path / "a.jpg", COLOUR)
    with pytest.raises(ValueError, match="array must be uint8, not float64"):
        write_png(tmp_path / "a.png", COLOUR.astype(float))
    for shape in [(4,), (2, 2, 4), (0, 3), (1, 2, 2, 3)]:
        with pytest.raises(ValueError, match=r"array must be \(H, W\) or \(H, W, 3\)"):
            write_png(tmp_path / "a.png", np.zeros(shape, np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_list_images(tmp_path: Path) -> None:
    for name in ["b.PNG", "a.webp", "c.jpeg", "d.jpg", "e.bmp", "n.txt", "._a.png", "z.gif"]:
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "folder.png").mkdir()
    names = [path.name for path in list_images(tmp_path)]
    assert names == ["a.webp", "b.PNG", "c.jpeg", "d.jpg", "e.bmp"]


def test_list_images_refuses(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no does not exist; give a folder of images"):
        list_images(tmp_path / "no")
    with pytest.raises(InputError, match=r"holds no image; expected \.png, \.webp"):
        list_images(tmp_path)
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"a\.png is not a folder"):
        list_images(tmp_path / "a.png")


@pytest.mark.parametrize("name", SAMPLE_PHOTOS)
def test_sample_photos_are_on_board(name: str) -> None:
    photo = sample_photo(name)
    assert photo.dtype == np.uint8
    assert photo.ndim == 3
    assert photo.shape[2] == 3
    assert min(photo.shape[:2]) >= 300


def test_unknown_sample_photo() -> None:
    with pytest.raises(InputError, match="'lena'; choose astronaut, coffee, chelsea, motorcycle_l"):
        sample_photo("lena")

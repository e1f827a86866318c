"""Image files: what is read, what is refused and why, what is written."""

import os
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, features

from lutscale.golden.errors import InputError, InputWarning
from lutscale.golden.pictures import image
from lutscale.golden.pictures.image import (
    SAMPLE_PHOTOS,
    read_grey,
    read_planes,
    read_rgb,
    sample_photo,
    write_png,
)

RNG = np.random.default_rng(1)
COLOUR = RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8)
GREY = RNG.integers(0, 256, (5, 7), dtype=np.uint8)
ALPHA = "have no alpha channel or transparent colour, but has"
FOREIGN = "be an image that can be read, such as PNG"


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
    """The one line that read_rgb refuses the file with, checked to name the file."""
    with pytest.raises(InputError) as caught:
        read_rgb(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: must ")
    assert "\n" not in line
    return line.removeprefix(f"{path}: must ")


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
    with pytest.raises(InputError, match=r"a\.png: must be a grey image, not one in colour$"):
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
        ("a.png", "RGBA", {}, f"{ALPHA} (mode RGBA)"),
        ("a.png", "LA", {}, f"{ALPHA} (mode LA)"),
        ("a.png", "P", {"transparency": 0}, f"{ALPHA} (mode P)"),
        ("a.png", "RGB", {"transparency": (1, 2, 3)}, f"{ALPHA} (mode RGB)"),
        ("a.png", "L", {"transparency": 3}, f"{ALPHA} (mode L)"),
        ("a.webp", "RGBA", {"lossless": True, "exact": True}, f"{ALPHA} (mode RGBA)"),
        ("a.tif", "I", {}, "have 8 bits a sample, not more (mode I)"),
        ("a.tif", "F", {}, "have samples of 8 bits, not floating-point numbers (mode F)"),
        ("a.png", "1", {}, "have 8 bits a sample, not 1 (mode 1)"),
        ("a.jpg", "CMYK", {}, "be RGB or grey, not of colour mode CMYK"),
        ("a.tif", "LAB", {}, "be RGB or grey, not of colour mode LAB"),
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
    assert refused(tmp_path / name) == reason


def test_16_bit_grey_is_refused(tmp_path: Path) -> None:
    Image.fromarray(GREY.astype(np.uint16)).save(tmp_path / "a.png")
    assert refused(tmp_path / "a.png") == "have 8 bits a sample, not more (mode I;16)"


def test_16_bit_colour_is_refused(tmp_path: Path) -> None:
    path = save_png_16_bit_rgb(tmp_path / "a.png")
    assert refused(path) == "have 8 bits a sample, not more (mode RGB)"


def test_16_bit_ppm_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.ppm"
    path.write_bytes(b"P6 2 2 65535\n" + bytes(24))
    assert refused(path) == "have 8 bits a sample, not more (mode RGB)"


def test_deep_jpeg_2000_is_refused(tmp_path: Path) -> None:
    """Pillow opens it as "RGB"; only the depths in its header tell."""
    path = save(tmp_path / "a.jp2", "RGB", irreversible=False)
    np.testing.assert_array_equal(read_rgb(path), COLOUR)
    content = bytearray(path.read_bytes())
    at = content.index(b"\xff\x4f\xff\x51") + 42
    assert bytes(content[at : at + 9 : 3]) == b"\x07\x07\x07"
    content[at : at + 9 : 3] = b"\x0b\x0b\x0b"
    path.write_bytes(content)
    assert refused(path) == "have 8 bits a sample, not more (mode RGB)"


def test_deep_avif_is_refused(tmp_path: Path) -> None:
    """Pillow opens it as "RGB"; only the depths in its header tell."""
    if not features.check("avif"):
        pytest.skip("this Pillow reads no AVIF")
    path = save(tmp_path / "a.avif", "RGB")
    assert read_rgb(path).shape == COLOUR.shape
    content = bytearray(path.read_bytes())
    at = content.index(b"pixi") + 8
    assert bytes(content[at : at + 4]) == b"\x03\x08\x08\x08"
    content[at + 1 : at + 4] = b"\x0a\x0a\x0a"
    path.write_bytes(content)
    assert refused(path).startswith(("have 8 bits a sample, not more", "be an image that can be"))


def test_deep_sgi_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "a.sgi", "RGB", bpc=2)
    assert refused(tmp_path / "a.sgi") == "have 8 bits a sample, not more (mode RGB)"


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp", "a.tif"])
def test_of_several_frames_the_first_is_taken_and_said(tmp_path: Path, name: str) -> None:
    frames = [Image.fromarray(np.full((5, 7, 3), level, np.uint8)) for level in (40, 80, 120)]
    options: dict[str, Any] = {"lossless": True} if name == "a.webp" else {}
    frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], **options)
    with pytest.warns(InputWarning) as caught:
        pixels = read_rgb(tmp_path / name)
    says = f"{tmp_path / name}: holds 3 frames or pages; only the first is taken"
    assert [str(warning.message) for warning in caught] == [says]
    np.testing.assert_array_equal(pixels, np.full((5, 7, 3), 40))


def test_nothing_is_said_of_one_frame(tmp_path: Path) -> None:
    path = save(tmp_path / "a.gif", "L")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_rgb(path)


def test_missing_folder_and_foreign_files_are_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "no.png") == "be an image file, but there is no such file"
    assert refused(tmp_path) == "be an image file, not a folder"
    (tmp_path / "t.png").write_text("just text\nof two lines\n")
    assert refused(tmp_path / "t.png") == FOREIGN
    (tmp_path / "e.png").write_bytes(b"")
    assert refused(tmp_path / "e.png") == FOREIGN


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp"])
def test_truncated_files_are_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    noise = RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert refused(path).startswith(("be a whole image, but cannot be read: ", FOREIGN))


def test_a_damaged_png_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", "RGB")
    content = bytearray(path.read_bytes())
    content[content.index(b"IDAT") + 8] ^= 0xFF
    path.write_bytes(content)
    assert refused(path).startswith("be a whole image, but cannot be read: ")


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
    with pytest.raises(InputError, match=r"a\.jpg: must end in \.png, as results are"):
        write_png(tmp_path / "a.jpg", COLOUR)
    with pytest.raises(ValueError, match="array must be uint8, not float64"):
        write_png(tmp_path / "a.png", COLOUR.astype(float))
    for shape in [(4,), (2, 2, 4), (0, 3), (1, 2, 2, 3)]:
        with pytest.raises(ValueError, match=r"array must be \(H, W\) or \(H, W, 3\)"):
            write_png(tmp_path / "a.png", np.zeros(shape, np.uint8))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", SAMPLE_PHOTOS)
def test_sample_photos_are_on_board(name: str) -> None:
    photo = sample_photo(name)
    assert photo.dtype == np.uint8
    assert photo.ndim == 3
    assert photo.shape[2] == 3
    assert min(photo.shape[:2]) >= 300
    # They are told of in README.md beside them, and are those that others use under these names.
    about = Path(image.__file__).with_name("photographs") / "README.md"
    assert f"| `{name}.png` |" in about.read_text()
    data = pytest.importorskip("skimage").__file__
    np.testing.assert_array_equal(photo, read_rgb(Path(data).parent / "data" / f"{name}.png"))


def test_unknown_sample_photo() -> None:
    with pytest.raises(InputError, match="must be one of astronaut, coffee, .*, not 'lena'$"):
        sample_photo("lena")

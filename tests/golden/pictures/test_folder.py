"""Folders of images: what is found, what is skipped and named."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lutscale.golden.errors import InputError, InputWarning
from lutscale.golden.pictures.folder import few, holds_images, image_suffixes, list_images
from lutscale.golden.pictures.image import read_rgb

NAMES = ["a.webp", "b.PNG", "c.jpeg", "d.jpg", "e.bmp", "f.tif", "g.TIFF", "h.gif", "i.ppm"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in [*NAMES, "._a.png"]:
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "folder.png" / "j.jp2").write_bytes(b"")
    return tmp_path


def found(folder: Path, *, below: bool = False) -> list[str]:
    """Names that are found without a word of warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return [str(path.relative_to(folder)) for path in list_images(folder, below=below)]


def test_images_are_found_by_their_endings(folder: Path) -> None:
    assert found(folder) == NAMES
    assert found(folder, below=True) == [*NAMES[:6], "folder.png/j.jp2", *NAMES[6:]]


@pytest.mark.parametrize(
    "ending", [".tif", ".gif", ".bmp", ".ppm", ".jp2", ".tga", ".pcx", ".webp"]
)
def test_what_is_found_can_be_read(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    Image.fromarray(np.full((8, 8, 3), 99, np.uint8)).save(path)
    assert list_images(tmp_path) == [path]
    assert read_rgb(path).shape == (8, 8, 3)


def test_data_and_drawings_are_no_images() -> None:
    """Pillow tells these formats, but has no pixels of them."""
    assert not image_suffixes() & {".h5", ".hdf", ".mpg", ".grib", ".eps", ".wmf", ".pdf", ".npz"}
    assert {".tif", ".tiff", ".png", ".jpg", ".mpo"} <= image_suffixes()


def test_skipped_files_are_named(folder: Path) -> None:
    (folder / "notes.txt").write_text("no image")
    (folder / "folder.png" / "set.h5").write_text("no image")
    says = f"{folder}: skipped, as no images: "
    with pytest.warns(InputWarning) as caught:
        list_images(folder)
    assert [str(warning.message) for warning in caught] == [f"{says}notes.txt"]
    with pytest.warns(InputWarning) as caught:
        list_images(folder, below=True)
    assert str(caught[0].message) == f"{says}folder.png/set.h5, notes.txt"


def test_of_many_names_the_first_are_given() -> None:
    assert few(["a", "b"]) == "a, b"
    names = [f"n{k}" for k in range(13)]
    assert few(names[:10]) == ", ".join(names[:10])
    assert few(names) == f"{', '.join(names[:10])} and 3 more"


def test_folders_without_images_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no: must be a folder of images, but there is no such"):
        list_images(tmp_path / "no")
    with pytest.raises(InputError, match=r"must hold images \(\.png, .*\), but holds none$"):
        list_images(tmp_path)
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"a\.png: must be a folder of images, not a file$"):
        list_images(tmp_path / "a.png")


def test_whether_a_folder_holds_images(folder: Path) -> None:
    assert holds_images(folder)
    assert holds_images(folder / "folder.png")
    (folder / "folder.png" / "j.jp2").unlink()
    (folder / "folder.png" / ".k.png").write_bytes(b"")
    assert not holds_images(folder / "folder.png")
    assert not holds_images(folder / "none")

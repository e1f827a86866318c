"""The pictures of a page: cut to a bound, and looked at where the network does most."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lutscale.golden.pictures.image import write_png
from lutscale.reports.page.pictures import LENS, SIDE, pictures_of


def written(folder: Path, side: int, scale: int, **changed: np.ndarray) -> dict[str, Any]:
    """Pictures of noise, the same in all but what is changed, and the report that names them."""
    large = np.random.default_rng(0).integers(0, 256, (side * scale,) * 2 + (3,), dtype=np.uint8)
    pictures = dict.fromkeys(("bicubic", "hardware", "difference", "original"), large) | changed
    pictures["input"] = large[::scale, ::scale]
    for name, picture in pictures.items():
        write_png(folder / f"{name}.png", picture)
    return {"pictures": {name: f"{name}.png" for name in pictures}}


def decoded(uri: str) -> np.ndarray:
    head, _, text = uri.partition(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))


def test_the_middle_of_a_large_picture(tmp_path: Path) -> None:
    """Noise is the worst to pack, and a page stays below 5 MB with it."""
    report = written(tmp_path, 250, 2)
    found = pictures_of(report, tmp_path, 2)
    assert (found["width"], found["height"]) == (SIDE, SIDE)
    whole = np.asarray(Image.open(tmp_path / "hardware.png"))
    edge = (500 - SIDE) // 2
    np.testing.assert_array_equal(
        decoded(found["uris"]["hardware"]), whole[edge : edge + SIDE, edge : edge + SIDE]
    )
    assert decoded(found["uris"]["input"]).shape == (SIDE // 2, SIDE // 2, 3)
    assert sum(map(len, found["uris"].values())) < 4 << 20


@pytest.mark.parametrize("original", [True, False])
def test_the_lens_looks_where_most_happens(tmp_path: Path, original: bool) -> None:
    report = written(tmp_path, 48, 2)
    hardware = np.asarray(Image.open(tmp_path / "original.png")).copy()
    bicubic = hardware.copy()
    bicubic[60:68, 20:28] ^= 255
    write_png(tmp_path / "bicubic.png", bicubic)
    if not original:
        del report["pictures"]["original"]
    x, y = pictures_of(report, tmp_path, 2)["look"]
    half = LENS // 2
    assert x - half <= 20 < 28 <= x + half
    assert y - half <= 60 < 68 <= y + half


def test_a_picture_smaller_than_the_lens(tmp_path: Path) -> None:
    found = pictures_of(written(tmp_path, 5, 2), tmp_path, 2)
    assert (found["width"], found["height"], found["look"]) == (10, 10, [5, 5])

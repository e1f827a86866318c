"""What the tests of training share. PyTorch is imported late: without it they are skipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from lutscale.golden.pictures.image import SAMPLE_PHOTOS, read_rgb, sample_photo, write_png


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of four small photographs."""
    folder = tmp_path_factory.mktemp("photos")
    other = Path(pytest.importorskip("skimage").__file__).parent / "data" / "motorcycle_left.png"
    photos = [*map(sample_photo, SAMPLE_PHOTOS), read_rgb(other)]
    for k, photo in enumerate(photos):
        write_png(folder / f"{k}.png", photo[60:140, 100:200])
    return folder


@pytest.fixture(scope="module")
def unbroken(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole run."""
    from tests.support.model.runs import run

    out = tmp_path_factory.mktemp("unbroken")
    assert run(photographs, out) == out / "best.npz"
    return out

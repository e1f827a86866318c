"""What the tests of training share. PyTorch is imported late: without it they are skipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from lutscale.golden.pictures.image import sample_photo, write_png


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of four small photographs."""
    folder = tmp_path_factory.mktemp("photos")
    for k, name in enumerate(("astronaut", "coffee", "chelsea", "motorcycle_left")):
        write_png(folder / f"{k}.png", sample_photo(name)[60:140, 100:200])
    return folder


@pytest.fixture(scope="module")
def unbroken(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole run."""
    from tests.support.model.runs import run

    out = tmp_path_factory.mktemp("unbroken")
    assert run(photographs, out) == out / "best.npz"
    return out

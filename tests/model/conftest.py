"""What the tests of training share. PyTorch is imported late: without it they are skipped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lutscale.golden.pictures.image import sample_photo, write_png


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """More threads only wait for each other on patches as small as the tests'."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of four small photographs."""
    folder = tmp_path_factory.mktemp("photos")
    for k, name in enumerate(("astronaut", "coffee", "chelsea", "motorcycle_left")):
        write_png(folder / f"{k}.png", sample_photo(name)[60:140, 100:200])
    return folder


@pytest.fixture(scope="module")
def unbroken(one_thread: None, photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole run."""
    from tests.model.runs import run

    out = tmp_path_factory.mktemp("unbroken")
    assert run(photographs, out) == out / "best.npz"
    return out

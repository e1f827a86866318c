"""What counts as a straight edge, and what is scored along it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

pytest.importorskip("torch")

from benchmarks.straight_edges import main, scores, straight
from lutscale.golden import zoo
from lutscale.golden.errors import InputError
from lutscale.golden.pictures.bicubic import downscale
from lutscale.golden.pictures.image import write_png
from lutscale.golden.pictures.quality import luma, psnr
from lutscale.golden.program_file import load
from lutscale.model.data import Pair


def grey(plane: np.ndarray) -> np.ndarray:
    return np.repeat(np.clip(plane, 0, 255).astype(np.uint8)[..., None], 3, 2)


def soft(away: np.ndarray) -> np.ndarray:
    """From 0 to 1 over a few pixels, as a lens draws an edge."""
    return 1 / (1 + np.exp(-np.clip(away, -50, 50)))


@pytest.mark.parametrize("angle", [0, 30, 45, 90, 155])
def test_along_an_edge_of_any_direction(angle: float) -> None:
    y, x = np.mgrid[-60:60, -50:50]
    away = x * np.cos(np.radians(angle)) + y * np.sin(np.radians(angle))
    found = straight(grey(40 + 150 * soft(away)))
    assert found[abs(away) < 8].all()
    assert not found[abs(away) > 20].any()


def test_not_in_noise_nor_on_bent_edges_nor_faint_ones() -> None:
    random = np.random.default_rng(1)
    y, x = np.mgrid[-60:60, -60:60]
    assert straight(grey(random.integers(0, 256, (120, 120)))).mean() < 0.01
    disc = straight(grey(200 * soft(10 - np.hypot(y, x))))
    assert not disc[np.hypot(y, x) < 10].any()
    assert not straight(grey(100 + 8 * soft(x))).any()


def test_scores_along_edges_are_those_of_the_pixels_there() -> None:
    program = load(zoo.find("iqlut-tiny-x4"))
    y, x = np.mgrid[0:160, 0:160]
    hr = grey(60 + 120 * soft(x + 2 * y - 220) + 5 * np.sin(x) * np.cos(y))
    pair = Pair("edge", hr, downscale(hr, 4))
    result, mask = program.run_image(pair.lr), straight(hr)
    inner = (slice(4, -4), slice(4, -4))
    error = (luma(result) - luma(hr))[inner][mask[inner]]
    everywhere, along, count = scores(program, [pair])
    assert count == 1
    assert everywhere == pytest.approx(psnr(result, hr, shave=4))
    assert along == pytest.approx(10 * np.log10(255**2 / np.mean(error**2)))
    with pytest.raises(InputError, match="must have straight edges, but none has"):
        scores(program, [Pair("flat", hr * 0 + 9, pair.lr * 0 + 9)])


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    y, x = np.mgrid[0:160, 0:160]
    for k in range(2):
        write_png(tmp_path / "photos" / f"{k}.png", grey(60 + 120 * soft(x + (k + 2) * y - 220)))
    done = CliRunner().invoke(main, ["iqlut-tiny-x4", "--data", str(tmp_path / "photos")])
    assert done.exit_code == 0, done.output
    assert "1 of 1" in done.output

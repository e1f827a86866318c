"""The benchmark of golden: every form runs, in a process of its own, and gives the same pixels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import golden
from benchmarks.golden import check_equal, forms_of, main, photograph
from benchmarks.golden_worker import loader
from lutscale.golden import zoo
from lutscale.golden.program_file import load

ROOT = Path(__file__).parents[2]
TINY, HKLUT = (zoo.find(name) for name in ("iqlut-tiny-x4", "hklut-s-x4"))


@pytest.mark.slow
def test_every_form_is_measured() -> None:
    words = [str(TINY), "--against", str(ROOT), "--size", "40x30", "--repeats", "2"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert (said["program"], said["frame"]) == ("iqlut-tiny-x4", "40x30x3")
    assert "cores" in said["machine"]
    assert said["command"].startswith(f"python -m benchmarks.golden {TINY} --size 40x30 --against")
    for form in ("here", "one_core", "numpy", "against"):
        assert said[form]["seconds"] > 0
        assert said[form]["peak_mb"] > 20
    ratio = said["against"]["cpu_seconds"] / said["here"]["cpu_seconds"]
    assert said["ratios"]["against_cpu_seconds"] == pytest.approx(ratio, rel=0.05)


@pytest.mark.slow
def test_hklut_is_timed_against_its_authors() -> None:
    pytest.importorskip("torch")
    result = CliRunner().invoke(main, [str(HKLUT), "--size", "32x24", "--repeats", "1"])
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    ratio = said["authors"]["seconds"] / said["one_core"]["seconds"]
    assert said["ratios"]["authors_seconds"] == pytest.approx(ratio, rel=0.05)
    assert "authors" not in forms_of(load(TINY), None)


def test_the_authors_code_is_hklut() -> None:
    """Where their floors are nudged over the error of float32, only halves of a level differ."""
    torch = pytest.importorskip("torch")
    from benchmarks.hklut_torch import upscaler

    program, image = load(HKLUT), photograph(40, 30)
    threads, floor = torch.get_num_threads(), torch.floor
    try:
        with patch.object(torch, "floor", lambda levels: floor(levels + 1e-3)):
            found = upscaler(program)(image)
    finally:
        torch.set_num_threads(threads)
    apart = np.abs(found.astype(int) - program.run_image(image))
    assert apart.max() == 1
    assert (apart > 0).mean() < 0.1


@pytest.mark.parametrize("form", ["here", "authors"])
def test_other_pixels_are_refused(form: str) -> None:
    results = {"numpy": np.zeros((50, 50, 3), np.uint8), form: np.zeros((50, 50, 3), np.uint8)}
    check_equal(results)
    results[form][7, :9] = 2
    with pytest.raises(ValueError, match=f"{golden.FORMS[form]} must give the same pixels"):
        check_equal(results)


def test_few_levels_of_the_authors_may_differ() -> None:
    results = {name: np.zeros((50, 50, 3), np.uint8) for name in ("numpy", "authors")}
    results["authors"][::20] = 1
    check_equal(results)
    results["authors"][::5] = 1
    with pytest.raises(ValueError, match="must give the same pixels"):
        check_equal(results)


def test_another_checkout_is_not_mixed_up_with_this_one(tmp_path: Path) -> None:
    assert loader(ROOT) is load
    (tmp_path / "lutscale" / "golden").mkdir(parents=True)
    with pytest.raises(ImportError, match=r"program_file must be that of .*, not "):
        loader(tmp_path)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--size", "0x9"], "must be WIDTHxHEIGHT, not '0x9'"),
        (["--size", "big"], "must be WIDTHxHEIGHT, not 'big'"),
        (["--against", "{tmp}"], "another checkout must upscale"),
        (["--against", "{tmp}/none"], "none"),
    ],
)
def test_wrong_arguments(words: list[str], text: str, tmp_path: Path) -> None:
    given = [word.format(tmp=tmp_path) for word in words]
    result: Any = CliRunner().invoke(main, [str(TINY), "--repeats", "1", *given])
    assert result.exit_code == 2
    assert text in result.stderr

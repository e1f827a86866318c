"""The benchmark of colour: every way is measured, and wrong files are refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.colour import WAYS, main, mean_scores, rgb_psnr
from lutscale.golden.pictures.bicubic import downscale
from lutscale.golden.pictures.image import sample_photo, write_png
from lutscale.golden.pictures.quality import psnr
from lutscale.golden.program_file import load
from lutscale.golden.zoo import find

PHOTO = sample_photo("astronaut")[100:150, 200:240]


def test_every_way_is_measured(tmp_path: Path) -> None:
    write_png(tmp_path / "photo.png", PHOTO)
    words = [str(find("iqlut-tiny-x4")), "--data", str(tmp_path)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["way"] for line in lines] == ["bicubic", *WAYS]
    by_way = {line["way"]: line for line in lines}
    program = load(find("iqlut-tiny-x4"))
    # Cut to 48 x 40, whose LR has even sides.
    made = program.run_image(downscale(PHOTO[:48], 4))
    plain = by_way["three planes"]
    assert plain["psnr"] == round(psnr(made, PHOTO[:48], shave=4), 3)
    assert plain["psnr_rgb"] == round(rgb_psnr(made, PHOTO[:48], 4), 3)
    assert by_way["ycbcr444"]["psnr_rgb"] > by_way["ycbcr420"]["psnr_rgb"]


def test_means_are_over_pictures() -> None:
    program = load(find("iqlut-tiny-x4"))
    both = mean_scores(program, [PHOTO[:32, :32], PHOTO[:40, :40]])
    each = [mean_scores(program, [picture]) for picture in (PHOTO[:32, :32], PHOTO[:40, :40])]
    for way, scores in both.items():
        np.testing.assert_allclose(scores, np.mean([one[way] for one in each], axis=0))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, [str(find("iqlut-tiny-x4")), "--data", str(tmp_path)])
    assert result.exit_code == 2
    assert "must hold images" in result.stderr


def test_rgb_psnr_by_hand() -> None:
    a = np.zeros((4, 4, 3), np.uint8)
    b = a.copy()
    b[0] = 99
    assert rgb_psnr(a, np.full_like(a, 5), 1) == pytest.approx(20 * np.log10(51))
    assert rgb_psnr(a, b + np.uint8(1), 1) == pytest.approx(20 * np.log10(255))

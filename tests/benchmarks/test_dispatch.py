"""Patches shared between two programs: the ends are the programs themselves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.dispatch import SHARES, Patches, dispatched, main, reads_alone
from lutscale.golden.pictures.bicubic import downscale
from lutscale.golden.pictures.image import sample_photo, write_png
from lutscale.golden.pictures.quality import psnr
from lutscale.golden.program_file import load
from lutscale.golden.zoo import find

PHOTO = sample_photo("astronaut")[100:148, 200:240]


def test_the_ends_are_the_programs(tmp_path: Path) -> None:
    write_png(tmp_path / "photo.png", PHOTO)
    words = ["iqlut-tiny-x4", "lutscale-tiny-x4", "--data", str(tmp_path), "--side", "4"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["share"] for line in lines] == 2 * list(SHARES)
    for end, name in ((0, "lutscale-tiny-x4"), (len(SHARES) - 1, "iqlut-tiny-x4")):
        program = load(find(name))
        wanted = psnr(program.run_image(downscale(PHOTO, 4)), PHOTO, shave=4)
        for line in (lines[end], lines[end + len(SHARES)]):
            assert line["psnr"] == pytest.approx(wanted, abs=1e-3)
            assert line["reads"] == program.reads
    best = max(line["psnr"] for line in lines[: len(SHARES)])
    assert best >= max(lines[0]["psnr"], lines[len(SHARES) - 1]["psnr"])


def test_the_oracle_takes_what_gains_most() -> None:
    errors = {"high": np.array([1.0, 5.0, 2.0, 4.0]), "low": np.array([9.0, 6.0, 9.0, 3.0])}
    patches = [Patches(**errors, detail=np.array([0.0, 9.0, 1.0, 0.0]), pixels=4)]
    for oracle, left in ((True, 1 + 6 + 2 + 3), (False, 9 + 5 + 2 + 3)):
        wanted = 10 * np.log10(255**2 / (left / 4))
        assert dispatched(patches, 0.5, oracle=oracle) == pytest.approx(wanted)


def test_a_border_is_paid_for() -> None:
    program = load(find("iqlut-tiny-x4"))
    assert reads_alone(program, 4) > reads_alone(program, 400) > program.reads
    assert reads_alone(program, 4000) == pytest.approx(program.reads, rel=0.01)


def test_scales_that_differ(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["iqlut-s-x4", "iqlut-s-x2", "--data", str(tmp_path)])
    assert result.exit_code == 2
    assert "LOW must enlarge as HIGH does, by 4, not iqlut-s-x2, by 2" in result.stderr

"""The ablation: every variant trains, rows are not trained twice, the table says what was done."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("torch")

from lutscale.golden.pictures.image import sample_photo, write_png
from lutscale.model.ablation import VARIANTS, main, page
from lutscale.model.recipe import Recipe
from lutscale.model.systems import build


@pytest.mark.parametrize("variant", VARIANTS, ids=[variant.folder for variant in VARIANTS])
def test_every_variant_is_a_program(variant: object) -> None:
    program = build("iqlut-hd-x4", {"channels": 2, **variant.options}).export("p")  # type: ignore[attr-defined]
    assert program.scale == 4


def test_names_differ() -> None:
    assert len({variant.folder for variant in VARIANTS}) == len(VARIANTS)


def test_a_run_with_a_teacher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for k, name in enumerate(("astronaut", "coffee", "chelsea")):
        write_png(tmp_path / "photos" / f"{k}.png", sample_photo(name)[:160, :160])
    arguments = ["--data", "photos", "--out", "out", "--steps", "2", "--channels", "1"]
    arguments += ["--only", "taught", "--only", "4 bits"]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    text = (tmp_path / "out" / "ablation.md").read_text()
    assert text.count("\n| IQ-LUT, ") == 2
    stamp = (tmp_path / "out" / "iq-lut-taught" / "best.npz").stat().st_mtime_ns
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert (tmp_path / "out" / "iq-lut-taught" / "best.npz").stat().st_mtime_ns == stamp


def test_the_ratio_is_to_ecnn() -> None:
    rows = [
        {"label": "ECNN: 256", "bytes": 1000, "with_roms": 1000, "psnr": 28.0},
        {"label": "IQ-LUT", "bytes": 20, "with_roms": 24, "psnr": 28.5},
    ]
    text = page(rows, Recipe(), 8, "python -m lutscale.model.ablation")
    assert "| IQ-LUT | 20 | 50.0 | 24 | 28.500 |" in text

"""``lutscale zoo``: what the programs and their cards say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lutscale.golden import zoo
from lutscale.golden.program_file import load, save
from lutscale.hw.build import Build
from lutscale.reports.card import card, read_scores
from lutscale.reports.costs import costs
from lutscale.reports.scores import trial_of
from lutscale.reports.zoo import listing, main
from tests.support.family_programs import tinylut_like
from tests.support.random_programs import example_program

ROW = {"images": 5, "psnr": 30.123, "ssim": 0.8712, "psnr_baseline": 28.4, "ssim_baseline": 0.811}


def test_every_program_is_listed_with_what_its_card_says() -> None:
    result = CliRunner().invoke(main, ["--json"])
    assert result.exit_code == 0, result.output
    entries = {entry["name"]: entry for entry in json.loads(result.stdout)}
    assert set(entries) == {*zoo.programs(), *zoo.networks()}
    for name, path in zoo.programs().items():
        program, entry = load(path), entries[name]
        assert entry["table_bytes"] == program.table_bytes
        assert (entry["scale"], entry["reads"]) == (program.scale, program.reads)
        card_text = path.with_suffix(".md").read_text()
        assert entry["scores"], name
        for found, row in entry["scores"].items():
            assert f"| {found} | {row['images']} | {row['psnr']:.3f} | {row['ssim']:.4f} |" in (
                card_text
            )


def test_the_table_shows_names_bytes_and_scores() -> None:
    result = CliRunner(env={"COLUMNS": "120"}).invoke(main, [])
    assert result.exit_code == 0, result.output
    for entry in listing(zoo.programs()):
        row = next(line for line in result.stdout.splitlines() if f" {entry['name']} " in line)
        assert f" {entry['table_bytes']:,} " in row
        for score in entry["scores"].values():
            assert f" {score['psnr']:.3f} " in row
    assert "Super-resolution, luma PSNR in dB" in result.stdout
    assert "Greyscale denoising, PSNR in dB" in result.stdout


def test_the_smallest_of_the_largest_scale_comes_first(tmp_path: Path) -> None:
    made = {"b": example_program(1, 2), "a": example_program(2, 3), "c": tinylut_like(4)}
    for name, program in made.items():
        save(program, tmp_path / f"{name}.npz")
    entries = listing({name: tmp_path / f"{name}.npz" for name in made})
    assert [entry["name"] for entry in entries][:2] == ["a", "b"]
    assert entries[0]["scores"] == {}


@pytest.mark.parametrize("name", ["iqlut-tiny-x4", "tinylut-f-denoise-25"])
def test_scores_are_read_as_they_were_written(name: str) -> None:
    program = load(zoo.find(name))
    sets = {"Set5": ROW, "my set (2)": {**ROW, "images": 1, "psnr": 7.0}}
    text = card(program, trial_of(program), costs(program, Build()), sets, name)
    assert read_scores(text) == sets


def test_other_texts_have_no_scores() -> None:
    assert read_scores("# A card\n\n| a | b |\n|---|---|\n| Set5 | 5 | good | 1 | 2 | 3 |\n") == {}

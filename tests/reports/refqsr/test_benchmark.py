"""Networks of mixed precision in `lutscale benchmark`, on their cards, and in the zoo's table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from lutscale.golden.pictures.image import sample_photo, write_png
from lutscale.golden.refqsr import network_file
from lutscale.reports import quality
from lutscale.reports.card import read_scores
from lutscale.reports.refqsr.benchmark import curve
from lutscale.reports.refqsr.card import COSTS, read_costs
from lutscale.reports.zoo import network_table, networks
from tests.support.refqsr.networks import network


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("benchmark")
    write_png(made / "data" / "Set5" / "a.png", sample_photo("chelsea")[:60, :100])
    for name, dispatched in (("some-x2", False), ("some-refqsr-x2", True)):
        network_file.save(network(1, dispatched=dispatched, name=name), made / f"{name}.npz")
    words = [*(str(made / f"{n}.npz") for n in ("some-x2", "some-refqsr-x2")), "--card"]
    words += ["--data", str(made / "data"), "--out", str(made / "out")]
    result = CliRunner().invoke(quality.main, words)
    assert result.exit_code == 0, result.output
    return made


def test_what_is_written(folder: Path) -> None:
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        "benchmark.json", "benchmark.md", "bitops.png"
    ]  # fmt: skip
    found = json.loads((folder / "out" / "benchmark.json").read_text())
    assert found["programs"] == []
    plain, shared = (entry["sets"]["Set5"] for entry in found["networks"])
    assert (plain["patches"], plain["fab"], plain["body_saved"]) == (1, 8, 0)
    assert 0 < shared["share"] < 1
    assert shared["share"] == shared["references"] / shared["patches"]
    assert 3 <= shared["fab"] <= 8
    text = (folder / "out" / "benchmark.md").read_text()
    assert f"| {plain['psnr']:.3f} | {plain['ssim']:.4f} | 100.0 % | 8.00 |" in text
    assert curve(found["networks"])[:4] == b"\x89PNG"


def test_cards_say_the_same(folder: Path) -> None:
    found = json.loads((folder / "out" / "benchmark.json").read_text())
    for entry in found["networks"]:
        text = (folder / f"{entry['name']}.md").read_text()
        row = entry["sets"]["Set5"]
        assert read_scores(text)["Set5"]["psnr"] == round(row["psnr"], 3)
        costs = read_costs(text)["Set5"]
        assert costs.keys() == COSTS.keys()
        assert costs["body"] == pytest.approx(row["body"], abs=500)
        assert costs["body_saved"] == pytest.approx(row["body_saved"], abs=5e-4)


def test_the_listing_takes_them_from_the_cards(folder: Path) -> None:
    files = {name: folder / f"{name}.npz" for name in ("some-refqsr-x2", "some-x2")}
    entries = networks(files)
    assert [entry["body"] for entry in entries] == ["8 and 4", "8"]
    console = Console(width=120, record=True)
    console.print(network_table(entries))
    text = console.export_text()
    for entry in entries:
        assert f" {entry['scores']['Set5']['psnr']:.3f} " in text
        assert f"{entry['costs']['Set5']['body_saved']:.1%}" in text

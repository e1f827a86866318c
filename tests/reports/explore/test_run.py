"""The command: what it writes, that it goes on where it was stopped, and what it refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from lutscale.hw.estimates import estimate
from lutscale.hw.plan import Plan
from lutscale.reports.explore import run
from lutscale.reports.explore.design import Design, Network, evaluated
from lutscale.reports.explore.journal import Journal

SPACE = {
    "scale": 2,
    "grids": [
        {"symmetry": [None, "p4"], "channels": [4, 6], "blocks": [0, 1], "nodes": [2]},
    ],
}
BUILD = {
    "clocks_per_pixel": 16,
    "pixels_per_beat": 1,
    "max_width": 32,
    "max_height": 24,
    "target": "ecp5-25f",
}


def explore(folder: Path, *words: str) -> Result:
    """Run the command on a small space, whose display is slow enough for small hardware."""
    path = folder / "space.json"
    path.write_text(json.dumps(SPACE))
    given = ["--space", str(path), "--need", "320x240@30", "--out", str(folder / "out")]
    return CliRunner().invoke(run.main, [*given, "--designs", "10", "--workers", "1", *words])


@pytest.mark.slow
def test_a_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = explore(tmp_path)
    assert result.exit_code == 0, result.output
    out = tmp_path / "out"
    report = json.loads((out / "explore.json").read_text())
    # Two trained programs, six shapes that can be built, and two whose shares do not divide.
    assert (len(report["designs"]), len(report["refused"])) == (8, 2)
    assert {r["reason"] for r in report["refused"]} == {
        "channels must be a multiple of 4, the shares of p4, not 6"
    }
    rows = list(csv.DictReader((out / "designs.csv").open()))
    assert [row["reason"] for row in rows[8:]] == [r["reason"] for r in report["refused"]]
    programs = {r["program"]: r for r in report["designs"] if r["program"]}
    assert programs["iqlut-s-x2"]["psnr"]["set5_db"] == 37.156
    assert all(r["psnr"]["from"] is None for r in report["designs"] if not r["program"])
    assert report["fronts"]["320x240@30 bytes"]
    picture = Image.open(out / "front_320x240@30_bytes.png")
    assert picture.format == "PNG"
    assert json.loads(result.stdout.splitlines()[-1])["designs"] == 8
    # Again: nothing is computed, all is the same. A design that the journal lost is.
    lines = (out / "designs.jsonl").read_text().splitlines()
    (out / "designs.jsonl").write_text("\n".join(lines[:-1]) + "\n" + lines[-1][:40])
    computed: list[str] = []

    def counted(designs: list[Design]) -> list[dict[str, Any]]:
        computed.extend(design.key for design in designs)
        return evaluated(designs)

    monkeypatch.setattr(run, "evaluated", counted)
    assert explore(tmp_path).exit_code == 0
    assert computed == [json.loads(lines[-1])["key"]]
    assert json.loads((out / "explore.json").read_text()) == report


def test_records_have_the_figures_of_the_plan() -> None:
    design = Design(Network.shape(2, {"channels": 4, "blocks": 0, "nodes": 2}), **BUILD)
    (record,) = evaluated([design])
    plan = Plan(design.network.made(), design.build)
    assert record["reason"] is None
    assert (record["on_chip_bytes"], record["blocks"]) == (plan.on_chip_bytes, plan.blocks)
    assert (record["comb"], record["ff"]) == (estimate(plan).comb, estimate(plan).ff)
    assert record["frame_clocks"] == 32 * 24 * 16
    assert record["reach"] == [5, 5]
    assert record["over"] is None


def test_what_is_too_large_for_a_device_says_so() -> None:
    network = Network.shape(4, {"channels": 16, "blocks": 1})
    (record,) = evaluated([Design(network, **{**BUILD, "pixels_per_beat": 4})])
    assert "LFE5U-25F has too little: " in record["over"]
    assert "of 19,430 lookup tables, 80% of 24,288" in record["over"]


def test_a_journal_keeps_each_design_once(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    journal = Journal(path, "code")
    assert journal.add([{"key": "a", "code": "code"}, {"key": "b", "code": "code"}]) == 2
    assert journal.add([{"key": "a", "code": "code", "late": 1}]) == 0
    assert len(path.read_text().splitlines()) == 2
    with path.open("a") as file:
        file.write('{"key": "c", "code": "other"}\n{"key": "d", "co')
    again = Journal(path, "code")
    assert again.records == journal.records
    assert len(path.read_text().splitlines()) == 2
    with pytest.raises(ValueError, match="code of a worker must be that of this machine, code"):
        again.add([{"key": "e", "code": "other"}])


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--need", "8k60"], "need must be 4k60, 1080p60 or WIDTHxHEIGHT@RATE"),
        (["--target", "ecp6"], "target must be one of"),
        (["--budget", "0"], "budget must be in 1.."),
        (["--designs", "0"], "designs must be in 1.."),
        (["--clock", "0"], "clock must be 1 to 10000 MHz, not 0"),
        (["--workers", "-1"], "workers must be in 0..1024, not -1"),
        (["--results", "nowhere.json"], "nowhere.json"),
        (["--space", "nowhere.json"], "nowhere.json"),
    ],
)
def test_bad_input(tmp_path: Path, words: list[str], text: str) -> None:
    result = explore(tmp_path, *words)
    assert result.exit_code == 2
    assert text in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    result = explore(tmp_path)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "--out must be a folder, not the file" in result.stderr
    assert (tmp_path / "out").read_text() == "mine"

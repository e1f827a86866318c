"""Trials of shapes: trained once each, wherever, and read back as results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lutscale.golden.pictures.image import SAMPLE_PHOTOS, sample_photo, write_png
from lutscale.reports.explore import run, training
from lutscale.reports.explore.design import Network
from lutscale.reports.explore.journal import Journal
from lutscale.reports.explore.known import read_results
from lutscale.reports.explore.training import (
    Training,
    as_results,
    learnt,
    train_all,
    training_stamp,
    trainings,
)
from tests.support.cluster import KillingJournal, two_workers

STEPS = 2


def wanted(data: Path, count: int) -> list[Training]:
    """Small shapes, all different."""
    shapes = (
        Network.shape(2, {"channels": channels, "blocks": 0, "nodes": nodes})
        for nodes in (2, 3)
        for channels in range(2, 20)
    )
    records = [{"scale": 2, "options": json.loads(shape.options)} for shape in shapes]
    return trainings(records[:count], steps=STEPS, rate=1e-3, data=data)


def made_up(one: Training) -> dict[str, Any]:
    """In place of `learnt`."""
    figures = {"validation_db": 30.0 + len(one.options) / 1000, "table_bytes": 99, "images": 3}
    return {"key": one.key, "code": training_stamp(), **vars(one), **figures}


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for name in SAMPLE_PHOTOS:
        write_png(folder / f"{name}.png", sample_photo(name)[60:140, 100:200])
    return folder


@pytest.mark.slow
def test_a_worker_is_killed_in_the_middle(photographs: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    tasks = wanted(photographs, 6)
    with two_workers(tmp_path) as scheduler:
        journal = KillingJournal(tmp_path / "dask.jsonl", training_stamp(), scheduler)
        records = train_all(tasks, journal, workers=1, scheduler=scheduler)
    assert journal.killed
    assert [record["key"] for record in records] == [task.key for task in tasks]
    lines = [json.loads(line) for line in journal.path.read_text().splitlines()]
    assert sorted(line["key"] for line in lines) == sorted(task.key for task in tasks)
    # What a worker learnt is what this machine learns.
    assert learnt(tasks[0]) == records[0]
    assert 10 < records[0]["validation_db"] < 60


def test_what_is_there_is_not_trained_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def counted(one: Training) -> dict[str, Any]:
        asked.append(one.key)
        return made_up(one)

    monkeypatch.setattr(training, "learnt", counted)
    tasks = wanted(tmp_path, 4)
    path = tmp_path / "a.jsonl"
    first = train_all(tasks[:2], Journal(path, training_stamp()), workers=1, scheduler=None)
    both = train_all(tasks, Journal(path, training_stamp()), workers=1, scheduler=None)
    assert both[:2] == first
    assert asked == [task.key for task in tasks]
    # Other steps are another training.
    other = trainings([{"scale": 2, "options": {}}] * 2, steps=STEPS + 1, rate=1e-3, data=tmp_path)
    assert other[0] == other[1]
    assert other[0].key not in asked


def test_results_are_read_by_the_explorer(tmp_path: Path) -> None:
    records = [made_up(task) for task in wanted(tmp_path, 3)]
    path = tmp_path / "trained.json"
    path.write_text(as_results(records, "a command"))
    found = read_results(path)
    assert [score.validation for _, score in found] == [r["validation_db"] for r in records]
    assert {(score.steps, score.set5, score.source) for _, score in found} == {
        (STEPS, None, "a command")
    }
    assert [json.loads(network.options) for network, _ in found] == [
        json.loads(record["options"]) for record in records
    ]


def explore(folder: Path, *words: str) -> Result:
    space = folder / "space.json"
    grid = {"channels": [4, 6, 8], "blocks": [0], "nodes": [2], "residual": [False]}
    space.write_text(json.dumps({"scale": 2, "grids": [grid]}))
    given = ["--space", str(space), "--target", "ecp5-25f", "--designs", "5", "--workers", "1"]
    return CliRunner().invoke(run.main, [*given, "--out", str(folder / "out"), *words])


@pytest.mark.slow
def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "learnt", made_up)
    need = ("--need", "320x240@30")
    result = explore(tmp_path, *need, "--train", "1", "--steps", "7", "--data", str(tmp_path))
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "out" / "explore.json").read_text())
    (answer,) = report["answers"].values()
    (trial,) = (r for r in report["designs"] if r["key"] in answer["trials"])
    assert trial["key"] not in answer["next"]
    (own,) = trial["psnr"]["trials"]
    assert own["steps"] == 7
    assert own["series"].startswith("7 steps, rate 0.0016, batch 16 of 32x32, seed 1")
    # Later runs know it, too.
    assert explore(tmp_path, *need).exit_code == 0
    again = json.loads((tmp_path / "out" / "explore.json").read_text())
    assert again["answers"] == report["answers"]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--train", "1", "--data", "."], "--train must stand beside --need, which says what"),
        (["--need", "4k60", "--train", "1", "--data", "gone"], "--data must be a folder of photog"),
        (["--need", "4k60", "--train", "-1"], "train must be in 0..10000, not -1"),
        (["--need", "4k60", "--train", "1", "--steps", "0"], "steps must be in 1.."),
        (
            ["--need", "4k60", "--train", "1", "--data", ".", "--rate", "2"],
            "rate must be above 0 and below 1, not 2",
        ),
    ],
)
def test_bad_input(tmp_path: Path, words: list[str], text: str) -> None:
    result = explore(tmp_path, *words)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert text in result.stderr
    assert not (tmp_path / "out").exists()

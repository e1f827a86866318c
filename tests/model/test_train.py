"""Training runs: they fall, resume exactly, and stop with a reason."""

from __future__ import annotations

import json
import re
import resource
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from lutscale.golden.errors import InputError
from lutscale.golden.layers import Requantise, Residual
from lutscale.golden.pictures.noise import noisy
from lutscale.golden.program import Program
from lutscale.golden.program_file import load
from lutscale.model.data import find_images, load_grey, load_pairs
from lutscale.model.losses import LOSSES
from lutscale.model.recipe import Recipe
from lutscale.model.systems import SYSTEMS, hklut, tinylut
from lutscale.model.train import validate
from lutscale.model.trainer import Trainer
from tests.support.model.runs import (
    NAME,
    RECIPE,
    assert_same_program,
    assert_same_state,
    checkpoint,
    run,
)


def test_what_a_run_leaves(unbroken: Path) -> None:
    assert sorted(path.name for path in unbroken.iterdir()) == [
        "best.npz",
        "curve.png",
        "last.pt",
        "log.jsonl",
    ]
    entries = [json.loads(line) for line in (unbroken / "log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in entries] == [10, 20, 30, 40]
    assert checkpoint(unbroken)["history"] == entries
    assert checkpoint(unbroken)["best"] == max(entry["psnr"] for entry in entries)


def test_the_program_says_how_it_was_made(unbroken: Path) -> None:
    program = load(unbroken / "best.npz")
    assert (program.name, program.scale) == (NAME, 4)
    made = program.provenance
    assert made["images"] == 3
    assert {key: made[key] for key in ("steps", "batch", "patch", "rate", "seed")} == {
        "steps": 40,
        "batch": 4,
        "patch": 8,
        "rate": 3e-3,
        "seed": 1,
    }
    assert made["step"] in (10, 20, 30, 40)


def test_the_loss_falls(unbroken: Path) -> None:
    history = checkpoint(unbroken)["history"]
    assert history[-1]["loss"] < 0.95 * history[0]["loss"]
    assert history[-1]["psnr"] > history[0]["psnr"] + 0.1


def test_a_log_gets_a_line_a_check_and_no_bar(
    photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(photographs, tmp_path)
    said = capsys.readouterr()
    assert said.err == ""
    history = checkpoint(tmp_path)["history"]
    assert said.out.splitlines() == [
        f"{NAME}: step {entry['step']} of 40, loss {entry['loss']:.3f}, {entry['psnr']:.3f} dB, "
        f"best {max(e['psnr'] for e in history[: k + 1]):.3f} dB"
        for k, entry in enumerate(history)
    ]


def test_the_same_seed_gives_the_same_run(
    unbroken: Path, photographs: Path, tmp_path: Path
) -> None:
    run(photographs, tmp_path)
    assert_same_state(checkpoint(unbroken), checkpoint(tmp_path))


def test_another_seed_gives_another_run(photographs: Path, tmp_path: Path) -> None:
    pairs = load_pairs(find_images(photographs), 4, photographs.parent / "cache", 8)
    trainers = [Trainer(NAME, Recipe(batch=2, patch=8, seed=seed), pairs) for seed in (1, 2)]
    entries = [t.network.state_dict()["layers.0.entries"] for t in trainers]
    assert not torch.equal(*entries)
    assert trainers[0].advance() != trainers[1].advance()


@pytest.mark.parametrize("stop", [20, 25])
def test_a_killed_run_goes_on_as_if_nothing_was(
    unbroken: Path, photographs: Path, tmp_path: Path, stop: int
) -> None:
    run(photographs, tmp_path, stop_after=stop)
    assert checkpoint(tmp_path)["step"] == stop
    run(photographs, tmp_path, resume=True)
    assert_same_state(checkpoint(unbroken), checkpoint(tmp_path))
    assert_same_program(unbroken / "best.npz", tmp_path / "best.npz")
    assert (unbroken / "log.jsonl").read_text() == (tmp_path / "log.jsonl").read_text()


def test_a_crashed_run_goes_on_from_its_last_check(
    unbroken: Path, photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance = Trainer.advance

    def crash(trainer: Trainer) -> float:
        if trainer.step == 27:
            raise KeyboardInterrupt
        return advance(trainer)

    monkeypatch.setattr(Trainer, "advance", crash)
    with pytest.raises(KeyboardInterrupt):
        run(photographs, tmp_path)
    assert checkpoint(tmp_path)["step"] == 20
    monkeypatch.undo()
    run(photographs, tmp_path, resume=True)
    assert_same_state(checkpoint(unbroken), checkpoint(tmp_path))


def test_resuming_a_finished_run_changes_nothing(
    unbroken: Path, photographs: Path, tmp_path: Path
) -> None:
    (tmp_path / "last.pt").write_bytes((unbroken / "last.pt").read_bytes())
    run(photographs, tmp_path, resume=True)
    assert_same_state(checkpoint(unbroken), checkpoint(tmp_path))


def test_without_resume_a_run_starts_again(
    unbroken: Path, photographs: Path, tmp_path: Path
) -> None:
    (tmp_path / "last.pt").write_bytes((unbroken / "last.pt").read_bytes())
    run(photographs, tmp_path, stop_after=3)
    assert checkpoint(tmp_path)["step"] == 3


def test_resume_without_a_checkpoint_starts(photographs: Path, tmp_path: Path) -> None:
    run(photographs, tmp_path / "new", resume=True, stop_after=2)
    assert checkpoint(tmp_path / "new")["step"] == 2


def test_a_checkpoint_of_another_recipe_is_refused(
    unbroken: Path, photographs: Path, tmp_path: Path
) -> None:
    (tmp_path / "last.pt").write_bytes((unbroken / "last.pt").read_bytes())
    other = Recipe(steps=40, batch=4, patch=8, rate=1e-3, average=0.9, seed=1, check=10)
    with pytest.raises(InputError, match=r"checkpoint recipe must be .*0\.001.*, not .*0\.003"):
        run(photographs, tmp_path, other, resume=True)
    assert_same_state(checkpoint(unbroken), checkpoint(tmp_path))


def test_a_checkpoint_of_another_network_is_refused(
    unbroken: Path, photographs: Path, tmp_path: Path
) -> None:
    state = {**checkpoint(unbroken), "name": "ecnn-tiny-x2"}
    torch.save(state, tmp_path / "last.pt")
    with pytest.raises(InputError, match=f"checkpoint name must be {NAME}, not ecnn-tiny-x2"):
        run(photographs, tmp_path, resume=True)


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04 half"])
def test_a_damaged_checkpoint_is_refused(photographs: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "last.pt").write_bytes(content)
    with pytest.raises(InputError, match=re.escape(str(tmp_path / "last.pt"))):
        run(photographs, tmp_path, resume=True)


def test_a_checkpoint_from_before_a_field_of_the_recipe_was_added(
    unbroken: Path, photographs: Path, tmp_path: Path
) -> None:
    state = checkpoint(unbroken)
    del state["recipe"]["loss"]
    torch.save(state, tmp_path / "last.pt")
    run(photographs, tmp_path, resume=True)
    assert checkpoint(tmp_path)["step"] == 40


@pytest.fixture
def small_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    """Members of the other families that train in seconds."""
    monkeypatch.setitem(SYSTEMS, "small-hklut", lambda: hklut((2,), width=8, depth=1))
    monkeypatch.setitem(SYSTEMS, "small-s", lambda: tinylut(2, channels=4, codes=30))
    monkeypatch.setitem(
        SYSTEMS, "small-denoise", lambda: tinylut(1, channels=4, blocks=1, sigma=25)
    )


@pytest.mark.slow
@pytest.mark.usefixtures("small_systems")
@pytest.mark.parametrize("name", ["small-hklut", "small-s", "small-denoise"])
@pytest.mark.parametrize("loss", ["l1", "l2"])
def test_every_family_learns_and_resumes(
    photographs: Path, tmp_path: Path, name: str, loss: str
) -> None:
    recipe = replace(RECIPE, steps=60, patch=16, check=20, loss=loss, tables=0.5)
    run(photographs, tmp_path / "whole", recipe, name)
    whole = checkpoint(tmp_path / "whole")
    assert whole["history"][-1]["psnr"] > whole["history"][0]["psnr"]
    # Before, at and behind the step at which tables begin to train as entries.
    for stop in (29, 30, 31):
        run(photographs, tmp_path / "parts", recipe, name, stop_after=stop, resume=stop > 29)
    run(photographs, tmp_path / "parts", recipe, name, resume=True)
    assert_same_state(whole, checkpoint(tmp_path / "parts"))
    assert_same_program(tmp_path / "whole" / "best.npz", tmp_path / "parts" / "best.npz")
    assert load(tmp_path / "whole" / "best.npz").provenance["loss"] == loss


@pytest.mark.usefixtures("small_systems")
def test_enumerated_tables_become_entries_in_time(photographs: Path, tmp_path: Path) -> None:
    recipe = replace(RECIPE, steps=10, tables=0.3)
    run(photographs, tmp_path, recipe, "small-hklut", stop_after=7)
    for part in ("network", "averaged"):
        assert not checkpoint(tmp_path)[part]["layers.0.direct"]
    run(photographs, tmp_path, recipe, "small-hklut", resume=True)
    for part in ("network", "averaged"):
        assert checkpoint(tmp_path)[part]["layers.0.direct"]


def test_a_denoiser_is_scored_on_noisy_grey_pictures(photographs: Path) -> None:
    pairs = load_grey(find_images(photographs), 8)
    same = Residual(0)  # the frame twice over, as value 0 is added to itself
    half = Requantise(np.array([1]), 1, 0, 255)
    program = Program("same", 1, (same, half))
    noisy_pairs = [replace(pair, lr=noisy(pair.hr[..., 0], 25, 1)[..., None]) for pair in pairs]
    assert validate(program, noisy_pairs) == pytest.approx(20.3, abs=0.4)
    assert validate(program, pairs) == np.inf


def test_a_loss_that_is_no_number_stops_the_run(
    unbroken: Path, photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = torch.nn.functional.l1_loss, []

    def broken(*args: Any, **options: Any) -> torch.Tensor:
        calls.append(1)
        return real(*args, **options) * (float("nan") if len(calls) == 26 else 1.0)

    monkeypatch.setitem(LOSSES, "l1", broken)
    with pytest.raises(InputError, match="loss must stay finite, not nan at step 25: lower --rate"):
        run(photographs, tmp_path)
    # The last good checkpoint goes on to the very end of an unbroken run.
    assert checkpoint(tmp_path)["step"] == 20
    monkeypatch.undo()
    run(photographs, tmp_path, resume=True)
    assert_same_state(checkpoint(unbroken), checkpoint(tmp_path))


@pytest.mark.parametrize("check", [1, 7])
def test_a_rate_far_too_large_stops_the_run(photographs: Path, tmp_path: Path, check: int) -> None:
    recipe = Recipe(steps=30, batch=2, patch=8, rate=1e30, check=check)
    with pytest.raises(InputError, match="must stay finite"):
        run(photographs, tmp_path, recipe)
    if (tmp_path / "last.pt").exists():
        for name, value in checkpoint(tmp_path)["network"].items():
            assert torch.isfinite(value).all(), name
        load(tmp_path / "best.npz")


def test_gradients_that_are_no_numbers_never_reach_a_checkpoint(
    photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = torch.nn.utils.clip_grad_norm_
    calls: list[int] = []

    def broken(parameters: Any, limit: float) -> torch.Tensor:
        given = list(parameters)
        calls.append(1)
        if len(calls) == 20:
            given[0].grad.fill_(float("nan"))
        return clip(given, limit)

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", broken)
    # Step 20 spoils the weights and is checked at once, before any loss shows it.
    with pytest.raises(InputError, match="must stay finite"):
        run(photographs, tmp_path)
    assert checkpoint(tmp_path)["step"] == 10
    for name, value in checkpoint(tmp_path)["network"].items():
        assert torch.isfinite(value).all(), name


@pytest.mark.parametrize("most", [1000, 10_000], ids=["program", "checkpoint"])
def test_a_full_disk_keeps_the_last_checkpoint(
    unbroken: Path, photographs: Path, tmp_path: Path, most: int, capsys: object
) -> None:
    """No file may grow beyond so many bytes: the program does not fit, or the checkpoint.

    What is printed is captured in memory, or its file would be the one that is too large.
    """
    run(photographs, tmp_path, stop_after=20)
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, kept[1]))
    try:
        with pytest.raises(OSError, match="File too large") as caught:
            run(photographs, tmp_path, resume=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)
    name = "best.npz" if most < 5000 else "last.pt"
    assert caught.value.filename == str(tmp_path / name)
    assert checkpoint(tmp_path)["step"] == 20
    assert not list(tmp_path.glob(".*.part"))
    resumed = run(photographs, tmp_path, resume=True)
    assert_same_state(checkpoint(unbroken), checkpoint(tmp_path))
    assert_same_program(unbroken / "best.npz", resumed)

"""A teacher asked eight times."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch

from lutscale.golden.program_file import load
from lutscale.model.data import find_images, load_pairs
from lutscale.model.systems import build
from lutscale.model.teacher import turned_mean
from lutscale.model.trainer import Trainer
from tests.support.model.runs import NAME, RECIPE, run


def test_the_mean_is_that_of_all_eight_ways() -> None:
    torch.manual_seed(1)
    network = build("iqlut-s-x2", {"blocks": 1, "nodes": 3, "entry_bits": 6, "symmetry": None})
    frames = torch.randint(0, 256, (2, 1, 9, 9)).float()
    with torch.no_grad():
        found = turned_mean(network, frames)
        assert not torch.equal(found, network(frames))
        # The mean of a group's results keeps its symmetry, whatever the network.
        for moved, wanted in (
            (frames.rot90(1, (-2, -1)), found.rot90(1, (-2, -1))),
            (frames.flip(-1), found.flip(-1)),
        ):
            torch.testing.assert_close(turned_mean(network, moved), wanted, rtol=0, atol=1e-4)


def test_a_symmetric_teacher_says_the_same_eight_times() -> None:
    torch.manual_seed(1)
    network = build("iqlut-s-x2", {"blocks": 1, "nodes": 3, "entry_bits": 6})
    frames = torch.randint(0, 256, (2, 1, 9, 9)).float()
    with torch.no_grad():
        # A rounding tie may fall otherwise in one of the eight.
        torch.testing.assert_close(turned_mean(network, frames), network(frames), rtol=0, atol=0.2)


def test_it_teaches(unbroken: Path, photographs: Path, tmp_path: Path) -> None:
    recipe = replace(
        RECIPE, steps=2, check=2, teacher=str(unbroken / "last.pt"), distil=1.0, teacher_turns=True
    )
    pairs = load_pairs(find_images(photographs), 4, photographs.parent / "cache", 8)
    trainer = Trainer(NAME, recipe, pairs)
    lr, _ = next(trainer.stream)
    assert trainer.teacher is not None
    with torch.no_grad():
        wanted = (trainer.network(lr) - turned_mean(trainer.teacher, lr)).abs().mean()
    assert Trainer(NAME, recipe, pairs).advance() == pytest.approx(float(wanted), rel=1e-5)
    made = load(run(photographs, tmp_path, recipe)).provenance
    assert made["teacher_turns"] is True

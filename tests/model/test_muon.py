"""Muon: steps of equal singular values, for the hidden tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch

from lutscale.golden.errors import InputError
from lutscale.golden.program_file import load
from lutscale.model.data import find_images, load_pairs
from lutscale.model.layers import TapTablesTwin
from lutscale.model.muon import Muon, hidden_tables, orthogonalised
from lutscale.model.systems import build
from lutscale.model.trainer import Trainer
from tests.support.model.runs import (
    NAME,
    RECIPE,
    assert_same_program,
    assert_same_state,
    checkpoint,
    run,
)

MUON = replace(RECIPE, optimiser="muon")


@pytest.fixture(autouse=True)
def _same_start() -> None:
    torch.manual_seed(6)


@pytest.mark.parametrize("shape", [(6, 40), (16, 16), (50, 8)])
def test_singular_values_are_about_one(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape)
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    change = orthogonalised(matrix)
    inside = u.T @ change @ v.T
    diagonal = inside.diagonal()
    torch.testing.assert_close(inside, torch.diag(diagonal), atol=1e-4, rtol=0)
    # The quintic lifts what is small against the rest: not all the way in so few rounds.
    assert 0.5 < float(diagonal.median()) < 1.3
    assert float(diagonal.max()) < 1.3


def test_nothing_moves_without_a_gradient() -> None:
    assert torch.equal(orthogonalised(torch.zeros(3, 5)), torch.zeros(3, 5))


def hidden(symmetry: str | None, channels: int = 8) -> TapTablesTwin:
    role = None if symmetry is None else "mix"
    return TapTablesTwin(channels, channels, (3, 3), nodes=3, symmetry=symmetry, role=role)


@pytest.mark.parametrize("symmetry", [None, "p4", "p4m"])
def test_a_step_is_as_tied_as_the_gradient(symmetry: str | None) -> None:
    """The full matrix of the step is that of what is stored, and orthogonal."""
    twin = hidden(symmetry)
    before = twin.entries.detach().clone()
    twin.entries.grad = torch.randn_like(twin.entries)
    Muon([twin], rate=1.0).step()
    change = (twin.entries - before).detach()
    full = change if twin.tie is None else twin.tie.full(change)
    gradient = twin.entries.grad if twin.tie is None else twin.tie.full(twin.entries.grad)
    wanted = orthogonalised(gradient.flatten(1)).reshape(gradient.shape)
    size = 0.4 * gradient[0].numel() ** 0.5
    torch.testing.assert_close(full, -size * wanted, atol=1e-3, rtol=1e-3)
    rms = float(change.square().mean().sqrt())
    assert 0.25 < rms < 0.5


def test_rows_that_only_the_stored_have_would_be_another_step() -> None:
    twin = hidden("p4m", 16)
    gradient = torch.randn_like(twin.entries)
    assert twin.tie is not None
    full = orthogonalised(twin.tie.full(gradient).flatten(1))[: len(gradient)]
    alone = orthogonalised(gradient.flatten(1))
    assert float((full[:, : alone.shape[1]] - alone).norm() / alone.norm()) > 0.1


def test_momentum_looks_ahead() -> None:
    """Two steps are those of the formula."""
    twin, rate, momentum = hidden(None, 4), 0.01, 0.9
    muon = Muon([twin], rate, momentum)
    at, average = twin.entries.detach().clone(), torch.zeros_like(twin.entries)
    for _ in range(2):
        gradient = torch.randn_like(twin.entries)
        twin.entries.grad = gradient
        muon.step()
        average = momentum * average + (1 - momentum) * gradient
        ahead = momentum * average + (1 - momentum) * gradient
        size = rate * 0.4 * gradient[0].numel() ** 0.5
        at = at - size * orthogonalised(ahead.flatten(1)).reshape(at.shape)
        torch.testing.assert_close(twin.entries.detach(), at)


def test_the_first_and_the_last_tables_are_left_to_adam(photographs: Path) -> None:
    pairs = load_pairs(find_images(photographs), 4, photographs.parent / "cache", 8)
    adam, muon = (Trainer(NAME, recipe, pairs) for recipe in (RECIPE, MUON))
    assert adam.advance() == muon.advance()
    moved = {
        name
        for (name, mine), yours in zip(
            adam.network.named_parameters(), muon.network.parameters(), strict=True
        )
        if not torch.equal(mine, yours)
    }
    (twin,) = hidden_tables(muon.network)
    names = {id(p): name for name, p in muon.network.named_parameters()}
    assert moved == {names[id(twin.entries)]}
    entries = [p for o in muon.optimisers.values() for g in o.param_groups for p in g["params"]]
    assert sorted(map(id, entries)) == sorted(
        id(p) for p in muon.network.parameters() if p.requires_grad
    )


def test_a_run_resumes_to_the_same_result(photographs: Path, tmp_path: Path) -> None:
    recipe = replace(MUON, steps=8, check=4)
    whole = run(photographs, tmp_path / "whole", recipe)
    run(photographs, tmp_path / "broken", recipe, stop_after=5)
    broken = run(photographs, tmp_path / "broken", recipe, resume=True)
    assert_same_state(checkpoint(whole.parent), checkpoint(broken.parent))
    assert_same_program(whole, broken)
    assert load(whole).provenance["optimiser"] == "muon"


def test_lines_move_by_muon_and_their_entries_by_adam(photographs: Path) -> None:
    options = {"lines": 4, "channels": 4, "blocks": 1}
    recipe = replace(MUON, steps=4, tables=0.5, options=options)
    pairs = load_pairs(find_images(photographs), 4, photographs.parent / "cache", 8)
    trainer = Trainer("tinylut-f-x4", recipe, pairs)
    (twin,) = hidden_tables(trainer.network)
    assert twin.kernel == (1, 1)
    assert twin.lines is not None
    before = twin.lines.detach().clone()
    trainer.advance()
    trainer.advance()
    assert not torch.equal(twin.lines, before)
    trainer.advance()
    lines, entries = twin.lines.detach().clone(), twin.entries.detach().clone()
    trainer.advance()
    assert torch.equal(twin.lines, lines)
    assert not torch.equal(twin.entries, entries)


def test_networks_without_such_tables() -> None:
    for name in ("hklut-s-x4", "ecnn-tiny-x4", "tinylut-s-x4", "srresnet-s-x4"):
        with pytest.raises(InputError, match="optimiser must be adam for a network without inter"):
            hidden_tables(build(name))
    with pytest.raises(InputError, match="optimiser must be one of adam, muon, not 'sgd'"):
        replace(RECIPE, optimiser="sgd")

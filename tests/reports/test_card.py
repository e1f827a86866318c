"""Cards: what they say of a program, and that those of the zoo are true."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lutscale.golden.program import Program
from lutscale.golden.program_file import load
from lutscale.hw.build import Build
from lutscale.reports.card import card
from lutscale.reports.costs import costs
from lutscale.reports.provenance import trained_on
from lutscale.reports.scores import find_sets, measure, suitable, trial_of
from tests.support.family_programs import hklut_like, symmetric_like, tinylut_like

ZOO = Path(__file__).parents[2] / "model" / "zoo"


@pytest.fixture(scope="module")
def tiny() -> Program:
    return load(ZOO / "iqlut-tiny-x4.npz")


def card_of(program: Program) -> str:
    trial = trial_of(program, sigma=25)
    cost = costs(program, Build(max_width=64))
    return card(program, trial, cost, {}, "p.npz")


def test_cards_tell_of_a_symmetry(tiny: Program) -> None:
    """Seeds 1 and 2: p4 and p4m, x2 and x3."""
    assert "tied" not in card_of(tiny)
    assert "tied under p4: a frame that is turned gives" in card_of(symmetric_like(1))
    text = card_of(symmetric_like(2))
    assert "tied under p4m: a frame that is turned or mirrored gives the very result" in text


def test_cards_say_how_a_program_was_made(tiny: Program) -> None:
    made = {"images": 7, "sets": ["DIV2K", "T91"], "steps": 50, "rate": 0.001, "loss": "l2"}
    made |= {"tables": 0.6, "step": 40, "seconds": 120, "machine": "cpu", "note": "By night."}
    text = card_of(replace(tiny, provenance=made))
    assert "--steps 50 --rate 0.001 --loss l2" in text
    assert "7 photographs of DIV2K, T91; every 20th file" in text
    assert "DIV2K, which papers train on, is among them. squared error" not in text
    assert "DIV2K, which papers train on, is among them. Squared error, Adam, codes" in text
    assert "The checkpoint of step 40 did best on the validation split, 2 minutes into" in text
    assert "\n\nBy night.\n" in text
    assert "--start" not in text
    oldest = {"name": "q", "step": 2, "steps": 3, "loss": "l2"}
    first = {
        "start": "0.pt",
        "started": oldest,
        "name": "p",
        "step": 7,
        "steps": 9,
        "options": {"blocks": 1},
        "candidates": 1,
    }
    later = {
        "steps": 5,
        "candidates": 2,
        "start": "a/last.pt",
        "teacher": "b/last.pt",
        "distil": 0.25,
        "options": {"nodes": [5, 3]},
        "machine": "cpu, 1 threads, compiled",
        "started": first,
    }
    text = card_of(replace(tiny, provenance=later))
    assert (
        f"    lutscale train {tiny.name} --data FOLDER --steps 5 --candidates 2 "
        "--start a/last.pt --teacher b/last.pt --distil 0.25 --set nodes=[5,3] --compile\n"
    ) in text
    assert "`a/last.pt` is what step 7 of this run had left:" in text
    assert "    lutscale train p --data FOLDER --steps 9 --start 0.pt --set bl" in text
    assert "`0.pt` is what step 2 of this run had left:" in text
    assert "    lutscale train q --data FOLDER --steps 3 --loss l2\n" in text
    text = card_of(replace(tiny, provenance={**later, "start": "iqlut-l-x4"}))
    assert "\n`iqlut-l-x4` is step 7 of this run:" in text
    text = card_of(replace(tiny, provenance={**later, "start": tiny.name}))
    assert f"The `{tiny.name}` before this one is step 7 of this run:" in text
    pruned = {"steps": 5, "keep": 0.5, "teacher": "t.pt", "distil": 0.5, "teacher_turns": True}
    moved = {**pruned, "optimiser": "muon"}
    text = card_of(replace(tiny, provenance=moved))
    assert "--steps 5 --keep 0.5 --optimiser muon --teacher" in text
    assert "L1 loss, Muon and Adam, codes and entries" in text
    lines = {**moved, "tables": 0.1, "options": {"lines": 6}}
    assert "then entries as deployed for the last 10%" in card_of(replace(tiny, provenance=lines))
    assert "codes and entries" in card_of(replace(tiny, provenance={**lines, "tables": 1.0}))
    text = card_of(replace(tiny, provenance={**pruned, "gradients": "bfloat16"}))
    assert (
        "--steps 5 --keep 0.5 --gradients bfloat16 --teacher t.pt --distil 0.5 --teacher-turns\n"
    ) in text
    # As a shell takes it.
    made["options"] = {"symmetry": "p4"}
    assert "--set 'symmetry=\"p4\"'\n" in card_of(replace(tiny, provenance=made))
    text = card_of(replace(hklut_like(0), provenance=made))
    assert "tables are enumerated from small networks, then trained for the last 60% of" in text
    assert "Not recorded in the program." in card_of(hklut_like(0))
    imported = replace(hklut_like(0), provenance={"family": "HKLUT", "imported": "hk"})
    assert "Tables released by the authors of HKLUT, read from `hk` by" in card_of(imported)
    assert "Greyscale denoising, sigma 25: 3 layers" in card_of(tinylut_like(4))


ODD: list[Any] = [None, True, "25", "a\nb\ud800", 10**400, -1.5, float("inf"), [], [1, None]]
ODD += [{"a": [{}]}, "x" * 5000]
TOLD = "images sets steps step seconds machine note options start started teacher distil loss"
TOLD += (
    " tables family rate sigma task late_patch candidates keep gradients optimiser teacher_turns"
)


@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value)[:12])
def test_no_provenance_stops_a_card(tiny: Program, value: Any) -> None:
    fields = TOLD.split()
    for started in ({}, {"started": dict.fromkeys(fields, value)}):
        made = dict.fromkeys(fields, value) | started
        for program in (replace(tiny, provenance=made), replace(hklut_like(0), provenance=made)):
            for text in (card_of(program), trained_on(program)):
                assert text.encode()
                assert max(map(len, text.splitlines())) < 30_000
        assert card_of(replace(tiny, provenance={**made, "imported": value})).encode()


@pytest.mark.parametrize("path", sorted(ZOO.glob("*.npz")), ids=lambda path: path.stem)
def test_every_card_belongs_to_its_program(path: Path) -> None:
    program = load(path)
    text = path.with_suffix(".md").read_text()
    assert text.startswith(f"# {program.name}\n")
    assert f"{program.table_bytes:,} bytes" in text
    assert path.stat().st_size < max(130_000, program.table_bytes)


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(ZOO.glob("*.npz")), ids=lambda path: path.stem)
def test_every_card_tells_the_truth(path: Path, data_folder: Path) -> None:
    text = path.with_suffix(".md").read_text()
    program = load(path)
    trial = trial_of(program)
    sets = suitable(trial, find_sets(data_folder, ("Set5", "Set14", "Set12")))
    for name, images in sets.items():
        row = measure([program], images, trial)[0]
        assert f"| {name} | {row['images']} | {row['psnr']:.3f} | {row['ssim']:.4f} |" in text

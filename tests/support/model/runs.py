"""Short training runs, and what they leave."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from lutscale.golden.program import Program
from lutscale.golden.program_file import load
from lutscale.model.recipe import Recipe
from lutscale.model.train import train

NAME = "iqlut-tiny-x4"
RECIPE = Recipe(steps=40, batch=4, patch=8, rate=3e-3, average=0.9, seed=1, check=10)


def run(
    photographs: Path, out: Path, recipe: Recipe = RECIPE, name: str = NAME, **options: Any
) -> Path:
    """Train, with the cache beside the photographs."""
    return train(name, photographs, out, recipe, cache=photographs.parent / "cache", **options)


def checkpoint(out: Path) -> dict[str, Any]:
    """What a run left to resume from."""
    state: dict[str, Any] = torch.load(out / "last.pt", weights_only=True)
    return state


def assert_same_state(first: Any, second: Any, where: str = "") -> None:
    """Compare checkpoints, but for the seconds they took."""
    if isinstance(first, dict):
        assert first.keys() == second.keys(), where
        for key in first:
            if key != "seconds":
                assert_same_state(first[key], second[key], f"{where}/{key}")
    elif isinstance(first, list):
        assert len(first) == len(second), where
        for k, pair in enumerate(zip(first, second, strict=True)):
            assert_same_state(*pair, f"{where}/{k}")
    elif isinstance(first, torch.Tensor):
        assert torch.equal(first, second), where
    else:
        assert first == second, where


def assert_same_program(first: Path, second: Path) -> None:
    """Compare program files, but for the seconds they took."""
    programs = [load(path) for path in (first, second)]
    assert programs[0].name == programs[1].name
    made = [{**program.provenance, "seconds": 0} for program in programs]
    assert made[0] == made[1]
    assert_same_layers(*programs)


def assert_same_layers(first: Program, second: Program) -> None:
    """Compare all parameters and tables."""
    for mine, yours in zip(first.layers, second.layers, strict=True):
        assert mine.params() == yours.params()
        for name, table in mine.tables().items():
            np.testing.assert_array_equal(table, yours.tables()[name])

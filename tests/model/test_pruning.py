"""Functions that are left out stay out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch import nn

from lutscale.golden.errors import InputError
from lutscale.golden.layers import TapTables
from lutscale.golden.program_file import load
from lutscale.model.layers import TapTablesTwin
from lutscale.model.pruning import prune
from lutscale.model.systems import build
from tests.support.model.runs import (
    RECIPE,
    assert_same_program,
    assert_same_state,
    checkpoint,
    run,
)


def test_what_varies_least_is_left_out() -> None:
    twin = TapTablesTwin(1, 2, (1, 3), nodes=3, code_bits=4)
    with torch.no_grad():
        # A constant is no variation; a slope is more than the same in one half only.
        rows = [[5, 5, 5], [0, 1, 0], [-2, 0, 2], [0, 0, 0], [0, 2, 4.5], [0, 0, 0.5]]
        entries = torch.tensor(rows).reshape(2, 1, 3, 3)
        twin.entries.copy_(entries.permute(0, 1, 3, 2)[:, :, :, None])
        prune(nn.ModuleList([twin]), 0.5)
    assert twin.kept is not None
    assert twin.kept.flatten().tolist() == [0, 1, 1, 0, 1, 0]
    assert torch.count_nonzero(twin.entries[0, 0, :, 0, 0]) == 0


@pytest.mark.parametrize("keep", [0.001, 0.25, 0.8])
def test_the_share_of_each_layer(keep: float) -> None:
    torch.manual_seed(1)
    network = build("iqlut-s-x2", {"blocks": 1, "nodes": 3, "entry_bits": 6})
    prune(network, keep)
    for twin in network.modules():
        if isinstance(twin, TapTablesTwin):
            assert twin.kept is not None
            assert int(twin.kept.sum()) == max(1, round(keep * twin.kept.numel()))


def test_a_run_leaves_them_out_to_its_end(
    unbroken: Path, photographs: Path, tmp_path: Path
) -> None:
    recipe = replace(RECIPE, steps=8, check=4, start=str(unbroken / "last.pt"), keep=0.5)
    whole = run(photographs, tmp_path / "whole", recipe)
    for layer in load(whole).layers:
        if isinstance(layer, TapTables):
            used = np.any(layer.entries != 0, axis=3)
            assert used.mean() <= 0.51
            assert used.any()
    run(photographs, tmp_path / "broken", recipe, stop_after=5)
    broken = run(photographs, tmp_path / "broken", recipe, resume=True)
    assert_same_state(checkpoint(whole.parent), checkpoint(broken.parent))
    assert_same_program(whole, broken)
    # What starts from there has no others either, until it trains them.
    with torch.no_grad():
        for name, values in checkpoint(whole.parent)["averaged"].items():
            if name.endswith("entries"):
                assert float((values != 0).any(2).float().mean()) <= 0.51


def test_direct_tables_are_not_pruned() -> None:
    with pytest.raises(InputError, match="keep must be 1 for a network without interpolated tap"):
        prune(build("ecnn-tiny-x2"), 0.5)

"""Networks that grow from smaller ones: they begin by computing the very same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch

from lutscale.golden.errors import InputError
from lutscale.golden.layers import TapTables
from lutscale.model.checkpoint import start_from, write_checkpoint
from lutscale.model.growth import grow
from lutscale.model.layers import TapTablesTwin
from lutscale.model.network import Network
from lutscale.model.systems import build

SMALL: dict[str, Any] = {
    "channels": 8,
    "blocks": 1,
    "nodes": 3,
    "entry_bits": 6,
    "first_kernel": 3,
    "weight_bits": 4,
}


def network(**options: Any) -> Network:
    made = build("iqlut-s-x2", {**SMALL, "symmetry": None, "one_quantiser": False, **options})
    assert isinstance(made, Network)
    return made


def trained(**options: Any) -> Network:
    """Moved away from its start."""
    made = network(**options)
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            size = 0.1 if name.endswith("theta") else 0.1 * parameter.abs().mean()
            parameter.add_(size * torch.randn_like(parameter))
    return made


@pytest.fixture(autouse=True)
def _same_start() -> None:
    torch.manual_seed(1)


FRAME = torch.arange(63.0).reshape(1, 1, 7, 9) * 37 % 256


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"symmetry": "p4m"}, {"symmetry": "p4"}),
        ({"symmetry": "p4m"}, {}),
        ({"symmetry": "p4"}, {}),
        ({"symmetry": "p4m"}, {"symmetry": "p4", "channels": 12}),
        ({"symmetry": "p4"}, {"symmetry": "p4", "channels": 16}),
        ({}, {"channels": 9, "blocks": 3}),
        ({"symmetry": "p4", "one_quantiser": True}, {"symmetry": "p4", "one_quantiser": True}),
        ({}, {"first_kernel": 5, "block_kernels": [[3, 5]]}),
    ],
)
def test_it_begins_as_the_smaller_one(before: dict[str, Any], after: dict[str, Any]) -> None:
    small, large = trained(**before), network(**after)
    assert not torch.equal(small(FRAME), large(FRAME))
    grow(small, large)
    assert torch.equal(small(FRAME), large(FRAME))
    (large(FRAME) ** 2).mean().backward()
    # What is new is not dead: each table has a gradient.
    for name, parameter in large.named_parameters():
        if name.endswith("entries"):
            assert parameter.grad is not None
            assert parameter.grad.abs().sum() > 0, name


def test_divided_segments_are_the_same_lines() -> None:
    """Twice the segments with a bit less of weight: nodes and entries round, little else."""
    small = trained(nodes=3, entry_bits=8, weight_bits=8)
    large = network(nodes=5, entry_bits=8, weight_bits=7)
    grow(small, large)
    for old, new in zip(small.layers, large.layers, strict=True):
        if hasattr(old, "positions"):
            torch.testing.assert_close(new.positions()[::2], old.positions(), atol=0.6, rtol=0)
            assert torch.equal(new.entries[:, :, ::2], old.entries)
    apart = (small(FRAME) - large(FRAME)).abs()
    assert 0 < apart.mean() < 1


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ({}, {"symmetry": "p4"}, "symmetry must be None or less, not p4"),
        ({"symmetry": "p4"}, {"symmetry": "p4m"}, "symmetry must be p4 or less, not p4m"),
        ({}, {"channels": 7}, "channels must be 8 or more, not 7"),
        ({"blocks": 2}, {"blocks": 1}, "layers of tables must be 4 or more, not 3"),
        ({}, {"nodes": 4}, "nodes must be a multiple of 2, and one, not 4"),
        ({"first_kernel": 5}, {}, r"kernels must be 5x5 or more, not \(3, 3\)"),
        (
            {"residual": False},
            {"residual": False, "blocks": 2},
            "blocks must add their input where there are new ones",
        ),
        ({"shared": True, "blocks": 2}, {"blocks": 2}, "blocks must have tables of their own"),
        ({"nodes": None}, {}, "tables must be interpolated and of one group"),
    ],
)
def test_what_does_not_nest(before: dict[str, Any], after: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        grow(network(**before), network(**after))


def write(small: Network, options: dict[str, Any], path: Path) -> None:
    """What training would have left, with what a start takes of it."""
    recipe = {"options": options}
    state = {"name": "iqlut-s-x2", "step": 3, "recipe": recipe, "averaged": small.state_dict()}
    write_checkpoint(state, path)


def test_more_bits_make_entries_finer_and_begin_as_the_fewer(tmp_path: Path) -> None:
    small = trained(symmetry="p4m", entry_bits=[6, 5, 6])
    # Between integers there is what finer entries do not round away.
    small.restore(small.export("small"))
    options = {**SMALL, "symmetry": "p4m", "one_quantiser": False}
    write(small, {**options, "entry_bits": [6, 5, 6]}, tmp_path / "last.pt")
    large = network(symmetry="p4m", entry_bits=[8, 8, 6])
    start_from(str(tmp_path / "last.pt"), large)
    assert torch.equal(small(FRAME), large(FRAME))
    tables = large.export("large").layers[0]
    assert isinstance(tables, TapTables)
    assert (tables.entries % 4 == 0).all()
    assert tables.entries.max() > 31
    # The last tables of another scale are its own.
    other = build("iqlut-s-x3", {**options, "entry_bits": 8})
    assert isinstance(other, Network)
    before = [t.log_scale.clone() for t in other.layers if isinstance(t, TapTablesTwin)]
    start_from(str(tmp_path / "last.pt"), other)
    after = [t.log_scale for t in other.layers if isinstance(t, TapTablesTwin)]
    same = [torch.equal(b, a) for b, a in zip(before, after, strict=True)]
    assert same == [False, False, True]


def test_a_run_starts_from_a_smaller_network(tmp_path: Path) -> None:
    options = {**SMALL, "symmetry": "p4m"}
    small = build("iqlut-s-x2", options)
    assert isinstance(small, Network)
    write(small, options, tmp_path / "last.pt")
    large = build("iqlut-s-x2", {**options, "symmetry": "p4", "channels": 12})
    started = start_from(str(tmp_path / "last.pt"), large)
    assert (started["name"], started["step"]) == ("iqlut-s-x2", 3)
    assert torch.equal(small(FRAME), large(FRAME))
    with pytest.raises(InputError, match="or of a smaller one, not of iqlut-s-x2 .*: scale must"):
        start_from(str(tmp_path / "last.pt"), build("iqlut-s-x3", {**options, "channels": 16}))

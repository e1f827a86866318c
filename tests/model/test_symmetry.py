"""Tied tables in training: the full kernel, shared scales and nodes, programs that may claim it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from lutscale.golden.errors import InputError
from lutscale.golden.layers import Requantise
from lutscale.golden.program_file import load
from lutscale.golden.symmetry import GROUPS, turned_planes
from lutscale.model.checkpoint import start_from, write_checkpoint
from lutscale.model.layers import KINDS, TapTablesTwin
from lutscale.model.network import Network, run_exact
from lutscale.model.systems import build
from tests.support.model.runs import RECIPE, run
from tests.support.random_programs import example_frame


@pytest.fixture(autouse=True)
def _same_start() -> None:
    torch.manual_seed(1)


def tied(symmetry: str, role: str, **options: Any) -> TapTablesTwin:
    """Shares of two channels; an end makes patches of 3 x 3."""
    order = GROUPS[symmetry]
    inputs, outputs = {
        "lift": (1, 2 * order),
        "mix": (2 * order, 2 * order),
        "end": (2 * order, 9),
    }[role]
    kernel = options.pop("kernel", (3, 3))
    return TapTablesTwin(
        inputs, outputs, kernel, nodes=3, code_bits=6, symmetry=symmetry, role=role, **options
    )


def small(symmetry: str = "p4m", scale: int = 2, **options: Any) -> Network:
    """A network of two blocks, moved away from its start."""
    options = {"channels": GROUPS[symmetry], "blocks": 2, "nodes": 3, **options}
    network = build(f"iqlut-s-x{scale}", {"entry_bits": 6, **options, "symmetry": symmetry})
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return network


# ---------------------------------------------------------------- layers


@pytest.mark.slow
@pytest.mark.parametrize("symmetry", GROUPS)
@pytest.mark.parametrize("role", ["lift", "mix", "end"])
@pytest.mark.parametrize("learn_scale", [True, False])
def test_forward_is_the_exported_layer(symmetry: str, role: str, learn_scale: bool) -> None:
    twin = tied(symmetry, role, learn_scale=learn_scale)
    with torch.no_grad():
        twin.log_scale.add_(0.5 * torch.randn_like(twin.log_scale) * learn_scale)
        twin.theta.add_(0.5 * torch.randn_like(twin.theta))
    channels = 1 if role == "lift" else 2 * GROUPS[symmetry]
    x = torch.randint(twin.code_lo, twin.code_hi + 1, (2, channels, 5, 6)).float()
    layer, unit = twin.export(np.ones(channels))
    assert (layer.symmetry, layer.role) == (symmetry, role)
    integers = np.stack([layer.reference([plane]) for plane in x.numpy().astype(np.int32)])
    forward = twin([x]).detach().numpy()
    np.testing.assert_allclose(forward, integers * unit[:, None, None], rtol=1e-4, atol=1e-3)
    exact = KINDS["tap_tables"].exact(layer, [x.long()])
    np.testing.assert_array_equal(exact.numpy(), integers)


@pytest.mark.parametrize("symmetry", GROUPS)
@pytest.mark.parametrize("role", ["lift", "mix", "end"])
def test_every_stored_entry_gets_the_gradient_of_all_its_places(symmetry: str, role: str) -> None:
    twin = tied(symmetry, role)
    assert twin.tie is not None
    weight = torch.randn_like(twin.tie.full(twin.entries))
    (twin.tie.full(twin.entries) * weight).sum().backward()
    expected = np.zeros(twin.entries.numel())
    np.add.at(expected, twin.tie.index.numpy().ravel(), weight.numpy().ravel())
    assert twin.entries.grad is not None
    np.testing.assert_allclose(twin.entries.grad.numpy().ravel(), expected, atol=1e-5)


def test_channels_that_change_places_have_one_scale() -> None:
    assert len(tied("p4m", "lift").log_scale) == len(tied("p4m", "mix").log_scale) == 2
    # Of a 3 x 3 patch: the corners, the edges, the middle.
    end = tied("p4m", "end")
    assert end.tie is not None
    assert end.tie.scale.tolist() == [0, 1, 0, 1, 2, 1, 0, 1, 0]
    assert len(end.log_scale) == 3


# ---------------------------------------------------------------- networks


@pytest.mark.parametrize("symmetry", GROUPS)
@pytest.mark.parametrize(("scale", "shift"), [(2, 0), (3, 0), (4, 0), (4, 2)])
def test_exact_integers_of_a_program_that_claims_its_symmetry(
    symmetry: str, scale: int, shift: int
) -> None:
    network = small(symmetry, scale, shift=shift, channels=2 * GROUPS[symmetry])
    program = network.export("p")
    assert program.symmetry == symmetry
    frame = example_frame(scale, 7, 9)
    result = program.run(frame)
    assert len(np.unique(result)) > 50
    exact = run_exact(program, torch.from_numpy(frame)[None, None])[0, 0].numpy()
    np.testing.assert_array_equal(exact, result)
    for g in range(GROUPS[symmetry]):
        moved = program.run(np.ascontiguousarray(turned_planes(frame, g)))
        np.testing.assert_array_equal(moved, turned_planes(result, g))


def test_a_symmetry_is_lost_with_one_multiplier() -> None:
    """What the claim is checked for does happen."""
    network = small()
    program = network.export("p")
    layers = list(program.layers)
    last = layers[-2]
    assert isinstance(last, Requantise)
    multiplier = last.multiplier.copy()
    multiplier[0] //= 2
    layers[-2] = Requantise(multiplier, last.shift, last.lo, last.hi)
    broken = type(program)("p", program.scale, tuple(layers))
    frame = example_frame(0, 7, 9)
    moved = broken.run(np.ascontiguousarray(turned_planes(frame, 1)))
    assert (moved != turned_planes(broken.run(frame), 1)).any()


def test_layers_with_one_quantiser_share_its_nodes() -> None:
    network = small()
    tables = [layer for layer in network.layers if isinstance(layer, TapTablesTwin)]
    owners = [k for k, layer in enumerate(tables) if hasattr(layer, "theta")]
    assert owners == [0, 1]
    program = network.export("p")
    numbers = [k for k, layer in enumerate(program.layers) if layer.kind == "tap_tables"]
    assert program.quantisers == dict.fromkeys(numbers[2:], numbers[1])
    apart = small(one_quantiser=False).export("p")
    assert apart.quantisers == {}
    assert apart.quantiser_bits > program.quantiser_bits


def test_tied_tables_are_an_eighth() -> None:
    free = build("iqlut-s-x4", {"symmetry": None, "one_quantiser": False}).export("p")
    tied_ = build("iqlut-s-x4").export("p")
    assert free.table_bits == 8 * tied_.table_bits
    assert free.functions == tied_.functions
    assert tied_.table_bytes <= 6_000


def test_a_run_trains_and_exports_a_symmetric_program(photographs: Path, tmp_path: Path) -> None:
    options = {"symmetry": "p4m", "channels": 8, "nodes": 3, "one_quantiser": True}
    program = load(run(photographs, tmp_path, replace(RECIPE, options=options)))
    assert program.symmetry == "p4m"
    assert len(program.quantisers) == 1
    frame = example_frame(0, 7, 9)
    turned = program.run(np.ascontiguousarray(turned_planes(frame, 5)))
    np.testing.assert_array_equal(turned, turned_planes(program.run(frame), 5))


def test_a_start_from_another_scale_keeps_the_nodes_that_layers_share(tmp_path: Path) -> None:
    options = {"channels": 8, "blocks": 2, "nodes": 3, "entry_bits": 6, "symmetry": "p4m"}
    earlier, later = (build(f"iqlut-s-x{scale}", options) for scale in (4, 2))
    with torch.no_grad():
        for parameter in earlier.parameters():
            parameter.add_(0.1)
            parameter.view(-1)[0] += 1
    state = {
        "name": "iqlut-s-x4",
        "step": 1,
        "recipe": {"options": options},
        "averaged": earlier.state_dict(),
    }
    write_checkpoint(state, tmp_path / "last.pt")
    start_from(str(tmp_path / "last.pt"), later)
    tables = [
        [layer for layer in network.layers if isinstance(layer, TapTablesTwin)]
        for network in (earlier, later)
    ]
    for old, new in zip(*tables, strict=True):
        assert torch.equal(old.positions(), new.positions())
    assert torch.equal(tables[0][1].entries, tables[1][1].entries)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"channels": 12}, "channels must be a multiple of 8, the shares of p4m, not 12"),
        ({"symmetry": "p4", "channels": 6}, "a multiple of 4, the shares of p4, not 6"),
        ({"symmetry": "p6"}, "symmetry must be one of p4, p4m, not 'p6'"),
        ({"block_kernels": [[2, 2]]}, "square with an odd side with a symmetry, .*, not 2x2"),
        ({"block_kernels": [[1, 3]]}, "square with an odd side with a symmetry, .*, not 1x3"),
        ({"first_kernel": 4}, "square with an odd side with a symmetry, .*, not 4x4"),
        ({"depthwise": True}, "nodes must be a number and groups 1 with a symmetry, not 3 and 16"),
        ({"nodes": None}, "nodes must be a number and groups 1 with a symmetry, not None and 1"),
        ({"nodes": [5, 3, 3, 3, 3, 5, 3]}, "nodes must be 3 with the quantiser of tables that"),
    ],
)
def test_options_that_do_not_go_with_a_symmetry(options: dict[str, Any], text: str) -> None:
    with pytest.raises(InputError, match=text) as error:
        build("iqlut-s-x4", options)
    assert "\n" not in str(error.value)

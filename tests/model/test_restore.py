"""Networks taken from the programs they were exported to, and runs that start from programs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lutscale.golden.errors import InputError
from lutscale.golden.program_file import load, save
from lutscale.golden.quantiser import Quantiser
from lutscale.golden.zoo import find, programs
from lutscale.model.checkpoint import start_from
from lutscale.model.layers import DiscretiseTwin, PatternTablesTwin, TapTablesTwin
from lutscale.model.layers.node_positions import node_positions
from lutscale.model.network import Network
from lutscale.model.systems import TABLES, build
from tests.support.model.runs import NAME, RECIPE, assert_same_layers, run


def disturbed(name: str, **options: int) -> Network:
    """Moved away from where training starts, with tables of its own."""
    made = build(name, options)
    assert isinstance(made, Network)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.1 * parameter.abs().mean() * torch.randn_like(parameter))
        for twin in made.layers:
            if isinstance(twin, TapTablesTwin) and twin.quantiser_of[0] is None:
                twin.theta.add_(0.4 * torch.randn_like(twin.theta))
    made.project()
    made.to_tables()
    return made


@pytest.mark.parametrize("name", sorted(TABLES))
def test_the_network_of_a_program_exports_the_program(name: str) -> None:
    torch.manual_seed(4)
    program = disturbed(name).export(name)
    torch.manual_seed(5)
    network = build(name)
    assert isinstance(network, Network)
    network.restore(program)
    assert_same_layers(network.export(name), program)


@pytest.mark.parametrize("name", sorted(programs()))
def test_a_program_of_the_zoo_starts_a_network(name: str) -> None:
    program = load(find(name))
    network = build(name, program.provenance.get("options"))
    made = start_from(name, network)
    assert isinstance(network, Network)
    again = network.export(name)
    for layer, wanted in zip(again.layers, program.layers, strict=True):
        for key, table in wanted.tables().items():
            np.testing.assert_array_equal(layer.tables()[key], table)
    frame = np.arange(63, dtype=np.uint8).reshape(7, 9) * 41
    np.testing.assert_array_equal(again.run(frame), program.run(frame))
    assert made == {"name": name, **program.provenance}


def test_lines_end_where_a_program_starts() -> None:
    program = disturbed("tinylut-f-x4", lines=4, channels=4, blocks=1).export("tinylut-f-x4")
    network = build("tinylut-f-x4", {"lines": 4, "channels": 4, "blocks": 1})
    assert isinstance(network, Network)
    network.restore(program)
    assert not any(twin.on_lines for twin in network.layers if isinstance(twin, TapTablesTwin))
    assert_same_layers(network.export("tinylut-f-x4"), program)


def test_codes_that_never_occur_read_the_nearest() -> None:
    """They may occur when the scales have grown."""
    program = disturbed("tinylut-s-x4").export("tinylut-s-x4")
    network = build("tinylut-s-x4")
    assert isinstance(network, Network)
    network.restore(program)
    tables = [
        (twin, layer)
        for twin, layer in zip(network.layers, program.layers, strict=True)
        if isinstance(twin, TapTablesTwin) and twin.discretise[0] is not None
    ]
    beyond = 0
    for twin, layer in tables:
        for c, (first, last) in enumerate(layer.code_ranges.tolist()):
            entries = twin.integer_entries()[:, c].detach()
            start, end = first - int(twin.first[c]), last - int(twin.first[c])
            count = int(twin.counts[c])
            assert (entries[:, :start] == entries[:, start : start + 1]).all()
            assert (entries[:, end:count] == entries[:, end : end + 1]).all()
            beyond += start + count - end - 1
    assert beyond


# The same examples each time: one network in some thousands has a weight so near to a half that
# the rounding of positions to single precision decides about it.
@settings(derandomize=True)
@given(
    st.lists(st.floats(0.02, 1.0), min_size=1, max_size=8),
    st.integers(4, 8),
    st.integers(1, 8),
    st.booleans(),
)
def test_node_positions_have_the_weights_of_the_rom(
    shares: list[float], code_bits: int, fraction_bits: int, signed: bool
) -> None:
    nodes = min(len(shares) + 1, (1 << code_bits) // 8 + 1)
    options = {"code_bits": code_bits, "code_signed": signed, "fraction_bits": fraction_bits}
    twin = TapTablesTwin(1, 1, (1, 1), nodes=nodes, **options)
    with torch.no_grad():
        twin.theta.copy_(torch.log(torch.tensor(shares[: nodes - 1])))
    wanted = twin.quantiser()
    assert wanted is not None
    other = TapTablesTwin(1, 1, (1, 1), nodes=nodes, **options)
    other.place(torch.from_numpy(node_positions(wanted, other.code_lo)))
    found = other.quantiser()
    assert found is not None
    np.testing.assert_array_equal(found.inside(), wanted.inside())


def test_nodes_increase_where_none_have_the_weights() -> None:
    twin = TapTablesTwin(1, 1, (1, 1), nodes=4, fraction_bits=6)
    rom = twin.quantiser()
    assert rom is not None
    weight = rom.weight.copy()
    weight[40] += 3
    found = node_positions(Quantiser(rom.segment, weight, 4, 6), -128)
    assert (found[0], found[-1]) == (-128, 127)
    assert (np.diff(found) > 0).all()


def test_a_run_starts_from_a_program(unbroken: Path, photographs: Path, tmp_path: Path) -> None:
    recipe = replace(RECIPE, steps=1, check=1, rate=1e-9, start=str(unbroken / "best.npz"))
    before, after = load(unbroken / "best.npz"), load(run(photographs, tmp_path, recipe))
    assert_same_layers(before, after)
    assert after.provenance["started"] == {"name": NAME, **before.provenance}


def test_a_program_grows(tmp_path: Path) -> None:
    program = load(find("iqlut-tiny-x4"))
    large = build("iqlut-tiny-x4", {"channels": 6, "blocks": 2})
    assert isinstance(large, Network)
    start_from("iqlut-tiny-x4", large)
    frame = np.arange(63, dtype=np.uint8).reshape(7, 9) * 3
    np.testing.assert_array_equal(large.export("large").run(frame), program.run(frame))


def test_programs_that_do_not_suit(tmp_path: Path) -> None:
    program, path = load(find("iqlut-tiny-x4")), tmp_path / "p.npz"
    made = program.provenance
    prefix = (
        r"p.npz: must be a program of tables that `lutscale train` made, of a shape it still has: "
    )
    for changes, text in (
        ({"provenance": {}}, "it does not say how it was trained"),
        ({"name": "other"}, "name must be one of .*, not 'other'"),
        (
            {"provenance": {**made, "options": {"channels": 8}}},
            r"entries must be \(8, 1, 5, 3, 3\), not \(4, 1, 5, 3, 3\)",
        ),
        (
            {"provenance": {**made, "options": {"blocks": 2}}},
            "layers must be 13 at scale 4, not 10 at scale 4",
        ),
        ({"provenance": {**made, "options": {"depth": 2}}}, "options of .*, not 'depth'"),
        ({"provenance": {**made, "options": 7}}, ""),
    ):
        save(replace(program, **changes), path)
        with pytest.raises(InputError, match=prefix + text):
            start_from(str(path), build("iqlut-tiny-x4"))
    with pytest.raises(InputError, match="networks of mixed precision start from checkpoints"):
        start_from("srresnet-s-pams4-x4", build("iqlut-tiny-x4"))
    save(program, path)
    with pytest.raises(InputError, match="p.npz: must be weights of the same shape, .* channels"):
        start_from(str(path), build("iqlut-tiny-x4", {"channels": 3}))


def test_layers_that_do_not_suit() -> None:
    """Programs whose layers are as many as the network's, but others."""
    hklut, tinylut, iqlut = (
        disturbed(name).export(name) for name in ("hklut-s-x4", "tinylut-s-x4", "iqlut-tiny-x4")
    )
    patterns = next(layer for layer in hklut.layers if layer.kind == "pattern_tables")
    network = build("hklut-l-x4")
    assert isinstance(network, Network)
    twin = next(t for t in network.layers if isinstance(t, PatternTablesTwin))
    with pytest.raises(ValueError, match=r"words must be \[.*\], not \[.*\]"):
        twin.restore(replace(patterns, patterns=patterns.patterns[:1]), None)
    discretise = next(t for t in build("tinylut-s-x4").layers if isinstance(t, DiscretiseTwin))
    with pytest.raises(ValueError, match="requantise must have 128 channels and a shift of 14"):
        discretise.restore(iqlut.layers[1], None)
    layers = list(iqlut.layers)
    layers[1] = tinylut.layers[0]
    tiny = build("iqlut-tiny-x4")
    assert isinstance(tiny, Network)
    with pytest.raises(ValueError, match="layer 1 must be requantise, not split"):
        tiny.restore(SimpleNamespace(layers=layers, scale=4))  # type: ignore[arg-type]


def test_a_weight_that_differs_is_seen() -> None:
    first = disturbed("iqlut-tiny-x4")
    program = first.export("iqlut-tiny-x4")
    with torch.no_grad():
        first.layers[0].entries[0, 0, 0] += 1
    with pytest.raises(AssertionError):
        assert_same_layers(first.export("iqlut-tiny-x4"), program)

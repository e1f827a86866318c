"""Groups, tables tied under them, and programs that claim a symmetry."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lutscale.golden.errors import InputError
from lutscale.golden.layers import TapTables
from lutscale.golden.layers.passes import full_tables, tied_passes
from lutscale.golden.program import Program
from lutscale.golden.program_file import load, save
from lutscale.golden.symmetry import GROUPS, PRODUCTS, inverse, patch_source, turned, turned_planes
from lutscale.golden.value import FRAME, ValueType
from tests.support.family_programs import symmetric_like
from tests.support.random_programs import example_frame, frames

ORDERS = st.sampled_from(sorted(GROUPS.items()))


# ---------------------------------------------------------------- the groups


@pytest.mark.parametrize("order", GROUPS.values())
def test_products_are_a_group(order: int) -> None:
    elements = range(order)
    table = np.array(PRODUCTS)[:order, :order]
    assert set(table.ravel()) == set(elements)
    for g in elements:
        assert sorted(table[g]) == sorted(table[:, g]) == list(elements)
        assert table[0, g] == table[g, 0] == g
        assert table[g, inverse(g)] == table[inverse(g), g] == 0
        for h in elements:
            for k in elements:
                assert table[table[g, h], k] == table[g, table[h, k]]


@pytest.mark.parametrize("g", range(8))
def test_a_turned_plane_holds_at_p_what_the_plane_has_at_turned_p(g: int) -> None:
    plane = np.arange(35).reshape(5, 7)
    moved = turned_planes(plane, g)
    height, width = moved.shape
    for y, x in np.ndindex(height, width):
        # Twice the distance from the middle, so that it is an integer.
        down, right = turned((2 * y - height + 1, 2 * x - width + 1), g)
        assert moved[y, x] == plane[(down + 4) // 2, (right + 6) // 2]
    np.testing.assert_array_equal(turned_planes(moved, inverse(g)), plane)


@pytest.mark.parametrize("g", range(8))
@pytest.mark.parametrize("h", range(8))
def test_a_product_turns_offsets_one_after_the_other(g: int, h: int) -> None:
    assert turned((2, 5), PRODUCTS[g][h]) == turned(turned((2, 5), h), g)
    plane = np.arange(15).reshape(3, 5)
    both = turned_planes(turned_planes(plane, g), h)
    np.testing.assert_array_equal(both, turned_planes(plane, PRODUCTS[g][h]))


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
@pytest.mark.parametrize("g", range(8))
def test_a_patch_is_turned_back(scale: int, g: int) -> None:
    patch = np.arange(scale**2).reshape(scale, scale) * 7
    moved = turned_planes(patch, g).ravel()
    np.testing.assert_array_equal(moved[patch_source(scale, g)], patch.ravel())


# ---------------------------------------------------------------- tied tables


def tied(symmetry: str = "p4", role: str = "mix", **change: Any) -> TapTables:
    """A direct layer of 2-bit codes; a mix has shares of two channels."""
    order = GROUPS[symmetry]
    shapes = {
        "lift": (1, 3, 3, 4, 2),
        "mix": (2 * order, 3, 3, 4, 2),
        "end": (2, 3, 3, 4, 4),
    }
    entries = np.random.default_rng(3).integers(-8, 8, shapes[role], dtype=np.int32)
    given = {"entries": entries, "entry_bits": 4, "code_bits": 2, "symmetry": symmetry}
    return TapTables(**{**given, "role": role, **change})


def test_mixing_follows_its_formula() -> None:
    """``z_g(p) = sum over h and taps of f_(inverse(g) h)(y_h(p + turned tap))``, by hand."""
    layer = tied("p4m")
    x = np.random.default_rng(0).integers(0, 4, (16, 5, 4), dtype=np.int32)
    z = layer.reference([x])
    y, column = 2, 1
    for g in range(8):
        total = np.zeros(2, np.int64)
        for h in range(8):
            u = PRODUCTS[inverse(g)][h]
            for c, i, j in np.ndindex(2, 3, 3):
                down, right = turned((i - 1, j - 1), g)
                row, across = np.clip((y + down, column + right), 0, (4, 3))
                total += layer.entries[2 * u + c, i, j, x[2 * h + c, row, across]]
        assert z[2 * g : 2 * g + 2, y, column].tolist() == total.tolist()


def test_in_p4_shares_are_read_in_cyclic_order() -> None:
    passes = tied_passes("p4", "mix", 4, 1)
    assert [p.sources for p in passes] == [
        (0, 1, 2, 3),
        (1, 2, 3, 0),
        (2, 3, 0, 1),
        (3, 0, 1, 2),
    ]


@pytest.mark.parametrize("symmetry", GROUPS)
@pytest.mark.parametrize("role", ["lift", "mix", "end"])
def test_an_untied_layer_with_copies_computes_the_same(symmetry: str, role: str) -> None:
    layer, order = tied(symmetry, role), GROUPS[symmetry]
    channels = {"lift": 1, "mix": 2 * order, "end": 2 * order}[role]
    x = np.random.default_rng(0).integers(0, 4, (channels, 4, 6), dtype=np.int32)
    untied = layer.untied
    assert (untied.symmetry, untied.role) == (None, None)
    np.testing.assert_array_equal(untied.reference([x]), layer.reference([x]))
    np.testing.assert_array_equal(layer.fast([x]), layer.reference([x]))
    # Stored once; read and evaluated as often as the copies are.
    assert untied.table_bits == order * layer.table_bits
    assert untied.functions == layer.functions
    assert layer.table_bits == layer.entries.size * 4
    types = [FRAME, ValueType(channels, 0, 3)]
    assert untied.output_type(types) == layer.output_type(types)


@pytest.mark.parametrize("role", ["lift", "mix", "end"])
def test_full_tables_take_every_stored_entry_equally_often(role: str) -> None:
    entries = tied("p4m", role).entries
    numbers = np.arange(entries.size).reshape(entries.shape)
    found, counts = np.unique(full_tables(numbers, "p4m", role), return_counts=True)
    assert len(found) == entries.size
    assert set(counts) == {8}


@pytest.mark.parametrize("symmetry", GROUPS)
def test_the_range_of_an_end_is_that_of_all_its_shares(symmetry: str) -> None:
    layer, order = tied(symmetry, "end"), GROUPS[symmetry]
    lows = layer.entries.min(axis=3).sum(axis=(0, 1, 2))
    highs = layer.entries.max(axis=3).sum(axis=(0, 1, 2))
    places = [patch_source(2, g) for g in range(order)]
    made = layer.output_type([FRAME, ValueType(2 * order, 0, 3)])
    assert made.lo == min(sum(lows[p[o]] for p in places) for o in range(4))
    assert made.hi == max(sum(highs[p[o]] for p in places) for o in range(4))


def test_reads_of_a_tied_layer_are_those_of_its_passes() -> None:
    assert [tied("p4m", role).reads for role in ("lift", "mix", "end")] == [72, 1152, 144]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"symmetry": "p6"}, "symmetry must be one of p4, p4m, not 'p6'"),
        ({"role": "turn"}, "role must be one of end, lift, mix, not 'turn'"),
        ({"role": None}, "role must be one of end, lift, mix, not None"),
        ({"symmetry": None}, "role must be None without a symmetry, not 'mix'"),
        (
            {"entries": np.zeros((4, 2, 2, 4, 1), np.int32)},
            "kernel must be square with an odd side, or a turn would move its middle, not 2x2",
        ),
        (
            {"entries": np.zeros((4, 1, 3, 4, 1), np.int32)},
            "kernel must be square with an odd side, or a turn would move its middle, not 1x3",
        ),
        (
            {"entries": np.zeros((6, 3, 3, 4, 1), np.int32)},
            "entries must have a multiple of 4 channels, the shares of p4, not 6",
        ),
        (
            {"entries": np.zeros((12, 3, 3, 4, 1), np.int32), "symmetry": "p4m"},
            "entries must have a multiple of 8 channels, the shares of p4m, not 12",
        ),
        (
            {"entries": np.zeros((1, 3, 3, 4, 8), np.int32), "role": "end"},
            "entries must have r*r outputs, a patch, not 8",
        ),
        ({"groups": 2}, "groups must be 1 for tied tables"),
        ({"rotations": 4}, "rotations must be 1 for tied tables"),
        ({"origin": (0, 0)}, "origin must be None for tied tables"),
        ({"code_ranges": np.array([[0, 3]] * 8)}, "code_ranges must be None for tied tables"),
    ],
)
def test_refused_when_made(change: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        replace(tied(), **change)


@pytest.mark.parametrize(("role", "channels"), [("lift", 4), ("mix", 2), ("end", 2)])
def test_input_of_other_shares_is_refused(role: str, channels: int) -> None:
    with pytest.raises(ValueError, match=r"tap_tables input must have \d channels, not \d"):
        tied("p4", role).output_type([FRAME, ValueType(channels, 0, 3)])


# ---------------------------------------------------------------- programs


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 9999), frame=frames(6))
def test_fast_is_the_reference(seed: int, frame: npt.NDArray[np.uint8]) -> None:
    program = symmetric_like(seed)
    pairs = zip(program.trace(frame), program.trace(frame, reference=True), strict=True)
    for number, (fast, slow) in enumerate(pairs):
        np.testing.assert_array_equal(fast, slow, f"value {number}")


@settings(deadline=None)
@given(seed=st.integers(0, 9999), frame=frames(12))
def test_a_turned_frame_gives_the_turned_result(seed: int, frame: npt.NDArray[np.uint8]) -> None:
    program = symmetric_like(seed)
    assert program.symmetry is not None
    result = program.run(frame)
    for g in range(GROUPS[program.symmetry]):
        moved = program.run(np.ascontiguousarray(turned_planes(frame, g)))
        np.testing.assert_array_equal(moved, turned_planes(result, g))


def test_results_are_no_constants() -> None:
    """What would make equality of turned results worth nothing."""
    for seed in range(12):
        program = symmetric_like(seed)
        result = program.run(example_frame(seed, 9, 7))
        assert len(np.unique(result)) > 20
        assert (result != turned_planes(result, 2)).mean() > 0.5


@pytest.mark.parametrize("seed", range(12))
def test_file_of_a_symmetric_program(tmp_path: Path, seed: int) -> None:
    program = symmetric_like(seed)
    save(program, tmp_path / "a.npz")
    again = load(tmp_path / "a.npz")
    save(again, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert (again.symmetry, again.quantisers) == (program.symmetry, program.quantisers)
    frame = example_frame(seed, 6, 5)
    np.testing.assert_array_equal(again.run(frame), program.run(frame))
    with np.load(tmp_path / "a.npz") as file:
        stored = sum(file[name].size for name in file.files if name.endswith("entries"))
        roms = [name for name in file.files if name.endswith("segment")]
    assert stored == sum(x.entries.size for x in program.layers if isinstance(x, TapTables))
    assert len(roms) == (1 if seed % 3 == 2 else 2)


def test_a_shared_quantiser_counts_once() -> None:
    program = symmetric_like(0)
    own = [layer.quantiser_bits for layer in program.layers if layer.quantiser_bits]
    assert len(own) == 4
    assert program.quantiser_bits == own[0] + own[1]
    assert replace(program, quantisers={}).quantiser_bits == sum(own)


def changed(program: Program, number: int, **change: Any) -> Program:
    layers = list(program.layers)
    layer: Any = layers[number]
    layers[number] = replace(layer, **change)
    return replace(program, layers=tuple(layers))


def unlike(program: Program) -> Program:
    """With the requantise behind the first mix one step off in a single channel."""
    multiplier = program.layers[3].tables().get("multiplier", program.layers[3].multiplier).copy()  # type: ignore[attr-defined]
    multiplier[-1] += 1
    return changed(program, 3, multiplier=multiplier)


@pytest.mark.parametrize(
    ("break_it", "text"),
    [
        (
            unlike,
            "layer 3 (requantise): multiplier must be the same for channels that change places, "
            "for a program of symmetry p4m",
        ),
        (
            lambda p: changed(p, 3, channel_hi=(1, *[2] * (len(p.layers[3].multiplier) - 1))),
            "layer 3 (requantise): ranges must be the same for channels that change places, "
            "for a program of symmetry p4m",
        ),
        (
            lambda p: changed(p, 0, symmetry="p4", entries=np.repeat(p.layers[0].entries, 2, 4)),
            "layer 0 (tap_tables): tables must be tied under a group of 8 elements or more, for a "
            "program of symmetry p4m",
        ),
        (
            lambda p: replace(p, symmetry="p6"),
            "symmetry must be one of p4, p4m, not 'p6'",
        ),
        (
            lambda p: changed(p, 4, channels=tuple(range(8))),
            "layer 4 (residual): channels must be None where symmetries are kept, for a program of "
            "symmetry p4m",
        ),
        (
            lambda p: changed(p, 2, role="lift", entries=p.layers[2].entries),
            "layer 2 (tap_tables): input channels must be planes, not shares, for a program of "
            "symmetry p4m",
        ),
    ],
)
def test_a_claim_that_does_not_hold_is_refused(
    break_it: Callable[[Program], Program], text: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        break_it(symmetric_like(0))


def rewritten(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """A file whose manifest was changed by hand."""
    with np.load(path) as file:
        arrays = dict(file)
    manifest = json.loads(arrays["manifest"].tobytes())
    change(manifest)
    arrays["manifest"] = np.frombuffer(json.dumps(manifest).encode(), np.uint8)
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            lambda m: m["layers"][3]["multiplier"].__setitem__(5, 1),
            "layer 3 (requantise): multiplier must be the same for channels that change places, "
            "for a program of symmetry p4m",
        ),
        (
            lambda m: m["layers"][2].update(symmetry="p4"),
            "layer 3 (requantise): multiplier must have 4 numbers, one a channel, not 8",
        ),
        (lambda m: m.update(symmetry=4), "manifest symmetry must be a string, not 4"),
        (
            lambda m: m["layers"][5].update(quantiser_of=0),
            "layer 5 (tap_tables): segment[52] must be in 0..1, not 2",
        ),
        (
            lambda m: m["layers"][5].update(quantiser_of=7),
            "layer 5 (tap_tables): quantiser_of must be the number of an earlier layer, not 7",
        ),
        (
            lambda m: m["layers"][5].update(quantiser_of=3),
            "layer 5 (tap_tables): segment must be given, but is missing",
        ),
    ],
)
def test_files_that_disagree_with_their_claims(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], text: str
) -> None:
    path = tmp_path / "claims.npz"
    save(symmetric_like(0), path)
    with pytest.raises(InputError, match=f"^{re.escape(f'{path}: {text}')}$"):
        load(rewritten(path, change))


@pytest.mark.parametrize(
    ("quantisers", "text"),
    [
        ({5: 0}, "layer 5 (tap_tables): quantiser must be that of layer 0, but differs"),
        (
            {5: 3},
            "layer 5 (tap_tables): quantiser_of must be the number of an earlier layer with a "
            "quantiser of its own, not 3",
        ),
        (
            {3: 2},
            "layer 3 (requantise): quantiser_of must be given for a layer with a quantiser",
        ),
        ({5: 5}, "layer 5 (tap_tables): quantiser_of must be in 0..4, not 5"),
        (
            {5: 2, 8: 5},
            "layer 8 (tap_tables): quantiser_of must be the number of an earlier layer with a "
            "quantiser of its own, not 5",
        ),
    ],
)
def test_quantisers_that_are_not_shared(quantisers: dict[int, int], text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        replace(symmetric_like(0), quantisers=quantisers)

"""Program files of the right form that say wrong things: each is refused in one line."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from lutscale.golden.program_file import FORMAT, VERSION
from tests.support.golden.program_files import (
    AT,
    REQUANTISE,
    RESIDUAL,
    SHUFFLE,
    TAPS,
    Arrays,
    Manifest,
    parts,
    refusal,
    write,
)
from tests.support.golden.small_programs import huge, small

Change = Callable[[Manifest, Arrays], Any]


def top(**fields: Any) -> Change:
    """Set fields of the manifest."""
    return lambda manifest, _: manifest.update(fields)


def layer(number: int, **fields: Any) -> Change:
    """Set fields of a layer's entry."""
    return lambda manifest, _: manifest["layers"][number].update(fields)


def without(number: int, field: str) -> Change:
    """Take a field out of a layer's entry."""
    return lambda manifest, _: manifest["layers"][number].pop(field)


def table(name: str, array: npt.NDArray[Any]) -> Change:
    """Put a table into the file, or another in its place."""
    return lambda _, arrays: arrays.update({name: array})


def gone(name: str) -> Change:
    """Take a table out of the file."""
    return lambda _, arrays: arrays.pop(name)


def empty(manifest: Manifest, arrays: Arrays) -> None:
    """Take out all layers and all tables."""
    manifest["layers"] = []
    arrays.clear()


def with_table(number: int, name: str) -> Change:
    """Give a layer a table that its kind does not have, named by the manifest."""

    def change(manifest: Manifest, arrays: Arrays) -> None:
        manifest["layers"][number]["tables"] = [name]
        arrays[f"layer{number}.{name}"] = np.zeros(3, np.int8)

    return change


def entries(low: int) -> npt.NDArray[np.int8]:
    """Entries of the right shape, one of them as given."""
    made = np.zeros((1, 2, 2, 3, 4), np.int8)
    made[0, 1, 0, 2, 3] = low
    return made


WRONG: list[tuple[str, Change, tuple[str, ...]]] = [
    # The manifest.
    ("format", top(format="other"), (f"format must be '{FORMAT}', not 'other'",)),
    ("no format", lambda m, _: m.pop("format"), (f"format must be '{FORMAT}', not None",)),
    ("version 2", top(version=2), ("version must be 1, not 2",)),
    ("version true", top(version=True), ("version must be 1, not True",)),
    ("no version", lambda m, _: m.pop("version"), ("version must be 1, not None",)),
    ("no name", lambda m, _: m.pop("name"), ("manifest name must be",)),
    ("name", top(name=7), ("name must be", "not 7")),
    ("name with a path", top(name="../x"), ("name must be letters", "not '../x'")),
    ("no scale", lambda m, _: m.pop("scale"), ("manifest scale must be",)),
    ("scale", top(scale="2"), ("scale must be", "not '2'")),
    ("scale 2.0", top(scale=2.0), ("scale must be", "not 2.0")),
    ("scale true", top(scale=True), ("scale must be", "not True")),
    ("scale 9", top(scale=9), ("scale must be in 1..4, not 9",)),
    ("task", top(task="enlarge"), ("manifest task must be an object, not 'enlarge'",)),
    ("task null", top(task=None), ("manifest task must be an object, not None",)),
    ("no task kind", top(task={}), ("task must be an object with a kind, not {}",)),
    ("task kind", top(task={"kind": "x"}), ("task kind must be one of denoise, enlarge, not 'x'",)),
    (
        "task's sigma",
        top(task={"kind": "denoise", "sigma": "25"}),
        ("sigma must be a number to denoise, not '25'",),
    ),
    (
        "task's scale",
        top(task={"kind": "denoise", "sigma": 25}),
        ("scale must be 1 for a program that denoises, not 2",),
    ),
    ("no layers", lambda m, _: m.pop("layers"), ("manifest layers must be",)),
    ("layers", top(layers={"a": 1}), ("layers must be", "not {'a': 1}")),
    ("layers none", empty, ("layers must be at least one layer, not none",)),
    ("provenance", top(provenance=[1]), ("provenance must be", "not [1]")),
    ("unknown field", top(extra=1), ("extra",)),
    # Tables in the file.
    (
        "table missing",
        gone("layer0.weight"),
        (AT[TAPS], "table layer0.weight must be in the file, but is missing"),
    ),
    ("table stray", table("layer1.x", entries(0)), ("layer1.x",)),
    ("table stray name", table("x", entries(0)), ("tables must be named by the manifest", "x")),
    (
        "entry too large",
        table("layer0.entries", entries(8)),
        (AT[TAPS], "entries[0, 1, 0, 2, 3] must be in -8..7, not 8"),
    ),
    (
        "entry too small",
        table("layer0.entries", entries(-9)),
        (AT[TAPS], "entries[0, 1, 0, 2, 3] must be in -8..7, not -9"),
    ),
    (
        "table's shape",
        table("layer0.entries", np.zeros((1, 2, 2, 4, 4), np.int8)),
        (AT[TAPS], "entries must have shape nxnxnx3xn, not 1x2x2x4x4"),
    ),
    (
        "table of floats",
        table("layer0.entries", np.zeros((1, 2, 2, 3, 4))),
        (AT[TAPS], "entries must be an integer array, not float64"),
    ),
    (
        "segment's length",
        table("layer0.segment", np.zeros(128, np.uint8)),
        (AT[TAPS], "must", "128"),
    ),
    (
        "segment out of range",
        table("layer0.segment", np.full(256, 2, np.uint8)),
        (AT[TAPS], "segment[0] must be in 0..1, not 2"),
    ),
    (
        "weight out of range",
        table("layer0.weight", np.full(256, 4, np.uint8)),
        (AT[TAPS], "weight[0] must be in 0..3, not 4"),
    ),
    # What a layer's entry says, of any kind.
    ("entry no object", lambda m, _: m["layers"].insert(0, "x"), ("layer 0", "must be", "x")),
    ("no kind", without(TAPS, "kind"), ("layer 0: kind must be one of", "not None")),
    ("kind", layer(TAPS, kind="conv"), ("layer 0: kind must be one of", "not 'conv'")),
    ("kind a list", layer(TAPS, kind=["conv"]), ("layer 0: kind must be one of", "['conv']")),
    ("tables a number", layer(TAPS, tables=1), (AT[TAPS], "tables must be", "not 1")),
    ("tables a word", layer(RESIDUAL, tables="ab"), (AT[RESIDUAL], "tables must be", "not 'ab'")),
    ("tables null", layer(RESIDUAL, tables=None), (AT[RESIDUAL], "tables must be", "not None")),
    ("tables of numbers", layer(TAPS, tables=[1]), (AT[TAPS], "table", "must be", "1")),
    ("foreign table", with_table(RESIDUAL, "x"), (AT[RESIDUAL], "x")),
    # Tap tables.
    ("no tables", layer(TAPS, tables=[]), ("must be given, but is missing",)),
    ("no entry_bits", without(TAPS, "entry_bits"), (AT[TAPS], "entry_bits must be given")),
    ("no code_bits", without(TAPS, "code_bits"), (AT[TAPS], "code_bits must be given")),
    ("no code_signed", without(TAPS, "code_signed"), (AT[TAPS], "code_signed must be given")),
    ("no fraction_bits", without(TAPS, "fraction_bits"), (AT[TAPS], "fraction_bits must be")),
    ("no nodes", without(TAPS, "nodes"), (AT[TAPS],)),
    (
        "entry_bits",
        layer(TAPS, entry_bits="8"),
        (AT[TAPS], "entry_bits must be an integer in 2..8, not '8'"),
    ),
    ("code_bits", layer(TAPS, code_bits=8.0), (AT[TAPS], "code_bits must be an integer")),
    ("nodes", layer(TAPS, nodes=[3]), (AT[TAPS], "nodes must be an integer in 2..256, not [3]")),
    ("code_signed 0", layer(TAPS, code_signed=0), (AT[TAPS], "code_signed must be", "not 0")),
    ("code_signed null", layer(TAPS, code_signed=None), (AT[TAPS], "code_signed must be")),
    ("unknown in tap tables", layer(TAPS, extra=1), (AT[TAPS], "extra")),
    # Requantise.
    ("no multiplier", without(REQUANTISE, "multiplier"), (AT[REQUANTISE], "multiplier must be")),
    ("no shift", without(REQUANTISE, "shift"), (AT[REQUANTISE], "shift must be given")),
    ("no lo", without(REQUANTISE, "lo"), (AT[REQUANTISE], "lo must be given")),
    (
        "multiplier's length",
        layer(REQUANTISE, multiplier=[1, 2]),
        (AT[REQUANTISE], "multiplier must have 4 numbers, one a channel, not 2"),
    ),
    (
        "multiplier too large",
        layer(REQUANTISE, multiplier=[1, 2, 3, 65536]),
        (AT[REQUANTISE], "multiplier[3] must be in 0..65535, not 65536"),
    ),
    ("multiplier a word", layer(REQUANTISE, multiplier="x"), (AT[REQUANTISE], "multiplier must")),
    ("multiplier a float", layer(REQUANTISE, multiplier=[1.0] * 4), (AT[REQUANTISE], "float64")),
    ("multiplier mixed", layer(REQUANTISE, multiplier=[1, "a"]), (AT[REQUANTISE], "multiplier")),
    (
        "multiplier ragged",
        layer(REQUANTISE, multiplier=[1, [2, 3]]),
        (AT[REQUANTISE], "multiplier must be"),
    ),
    ("shift", layer(REQUANTISE, shift=None), (AT[REQUANTISE], "shift must be an integer")),
    ("shift 41", layer(REQUANTISE, shift=41), (AT[REQUANTISE], "shift must be in 1..40, not 41")),
    ("hi below lo", layer(REQUANTISE, lo=9, hi=8), (AT[REQUANTISE], "hi must be in 9..")),
    (
        "a channel's lo a word",
        layer(REQUANTISE, channel_lo="x"),
        (AT[REQUANTISE], "channel_lo must be a list of integers, not 'x'"),
    ),
    (
        "too many channels' hi",
        layer(REQUANTISE, lo=0, hi=9, channel_hi=[1] * 5),
        (AT[REQUANTISE], "channel_hi must have 4 numbers, not 5"),
    ),
    ("unknown in requantise", layer(REQUANTISE, extra=1), (AT[REQUANTISE], "extra")),
    # Residual.
    ("no source", without(RESIDUAL, "source"), (AT[RESIDUAL], "source must be given")),
    ("no gain", without(RESIDUAL, "gain"), (AT[RESIDUAL], "gain must be given")),
    ("no lo in residual", without(RESIDUAL, "lo"), (AT[RESIDUAL], "lo must be given")),
    ("source", layer(RESIDUAL, source="0"), (AT[RESIDUAL], "source must be an integer")),
    (
        "source to come",
        layer(RESIDUAL, source=3),
        (AT[RESIDUAL], "source must be the number of an earlier value (0..2), not 3"),
    ),
    (
        "upsample",
        layer(RESIDUAL, upsample="cubic"),
        (AT[RESIDUAL], "upsample must be one of bilinear, nearest, none, not 'cubic'"),
    ),
    ("upsample a list", layer(RESIDUAL, upsample=[]), (AT[RESIDUAL], "upsample must be one of")),
    ("scale of residual", layer(RESIDUAL, scale=3), (AT[RESIDUAL], "must give 4 channels, not 9")),
    ("unknown in residual", layer(RESIDUAL, extra=1), (AT[RESIDUAL], "extra")),
    # Pixel shuffle, and the whole.
    ("no scale in shuffle", without(SHUFFLE, "scale"), (AT[SHUFFLE], "scale must be given")),
    ("scale of shuffle", layer(SHUFFLE, scale=3), (AT[SHUFFLE], "a multiple of 9 channels")),
    ("unknown in shuffle", layer(SHUFFLE, extra=1), (AT[SHUFFLE], "extra")),
    ("no last layer", lambda m, _: m["layers"].pop(), ("the last layer must give 1 channels",)),
]


@pytest.mark.parametrize(("change", "texts"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_a_file_that_says_wrong_things(
    tmp_path: Path, change: Change, texts: tuple[str, ...]
) -> None:
    manifest, arrays = parts(small(), tmp_path / "a.npz")
    changed, tables = copy.deepcopy(manifest), dict(arrays)
    change(changed, tables)
    path = tmp_path / "b.npz"
    write(path, changed, tables)
    line = refusal(path)
    for text in texts:
        assert text in line


def test_a_file_whose_accumulator_is_too_wide(tmp_path: Path) -> None:
    manifest: Manifest = {"format": FORMAT, "version": VERSION, "name": "huge", "scale": 1}
    manifest["layers"] = []
    arrays: Arrays = {}
    for k, made in enumerate(huge()):
        tables = made.tables()
        manifest["layers"].append({"kind": made.kind, "tables": sorted(tables), **made.params()})
        arrays |= {f"layer{k}.{name}": np.asarray(array) for name, array in tables.items()}
    path = tmp_path / "a.npz"
    write(path, manifest, arrays)
    assert refusal(path) == "layer 2 (tap_tables): accumulator must fit 32 bits, not 33"

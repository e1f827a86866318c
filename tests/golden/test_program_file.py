"""The program file: what is written comes back, and every bad file is refused in one line."""

from __future__ import annotations

import copy
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings

from lutscale.golden.errors import InputError
from lutscale.golden.program import Program
from lutscale.golden.program_file import FORMAT, VERSION, load, save
from lutscale.golden.task import ENLARGE, Task
from tests.family_programs import tinylut_like
from tests.golden.small_programs import huge, small
from tests.random_programs import example_program, frames, programs

Manifest = dict[str, Any]
Arrays = dict[str, npt.NDArray[Any]]

TAPS, REQUANTISE, RESIDUAL, SHUFFLE = 0, 1, 2, 4
"""Where the layers of `small` stand."""


def parts(program: Program, path: Path) -> tuple[Manifest, Arrays]:
    """What a program's file holds."""
    save(program, path)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    return json.loads(arrays.pop("manifest").tobytes()), arrays


def write(path: Path, manifest: Any, arrays: Arrays) -> None:
    """A file of the format, whatever it says."""
    text = np.frombuffer(json.dumps(manifest).encode(), np.uint8)
    np.savez(path, allow_pickle=True, **{"manifest": text, **arrays})


def refusal(path: Path) -> str:
    """The line a file is refused with, less the file's name that it starts with."""
    with pytest.raises(InputError) as caught:
        load(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: ")
    assert "\n" not in line
    reason = line.removeprefix(f"{path}: ")
    assert "must" in reason
    # What Python says of itself helps nobody who wrote a file.
    for phrase in ("__init__", "unhashable", "not iterable", "inhomogeneous", "If you trust"):
        assert phrase not in reason
    return reason


# ---------------------------------------------------------------- there and back


@settings(max_examples=40, deadline=None)
@given(program=programs((1, 2, 3, 4)), frame=frames(8))
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory, program: Program, frame: npt.NDArray[np.uint8]
) -> None:
    path = tmp_path_factory.mktemp("programs") / "a.npz"
    save(program, path)
    back = load(path)
    assert (back.name, back.scale, back.task, back.provenance) == (
        program.name,
        program.scale,
        program.task,
        program.provenance,
    )
    assert back.types == program.types
    for mine, yours in zip(program.layers, back.layers, strict=True):
        assert type(mine) is type(yours)
        assert mine.params() == yours.params()
        assert mine.tables().keys() == yours.tables().keys()
        for name, table in mine.tables().items():
            np.testing.assert_array_equal(table, yours.tables()[name])
            assert table.dtype.itemsize == 1
    np.testing.assert_array_equal(back.run(frame), program.run(frame))


def test_the_same_program_gives_the_same_bytes(tmp_path: Path) -> None:
    first, again, back = (tmp_path / name for name in ("first.npz", "again.npz", "back.npz"))
    save(small(), first)
    save(small(), again)
    save(load(first), back)
    assert first.read_bytes() == again.read_bytes() == back.read_bytes()


def test_what_the_file_holds(tmp_path: Path) -> None:
    manifest, arrays = parts(small(), tmp_path / "a.npz")
    assert (manifest["format"], manifest["version"]) == (FORMAT, VERSION)
    assert (manifest["name"], manifest["scale"]) == ("small-x2", 2)
    assert manifest["task"] == {"kind": "enlarge"}
    assert manifest["provenance"] == {"seed": 1, "note": "naïve"}
    assert {n: a.dtype.name for n, a in arrays.items()} == {
        "layer0.entries": "int8",
        "layer0.segment": "uint8",
        "layer0.weight": "uint8",
    }
    assert manifest["layers"][RESIDUAL] == {
        "kind": "residual",
        "tables": [],
        "source": 0,
        "upsample": "bilinear",
        "scale": 2,
        "gain": 1,
        "lo": -8160,
        "hi": 8160,
    }
    # What this file writes by hand is what `save` writes.
    write(tmp_path / "b.npz", manifest, arrays)
    assert load(tmp_path / "b.npz").types == small().types


def test_the_task_comes_back(tmp_path: Path) -> None:
    denoiser = replace(tinylut_like(4), task=Task("denoise", 25))
    manifest, _ = parts(denoiser, tmp_path / "a.npz")
    assert manifest["task"] == {"kind": "denoise", "sigma": 25}
    assert load(tmp_path / "a.npz").task == denoiser.task


@pytest.mark.parametrize(
    ("scale", "provenance", "task"),
    [
        (1, {"task": "denoise", "sigma": 25}, Task("denoise", 25)),
        (1, {"sigma": 7.5}, Task("denoise", 7.5)),
        (2, {"task": "denoise", "sigma": 25}, ENLARGE),
        (1, {}, ENLARGE),
        (1, {"sigma": "25"}, ENLARGE),
        (1, {"sigma": 0}, ENLARGE),
        (1, {"sigma": True}, ENLARGE),
        (1, {"sigma": 10**400}, ENLARGE),
        (1, {"sigma": [25]}, ENLARGE),
    ],
    ids=repr,
)
def test_files_from_before_there_were_tasks(
    tmp_path: Path, scale: int, provenance: dict[str, Any], task: Task
) -> None:
    program = replace(tinylut_like(4) if scale == 1 else small(), provenance=provenance)
    manifest, arrays = parts(program, tmp_path / "a.npz")
    assert load(tmp_path / "a.npz").task == ENLARGE
    del manifest["task"]
    write(tmp_path / "b.npz", manifest, arrays)
    assert load(tmp_path / "b.npz").task == task


def test_save_makes_the_folder_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.npz"
    save(small(), path)
    save(small(), path)
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.npz"
    save(small(), path)
    before = path.read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(OSError, match="no space"):
        save(example_program(1), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_provenance_must_be_json(tmp_path: Path) -> None:
    program = Program("p", 2, small().layers, {"psnr": float("nan")})
    with pytest.raises(ValueError, match="JSON compliant"):
        save(program, tmp_path / "a.npz")
    assert not list(tmp_path.iterdir())


# ---------------------------------------------------------------- files that are none


def npz(**arrays: npt.NDArray[Any]) -> bytes:
    """An npz file of any arrays."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=True, **arrays)
    return file.getvalue()


def npy(array: npt.NDArray[Any]) -> bytes:
    """An npy file."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    """A zip file with one member."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
    return file.getvalue()


def claiming(shape: tuple[int, ...]) -> bytes:
    """An npz file whose array is said to be larger than any memory."""
    file = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return zipped("manifest.npy", file.getvalue())


def test_a_missing_file(tmp_path: Path) -> None:
    line = refusal(tmp_path / "none.npz")
    assert line == "must be a program file, but there is no such file"


def test_the_line_is_short_and_printable(tmp_path: Path) -> None:
    odd = tmp_path / "a  b\x1b[31m\nä.npz"
    odd.write_bytes(b"hello")
    with pytest.raises(InputError) as caught:
        load(odd)
    assert str(caught.value) == (
        f"{tmp_path}/a  b?[31m ä.npz: must be a program file (.npz), not a file of another kind"
    )
    deep = tmp_path / ("x" * 200) / ("y" * 100)
    with pytest.raises(InputError) as caught:
        load(deep)
    line = str(caught.value)
    assert line == f"...{str(deep)[-147:]}: must be a program file, but there is no such file"
    manifest, arrays = parts(small(), tmp_path / "a.npz")
    manifest["layers"][REQUANTISE]["shift"] = "many\n" * 1000
    write(tmp_path / "b.npz", manifest, arrays)
    line = refusal(tmp_path / "b.npz")
    assert line.startswith(f"{AT[REQUANTISE]}shift must be an integer in 1..40, not 'many")
    assert len(f"{tmp_path / 'b.npz'}: {line}") == 300
    manifest["layers"][TAPS]["tables"] = ["x" * 1000]
    write(tmp_path / "b.npz", manifest, arrays)
    assert refusal(tmp_path / "b.npz").endswith("xxx... must be in the file, but is missing")


def test_a_folder(tmp_path: Path) -> None:
    assert "must be a program file (.npz)" in refusal(tmp_path)


NO_PROGRAMS: dict[str, bytes] = {
    "empty": b"",
    "text": b"hello world, this is no program",
    "png": b"\x89PNG\r\n\x1a\n" + bytes(50),
    "pickle": pickle.dumps({"manifest": 1}),
    "npy": npy(np.zeros(3)),
    "a member that is no array": zipped("manifest.npy", b"hello"),
    "a member without its ending": zipped("manifest", b"hello"),
    "objects": npz(manifest=np.array([{}], object)),
    "an array beyond all memory": claiming((1 << 60,)),
    "no magic": b"PK\x03\x04" + bytes(100),
}


@pytest.mark.parametrize("content", NO_PROGRAMS.values(), ids=NO_PROGRAMS.keys())
def test_not_a_program_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    assert "must be a program file (.npz)" in refusal(path)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("manifest", "text"),
    [
        (b"", "manifest must be JSON"),
        (b"{", "manifest must be JSON"),
        (b"\xff\xff", "manifest must be JSON"),
        (b"[" * 100_000, "manifest must be JSON"),
        (np.array([1.5, np.nan]), "manifest must be"),
        (np.array("{}"), "manifest must be"),
        (b"[1]", f"format must be '{FORMAT}', not"),
        (b"{}", f"format must be '{FORMAT}', not None"),
    ],
    ids=["empty", "half", "no text", "deep", "floats", "characters", "list", "nothing"],
)
def test_a_manifest_that_is_none(tmp_path: Path, manifest: Any, text: str) -> None:
    if isinstance(manifest, bytes):
        manifest = np.frombuffer(manifest, np.uint8)
    path = tmp_path / "a.npz"
    path.write_bytes(npz(manifest=manifest))
    assert text in refusal(path)


def test_a_file_without_a_manifest(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(npz(entries=np.zeros(3, np.int8)))
    assert refusal(path) == "manifest must be in the file, but is missing"


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    manifest, arrays = parts(small(), tmp_path / "a.npz")
    write(tmp_path / "b.npz", manifest, {**arrays, "layer0.entries": np.array([{}], object)})
    assert "must be a program file (.npz)" in refusal(tmp_path / "b.npz")


def test_a_truncated_file(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    save(small(), path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        refusal(path)


def test_a_damaged_file_is_refused_or_still_right(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    save(small(), path)
    whole = path.read_bytes()
    random = np.random.default_rng(1)
    for _ in range(400):
        damaged = bytearray(whole)
        for place in random.integers(len(whole), size=2):
            damaged[place] = random.integers(256)
        path.write_bytes(damaged)
        try:
            program = load(path)
        except InputError:
            refusal(path)
        else:
            # Only bytes that nobody reads were hit, such as a zip member's date.
            assert program.types == small().types


# ---------------------------------------------------------------- files that say wrong things

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


AT = {
    TAPS: "layer 0 (tap_tables): ",
    REQUANTISE: "layer 1 (requantise): ",
    RESIDUAL: "layer 2 (residual): ",
    SHUFFLE: "layer 4 (pixel_shuffle): ",
}

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

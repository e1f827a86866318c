"""The program file: what is written comes back, and every bad file is refused in one line."""

from __future__ import annotations

import io
import pickle
import zipfile
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
from tests.support.family_programs import tinylut_like
from tests.support.golden.program_files import AT, REQUANTISE, RESIDUAL, TAPS, parts, refusal, write
from tests.support.golden.small_programs import small
from tests.support.random_programs import example_program, frames, programs


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

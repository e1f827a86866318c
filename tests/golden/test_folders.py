"""A command's files among those of others: replaced, never lost, all or none."""

from __future__ import annotations

import errno
import hashlib
import json
import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lutscale.golden.errors import InputError
from lutscale.golden.folders import write_folder

FILES = {"top.v": b"module top;", "roms/a.hex": b"00\n", "roms/b.hex": b"01\n"}
OTHERS = {"top.v": b"module other;", "roms/b.hex": b"01\n", "notes/c.txt": b"c"}
MANIFEST = "manifest.json"


def write(out: Path, files: dict[str, bytes] = FILES, **about: Any) -> dict[str, Any]:
    return write_folder(out, files, manifest=MANIFEST, about=about)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file, link and empty folder, by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else b"no file"
        for path in sorted(folder.rglob("*"))
        if not path.is_dir() or not any(path.iterdir())
    }


def without_manifest(folder: Path) -> dict[str, bytes]:
    return {name: content for name, content in contents(folder).items() if name != MANIFEST}


def test_files_and_their_manifest_are_written(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    written = write(out, program="x")
    assert without_manifest(out) == FILES
    assert written == {
        "program": "x",
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()},
    }
    assert json.loads((out / MANIFEST).read_text()) == written
    again = tmp_path / "again"
    write(again, program="x")
    assert contents(again) == contents(out)


def test_what_the_last_run_wrote_is_replaced_and_all_else_stays(tmp_path: Path) -> None:
    write(tmp_path)
    mine = {"my_tb.v": b"mine", "notes/thesis.txt": b"mine too", "roms/mine.hex": b"ff"}
    for name, content in mine.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    write(tmp_path, OTHERS)
    assert without_manifest(tmp_path) == {**OTHERS, **mine}
    write(tmp_path, {"top.v": b""})
    assert without_manifest(tmp_path) == {"top.v": b"", **mine}


def test_folders_that_became_empty_go(tmp_path: Path) -> None:
    write(tmp_path, {"a/b/c/d": b"1", "a/e": b"2"})
    write(tmp_path, {"a/e": b"2"})
    assert without_manifest(tmp_path) == {"a/e": b"2"}
    assert not (tmp_path / "a" / "b").exists()


FOREIGN: dict[str, Callable[[Path], object]] = {
    "top.v": lambda path: path.write_text("mine"),
    "roms/a.hex": lambda path: path.mkdir(),
    "roms/b.hex": lambda path: path.symlink_to("nowhere"),
    MANIFEST: lambda path: path.write_text('{"mine": true}'),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_of_another_in_the_way_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    FOREIGN[name](tmp_path / name)
    before = contents(tmp_path)
    with pytest.raises(InputError) as caught:
        write(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}/{name} must be a file that an earlier run wrote and nobody changed since: "
        "move it, or choose another folder"
    )
    assert contents(tmp_path) == before


def test_a_file_that_was_changed_since_is_kept(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "roms" / "a.hex").write_text("edited")
    before = contents(tmp_path)
    with pytest.raises(InputError, match="roms/a.hex must be a file that an earlier run wrote"):
        write(tmp_path)
    assert contents(tmp_path) == before
    # Where it is not in the way it becomes its editor's.
    write(tmp_path, OTHERS)
    assert without_manifest(tmp_path) == {**OTHERS, "roms/a.hex": b"edited"}
    write(tmp_path, {})
    assert without_manifest(tmp_path) == {"roms/a.hex": b"edited"}


def test_a_file_that_was_deleted_is_written_again(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "top.v").unlink()
    write(tmp_path)
    assert without_manifest(tmp_path) == FILES


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "roms").write_text("mine")
    with pytest.raises(InputError) as caught:
        write(tmp_path)
    assert str(caught.value) == f"{tmp_path}/roms must be a folder, not a file"
    with pytest.raises(InputError, match="/roms must be a folder, not a file"):
        write(tmp_path / "roms")
    assert contents(tmp_path) == {"roms": b"mine"}


def test_two_manifests_share_a_folder(tmp_path: Path) -> None:
    write(tmp_path)
    write_folder(tmp_path, {"c.hex": b"2"}, manifest="index.json", about={})
    write(tmp_path, OTHERS)
    assert (tmp_path / "c.hex").read_bytes() == b"2"
    with pytest.raises(InputError, match="c.hex must be a file that an earlier run wrote"):
        write(tmp_path, {"c.hex": b"3"})


@pytest.mark.parametrize("work", ["..", "../mine", "mine", ".mine", "/", 7])
def test_no_folder_but_its_own_is_taken_for_a_leftover(tmp_path: Path, work: object) -> None:
    out = tmp_path / "out"
    for folder in (out / "mine", out / ".mine", tmp_path / "mine"):
        folder.mkdir(parents=True)
    (out / MANIFEST).write_text(json.dumps({"files": {}, "unfinished": work}))
    before = contents(tmp_path)
    write(out, {})
    assert contents(tmp_path).keys() == before.keys()


@pytest.mark.parametrize("name", ["../outside.txt", "/outside.txt"])
def test_a_manifest_does_not_lead_out_of_its_folder(tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    name = str(outside) if name.startswith("/") else name
    out = tmp_path / "out"
    out.mkdir()
    digest = hashlib.sha256(b"mine").hexdigest()
    (out / MANIFEST).write_text(json.dumps({"files": {name: digest}}))
    write(out)
    assert outside.read_text() == "mine"


# ------------------------------------------------------------------------------ when it fails


@pytest.mark.parametrize("earlier", [None, OTHERS])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
@pytest.mark.parametrize("failing", range(12))
def test_a_failure_at_any_step_leaves_all_as_it_was(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    earlier: dict[str, bytes] | None,
    error: BaseException,
    failing: int,
) -> None:
    """Whichever of the writes and moves fails; behind the last of them nothing can."""
    out = tmp_path / "out"
    if earlier is not None:
        write(out, earlier)
        (out / "mine.txt").write_text("mine")
    before = contents(tmp_path)
    steps = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps == failing + 1:
                raise error
            return real(*arguments)

        return step

    raised: BaseException | None = None
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", counted(os.replace))
        patch.setattr(Path, "write_bytes", counted(Path.write_bytes))
        try:
            write(out)
        except (OSError, KeyboardInterrupt) as caught:
            raised = caught
    if raised is None:
        assert steps <= failing
        kept = {} if earlier is None else {"mine.txt": b"mine"}
        assert without_manifest(out) == {**FILES, **kept}
    else:
        assert contents(tmp_path) == before
    if isinstance(raised, OSError):
        assert str(raised.filename).startswith(str(out))
        assert "/." not in str(raised.filename)


def test_there_are_as_many_steps_as_are_made_to_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, OTHERS)
    steps: list[str] = []
    replace, write_bytes = os.replace, Path.write_bytes
    monkeypatch.setattr(os, "replace", lambda *a: (steps.append("move"), replace(*a)))
    monkeypatch.setattr(Path, "write_bytes", lambda *a: (steps.append("write"), write_bytes(*a))[1])
    write(tmp_path)
    # Four new files; the manifest in between; three old ones away, four new ones into place.
    assert steps == ["write"] * 4 + ["move"] * (1 + 3 + 4)


def _write_until_killed(folder: Path, killed: int) -> None:
    """Ends its process at a move."""
    replace, moves = os.replace, 0

    def until_killed(*arguments: Any) -> None:
        nonlocal moves
        if moves == killed:
            os._exit(9)
        moves += 1
        replace(*arguments)

    os.replace = until_killed  # type: ignore[assignment]
    write(folder)


@pytest.mark.slow
@pytest.mark.parametrize("killed", range(1, 8))
def test_the_next_run_mends_one_that_was_killed(tmp_path: Path, killed: int) -> None:
    write(tmp_path, OTHERS)
    (tmp_path / "mine.txt").write_text("mine")
    writer = multiprocessing.get_context("spawn").Process(
        target=_write_until_killed, args=(tmp_path, killed)
    )
    writer.start()
    writer.join()
    assert writer.exitcode == 9
    assert json.loads((tmp_path / MANIFEST).read_text())["unfinished"].startswith(".")
    write(tmp_path)
    assert json.loads((tmp_path / MANIFEST).read_text()).keys() == {"files"}
    assert without_manifest(tmp_path) == {**FILES, "mine.txt": b"mine"}

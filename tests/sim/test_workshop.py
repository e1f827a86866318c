"""The workshop lies where make can read its path, and what is kept there was made once."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from pathlib import Path

import pytest

from lutscale.golden.errors import InputError
from lutscale.sim import workshop as shop
from lutscale.sim.workshop import kept, plain, workshop


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LUTSCALE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LUTSCALE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert workshop() == tmp_path / "x" / "lutscale"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert workshop() == tmp_path / ".cache" / "lutscale"
    assert workshop().is_dir()


@pytest.mark.parametrize("bad", ["a folder", "a$b", "it's", "50%", "x#1"])
def test_a_folder_that_make_cannot_read(
    bad: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user's cache gives way to the system's temporary folder; a named one is refused."""
    monkeypatch.delenv("LUTSCALE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / bad))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert workshop() == tmp_path / f"lutscale-{os.getuid()}"
    assert not (tmp_path / bad).exists()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / bad))
    with pytest.raises(InputError, match="LUTSCALE_CACHE must name a folder without spaces"):
        workshop()
    monkeypatch.setenv("LUTSCALE_CACHE", str(tmp_path / bad))
    with pytest.raises(InputError, match="LUTSCALE_CACHE must be a path without spaces, not "):
        workshop()


def test_a_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LUTSCALE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(InputError, match="LUTSCALE_CACHE must be a folder that can be written"):
        workshop()
    monkeypatch.setenv("LUTSCALE_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert workshop() == tmp_path / f"lutscale-{os.getuid()}"


def test_a_folder_that_others_may_write_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_to_all = tmp_path / "cache"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    monkeypatch.setenv("LUTSCALE_CACHE", str(open_to_all))
    with pytest.raises(InputError, match="LUTSCALE_CACHE must be a folder that can be written"):
        workshop()


def test_plain(home: Path, tmp_path: Path) -> None:
    assert plain(Path("/usr/lib")) == Path("/usr/lib")
    there = tmp_path / "my files"
    there.mkdir()
    (there / "note").write_text("hello")
    link = plain(there)
    assert " " not in str(link)
    assert (link / "note").read_text() == "hello"
    assert plain(there) == link
    assert plain(tmp_path / "my other files") != link
    assert sorted(path.is_symlink() for path in (home / "links").iterdir()) == [True, True]


def test_kept_is_made_once(home: Path) -> None:
    calls = []

    def make(work: Path, made: Path) -> None:
        calls.append(work)
        (work / "object").write_text("")
        (made / "model").write_text(f"{len(calls)}")

    first, again, other = kept("ab", make), kept("ab", make), kept("cd", make)
    assert [made for _, made in (first, again, other)] == [True, False, True]
    assert first[0] == again[0] != other[0]
    assert (first[0] / "model").read_text() == "1"
    assert [path.name for path in first[0].iterdir()] == ["model"]
    assert not any(work.exists() for work in calls)


def test_what_fails_is_not_kept(home: Path) -> None:
    def fail(work: Path, made: Path) -> None:
        (made / "half").write_text("")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        kept("ab", fail)
    assert list(home.glob("build-*")) == []
    folder, made = kept("ab", lambda work, made: None)
    assert made
    assert list(folder.iterdir()) == []


def _make_slowly(work: Path, made: Path) -> None:
    """Leaves a mark; two at a time would find each other's."""
    mark = work.parents[1] / "somebody-makes"
    mark.mkdir()
    time.sleep(0.2)
    mark.rmdir()
    (made / "model").write_text(str(os.getpid()))


def _ask(_: int) -> tuple[str, bool]:
    folder, made = kept("ab", _make_slowly)
    return (folder / "model").read_text(), made


def test_two_processes_make_it_once(home: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        answers = pool.map(_ask, range(3), chunksize=1)
    assert sorted(made for _, made in answers) == [False, False, True]
    assert len({text for text, _ in answers}) == 1


def test_what_is_forgotten(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def make(work: Path, made: Path) -> None:
        (made / "model").write_bytes(bytes(1000))

    monkeypatch.setattr(shop, "_LIMIT_BYTES", 2500)
    day = time.time() - 90_000
    for n, key in enumerate(("a1", "a2", "a3", "a4")):
        folder, _ = kept(key, make)
        os.utime(folder, (day + n, day + n))
    # What is used becomes the youngest; what a broken run left goes.
    kept("a2", make)
    (home / "build-left").mkdir()
    os.utime(home / "build-left", (day, day))
    kept("b1", make)
    assert {path.name for path in (home / "models").iterdir()} == {"a2", "b1"}
    assert not (home / "build-left").exists()
    # Of the last hour everything stays.
    for key in ("b2", "b3"):
        kept(key, make)
    assert {path.name for path in (home / "models").iterdir()} == {"a2", "b1", "b2", "b3"}

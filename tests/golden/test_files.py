"""Files appear whole or not at all."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from lutscale.golden.files import whole_file, write_whole


def test_a_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "new" / "file.txt"
    with whole_file(target) as part:
        part.write_text("all of it")
        assert not target.exists()
    assert target.read_text() == "all of it"
    assert list(target.parent.iterdir()) == [target]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "file.txt"
    target.write_text("before")

    def write_half() -> None:
        with whole_file(target) as part:
            part.write_text("half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_half()
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


def test_errors_name_what_was_asked_for(tmp_path: Path) -> None:
    """Neither a full disk's, which names nothing, nor those that name the part."""
    for name, spoil, kind in (
        ("full", _fill, OSError),
        ("folder", _make_folder, IsADirectoryError),
        ("gone", _remove_folder, FileNotFoundError),
    ):
        target = tmp_path / name / "file.bin"
        target.parent.mkdir()
        with pytest.raises(kind) as caught, whole_file(target) as part:
            spoil(target, part)
        assert caught.value.filename == str(target)
        assert ".part" not in str(caught.value)


def _fill(target: Path, part: Path) -> None:
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, kept[1]))
    try:
        part.write_bytes(bytes(2000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)


def _make_folder(target: Path, part: Path) -> None:
    part.write_text("all of it")
    target.mkdir()


def _remove_folder(target: Path, part: Path) -> None:
    target.parent.rmdir()
    part.write_text("nowhere")


def test_other_errors_stay_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught, whole_file(tmp_path / "file.bin"):
        (tmp_path / "source").read_bytes()
    assert caught.value.filename == str(tmp_path / "source")


def test_several_files_are_written_or_none(tmp_path: Path) -> None:
    write_whole(tmp_path / "new", {"a": b"1", "b": b"2"})
    assert [path.read_bytes() for path in sorted((tmp_path / "new").iterdir())] == [b"1", b"2"]
    with pytest.raises(OSError, match="File exists: .*new/b'") as caught:
        write_whole(tmp_path / "new", {"a": b"3", "b/c": b"4"})
    assert ".part" not in str(caught.value)
    assert (tmp_path / "new" / "a").read_bytes() == b"1"
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["a", "b"]

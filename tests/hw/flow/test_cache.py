"""What is kept by content: made once, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from lutscale.hw.flow.cache import kept, key_of


def test_a_key_is_of_everything() -> None:
    parts = ("tool 1", ["command"], {"a.v": b"text"}, 3)
    key = key_of(*parts)
    assert key == key_of(*parts)
    others = [
        ("tool 2", ["command"], {"a.v": b"text"}, 3),
        ("tool 1", ["other"], {"a.v": b"text"}, 3),
        ("tool 1", ["command"], {"a.v": b"Text"}, 3),
        ("tool 1", ["command"], {"b.v": b"text"}, 3),
        ("tool 1", ["command"], {"a.v": b"text"}, 4),
    ]
    assert len({key, *(key_of(*other) for other in others)}) == 6


def test_made_once(tmp_path: Path) -> None:
    calls = []

    def make(folder: Path) -> None:
        calls.append(folder)
        (folder / "x").write_text("made")

    for _ in range(2):
        folder = kept(tmp_path / "cache", "netlist", "k", make)
        assert (folder / "x").read_text() == "made"
    assert len(calls) == 1
    assert kept(tmp_path / "cache", "netlist", "other", make) != folder
    assert len(calls) == 2


def test_nothing_stays_of_what_failed(tmp_path: Path) -> None:
    def make(folder: Path) -> None:
        (folder / "half").write_text("")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept(tmp_path, "routed", "k", make)
    assert not list(tmp_path.iterdir())


def test_another_run_was_faster(tmp_path: Path) -> None:
    def make(folder: Path) -> None:
        (folder / "x").write_text("slow")
        (tmp_path / "routed-k").mkdir()
        (tmp_path / "routed-k" / "x").write_text("fast")

    assert (kept(tmp_path, "routed", "k", make) / "x").read_text() == "fast"

"""Tasks on this machine and on Dask's workers, one of which is killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lutscale.golden.errors import InputError
from lutscale.reports.explore.design import Design, Network, code_stamp
from lutscale.reports.explore.journal import Journal
from lutscale.reports.explore.pool import _client, done
from lutscale.reports.explore.run import sweep
from tests.support.cluster import KillingJournal, two_workers


def square(number: int) -> int:
    return number * number


def die(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_tasks_here() -> None:
    for workers in (1, 2):
        assert dict(done(square, [3, 1, 2], workers=workers)) == {0: 9, 1: 1, 2: 4}


def test_a_process_that_was_ended() -> None:
    with pytest.raises(InputError, match="one was ended from outside .* goes on from here"):
        list(done(die, [1, 2], workers=2))


def test_no_scheduler_there(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("lutscale.reports.explore.pool._PATIENCE", 1)
    for address in ("tcp://127.0.0.1:9", "nonsense://x"):
        with pytest.raises(InputError, match="scheduler must be the address of a Dask scheduler"):
            list(done(square, [1], workers=1, scheduler=address))


def test_without_dask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match="distributed must be installed for --scheduler"):
        list(done(square, [1], workers=1, scheduler="tcp://127.0.0.1:9"))


@pytest.mark.parametrize("slow", [1, 2, 3])
def test_a_client_that_starts_too_slowly_is_asked_again(slow: int) -> None:
    asked: list[str] = []

    def make(address: str, **_: object) -> str:
        asked.append(address)
        assert len(asked) > slow
        return address

    if slow == 3:
        with pytest.raises(AssertionError):
            _client(make, "tcp://x")
    else:
        assert _client(make, "tcp://x") == "tcp://x"
    assert len(asked) == min(slow + 1, 3)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    with two_workers(tmp_path) as address:
        yield address


@pytest.mark.slow
def test_a_worker_is_killed_in_the_middle(cluster: str, tmp_path: Path) -> None:
    build = {"pixels_per_beat": 4, "max_width": 64, "max_height": 24, "target": "ecp5"}
    designs = [
        Design(Network.shape(2, {"channels": 4, "blocks": b, "nodes": n}), clocks, **build)
        for b in (0, 1)
        for n in (2, 3)
        for clocks in range(4, 14)
    ]
    journal = KillingJournal(tmp_path / "dask.jsonl", code_stamp(), cluster)
    records = sweep(designs, journal, workers=1, scheduler=cluster)
    assert journal.killed
    assert [record["key"] for record in records] == [design.key for design in designs]
    lines = [json.loads(line) for line in journal.path.read_text().splitlines()]
    assert sorted(line["key"] for line in lines) == sorted(design.key for design in designs)
    # What the workers found is what this machine finds.
    own = Journal(tmp_path / "own.jsonl", code_stamp())
    assert sweep(designs[:8], own, workers=1, scheduler=None) == records[:8]

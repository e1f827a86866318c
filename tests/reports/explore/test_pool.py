"""Tasks on this machine and on Dask's workers, one of which is killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lutscale.golden.errors import InputError
from lutscale.reports.explore.design import Design, Network, code_stamp
from lutscale.reports.explore.journal import Journal
from lutscale.reports.explore.pool import done
from lutscale.reports.explore.run import sweep

ROOT = Path(__file__).parents[3]


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


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """The address of a scheduler with two workers, each a process."""
    pytest.importorskip("distributed")
    file = tmp_path / "scheduler.json"
    common = ["--scheduler-file", str(file)]
    quiet = ["--no-dashboard"]
    scheduler = [*common, "--host", "127.0.0.1", "--port", "0", *quiet]
    worker = [*common, "--no-nanny", "--nthreads", "1", *quiet]
    started = []
    with (tmp_path / "log").open("w") as log:
        for module, words in (("scheduler", scheduler), ("worker", worker), ("worker", worker)):
            command = [sys.executable, "-m", f"distributed.cli.dask_{module}", *words]
            started.append(
                subprocess.Popen(command, cwd=tmp_path, env=_environment(), stdout=log, stderr=log)
            )
        until = time.monotonic() + 60
        while not file.exists() and time.monotonic() < until:
            time.sleep(0.05)
        yield json.loads(file.read_text())["address"]
        for process in started:
            process.kill()
            process.wait()


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


class _Killing(Journal):
    """A journal that kills a worker which has work to do, when the first results are there."""

    killed = 0
    scheduler = ""

    def add(self, records: Iterable[Mapping[str, Any]]) -> int:
        from distributed import Client

        if not self.killed:
            with Client(self.scheduler, set_as_default=False) as client:
                busy = [address for address, tasks in client.processing().items() if tasks]
                self.killed = client.run(os.getpid, workers=busy)[busy[0]]
                os.kill(self.killed, signal.SIGKILL)
        return super().add(records)


@pytest.mark.slow
def test_a_worker_is_killed_in_the_middle(cluster: str, tmp_path: Path) -> None:
    from distributed import Client

    build = {"pixels_per_beat": 4, "max_width": 64, "max_height": 24, "target": "ecp5"}
    designs = [
        Design(Network.shape(2, {"channels": 4, "blocks": b, "nodes": n}), clocks, **build)
        for b in (0, 1)
        for n in (2, 3)
        for clocks in range(4, 14)
    ]
    with Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    journal = _Killing(tmp_path / "dask.jsonl", code_stamp())
    journal.scheduler = cluster
    records = sweep(designs, journal, workers=1, scheduler=cluster)
    assert journal.killed
    assert [record["key"] for record in records] == [design.key for design in designs]
    lines = [json.loads(line) for line in journal.path.read_text().splitlines()]
    assert sorted(line["key"] for line in lines) == sorted(design.key for design in designs)
    # What the workers found is what this machine finds.
    own = Journal(tmp_path / "own.jsonl", code_stamp())
    assert sweep(designs[:8], own, workers=1, scheduler=None) == records[:8]

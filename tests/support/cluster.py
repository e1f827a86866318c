"""A Dask scheduler with two workers, each a process on loopback, of which one may be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lutscale.reports.explore.journal import Journal

__all__ = ["KillingJournal", "kill_a_busy_worker", "two_workers"]

ROOT = Path(__file__).parents[2]


@contextmanager
def two_workers(folder: Path) -> Iterator[str]:
    """The address of the scheduler; all three work in the folder."""
    distributed = pytest.importorskip("distributed")
    file = folder / "scheduler.json"
    common = ["--scheduler-file", str(file)]
    quiet = ["--no-dashboard"]
    scheduler = [*common, "--host", "127.0.0.1", "--port", "0", *quiet]
    worker = [*common, "--no-nanny", "--nthreads", "1", *quiet]
    started = []
    with (folder / "log").open("w") as log:
        for module, words in (("scheduler", scheduler), ("worker", worker), ("worker", worker)):
            command = [sys.executable, "-m", f"distributed.cli.dask_{module}", *words]
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            started.append(
                subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
            )
        try:
            until = time.monotonic() + 60
            while not file.exists() and time.monotonic() < until:
                time.sleep(0.05)
            address = json.loads(file.read_text())["address"]
            with distributed.Client(address, set_as_default=False) as client:
                client.wait_for_workers(2, timeout=60)
            yield address
        finally:
            for process in started:
                process.kill()
                process.wait()


class KillingJournal(Journal):
    """Kills a worker that has work to do, when the first results are there."""

    def __init__(self, path: Path, code: str, scheduler: str) -> None:
        super().__init__(path, code)
        self.killed, self._scheduler = 0, scheduler

    def add(self, records: Iterable[Mapping[str, Any]]) -> int:
        if not self.killed:
            self.killed = kill_a_busy_worker(self._scheduler)
        return super().add(records)


def kill_a_busy_worker(scheduler: str) -> int:
    """Kill a worker that has tasks; the number of its process."""
    from distributed import Client

    with Client(scheduler, set_as_default=False) as client:
        busy = [address for address, tasks in client.processing().items() if tasks]
        killed: int = client.run(os.getpid, workers=busy)[busy[0]]
        os.kill(killed, signal.SIGKILL)
    return killed

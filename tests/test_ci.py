"""Tests that hang: how they end, and what .ci/run makes of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

HANGS = """
import ctypes

def test_that_hangs():
    # Nothing else in the process runs meanwhile: PyDLL keeps Python's lock.
    ctypes.PyDLL(None).sleep(60)

def test_behind_it():
    pass
"""

CRASHED = "worker 'gw0' crashed while running 'tests/test_a.py::test_b'"
FAILED = "FAILED tests/test_a.py::test_{}"


@pytest.mark.slow
def test_a_test_that_hangs_is_ended_and_says_where(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(HANGS)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    command = [sys.executable, "-m", "pytest", "-n", "1", "--max-worker-restart", "0"]
    given = ["-o", "testpaths=.", "-o", "faulthandler_timeout=2", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *given], cwd=tmp_path, capture_output=True, text=True, timeout=50
    )
    assert done.returncode == 1
    assert "in test_that_hangs" in done.stdout + done.stderr
    assert "crashed while running 'test_it.py::test_that_hangs'" in done.stdout


@pytest.mark.parametrize(
    ("said", "again", "expected"),
    [
        ([], 0, (0, 0)),
        ([CRASHED, FAILED.format("b")], 0, (0, 1)),
        ([CRASHED, FAILED.format("b")], 1, (1, 1)),
        ([CRASHED, FAILED.format("b"), FAILED.format("c")], 0, (1, 0)),
        ([FAILED.format("c")], 0, (1, 0)),
        (["make: *** no rule"], 0, (1, 0)),
    ],
    ids=["passed", "hung once", "hung twice", "hung and failed", "failed", "no tests ran"],
)
def test_only_what_hung_runs_again(
    said: list[str], again: int, expected: tuple[int, int], tmp_path: Path
) -> None:
    """(exit status of .ci/run, times that tests ran again)."""
    tools = tmp_path / "tools"
    programs = {
        tools / "iverilog": "",
        tools / "chromium": "",
        tmp_path / ".venv" / "bin" / "python": f"echo again; exit {again}",
        tools / "make": '[ "$1" = lint ] || { '
        + "".join(f'echo "{line}"; ' for line in said)
        + f"exit {2 * bool(said)}; }}",
    }
    for path, body in programs.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci")
    done = subprocess.run(
        ["bash", str(tmp_path / ".ci" / "run")],
        env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout.splitlines().count("again")) == expected
    for line in said:
        assert line in done.stdout

"""The same program gives the same Verilog on every Python: no name is left to be guessed.

Amaranth reads the names of signals out of the byte code around their construction, which differs
between versions of Python: ``x, y = Signal(), Signal()`` has names on some and none on others.

``LUTSCALE_PYTHONS=PATH:PATH`` names interpreters to compare, which need numpy, amaranth, click and
lutscale itself; those called ``python3.x`` on PATH are tried too.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from amaranth import Module, Signal, tracer
from amaranth.back import verilog
from amaranth.hdl import Elaboratable

from lutscale.hw.build import Build
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.verilog import emit
from tests.support.family_programs import FAMILIES
from tests.support.hw.emitted import digests
from tests.support.random_programs import example_program

ROOT = Path(__file__).parents[2]
PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")


# ------------------------------------------------------------------------- names in the source


def unnamed(source: str) -> list[int]:
    """Lines on which a signal is made without ``name=``."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        made = ast.unparse(node.func)
        if made in ("Signal", "Signal.like") and "name" not in {k.arg for k in node.keywords}:
            lines.append(node.lineno)
    return lines


def test_every_signal_is_named_where_it_is_made() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / "hw").rglob("*.py"))
        for line in unnamed(path.read_text())
    }
    assert not found


def test_an_unnamed_signal_is_seen() -> None:
    source = "a = Signal(3)\nb = Signal(3, name='b')\nc, d = Signal(), Signal.like(a)\n"
    assert unnamed(source) == [1, 3, 3]


# ------------------------------------------------------------- names while Verilog is generated


@pytest.fixture
def guesses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where Amaranth would guess a name; every guess fails."""
    asked: list[str] = []

    def guess(depth: int = 2, default: Any = None) -> Any:
        frame = sys._getframe(depth)
        asked.append(f"{frame.f_code.co_filename}:{frame.f_lineno}")
        return default

    monkeypatch.setattr(tracer, "get_var_name", guess)
    return asked


def pipelines() -> Iterator[Pipeline]:
    """One of every family, and one of each way to fold and shuffle."""
    for build in FAMILIES.values():
        yield Pipeline(build(3), Build(clocks_per_pixel=16, max_width=24))
    for scale, clocks, beat, twice in ((1, 1, 1, False), (3, 9, 2, False), (4, 16, 1, True)):
        residual = "bilinear" if scale > 1 else "same"
        program = example_program(3, scale, max_taps=2, frame_residual=residual, twice=twice)
        yield Pipeline(program, Build(clocks_per_pixel=clocks, pixels_per_beat=beat, max_width=24))


@pytest.mark.slow
def test_no_name_is_guessed_while_verilog_is_generated(guesses: list[str]) -> None:
    for pipeline in pipelines():
        text, _ = emit(pipeline)
        assert not guesses
        assert "$signal" not in text


class Careless(Elaboratable):
    def elaborate(self, platform: Any) -> Module:
        m = Module()
        kept = Signal()
        m.d.sync += kept.eq(~kept)
        return m


def test_a_guess_is_noticed(guesses: list[str]) -> None:
    verilog.convert(Careless(), ports=[], emit_src=False)
    assert [place.rsplit(":")[0] for place in guesses] == [__file__]


# -------------------------------------------------------------------------- other interpreters


def interpreters() -> dict[str, str]:
    """Other Pythons, by name; those without the packages will be skipped."""
    named = filter(None, os.environ.get("LUTSCALE_PYTHONS", "").split(os.pathsep))
    found = {path: path for path in named}
    for name in PYTHONS:
        path = shutil.which(name)
        if path is not None and name != f"python3.{sys.version_info.minor}":
            found[name] = path
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", interpreters())
def test_other_pythons_give_the_same_bytes(name: str) -> None:
    command = [interpreters()[name], "-c"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(code: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    needed = run("import sys, amaranth, click, numpy, lutscale; print(sys.version)")
    if needed.returncode:
        pytest.skip(f"{name} must be there with numpy, amaranth, click and lutscale installed")
    done = run("from tests.support.hw.emitted import digests; print(digests())")
    assert not done.returncode, done.stderr
    assert ast.literal_eval(done.stdout) == digests(), needed.stdout

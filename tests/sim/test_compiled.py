"""What a compiled model depends on, and what is said of one that cannot be had."""

from __future__ import annotations

import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from lutscale.golden.errors import InputError
from lutscale.sim import compiled as module
from lutscale.sim.compiled import Compiled
from lutscale.sim.simulators import identity, make_runner
from lutscale.sim.verilator import verilator_command

SOURCE = "module top(input wire a, output wire b);\nassign b = a;\nendmodule\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "top.v"
    path.write_text(SOURCE)
    return path


def key(source: Path, parameters: dict[str, int] | None = None, **options: bool) -> str:
    return Compiled("top", source.parent, **options)._key([source], parameters or {})


def test_the_key_is_the_content(source: Path, tmp_path: Path) -> None:
    first = key(source)
    elsewhere = tmp_path / "elsewhere" / "top.v"
    elsewhere.parent.mkdir()
    elsewhere.write_text(SOURCE)
    assert key(elsewhere) == first
    assert Compiled("top", tmp_path)._key([source], {}) == first


def test_the_key_has_all_that_matters(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [key(source), key(source, waves=True), key(source, quick=True), key(source, {"A": 1})]
    keys += [key(source, {"A": 2}), key(source, {"B": 1})]
    keys.append(Compiled("another", source.parent)._key([source], {}))
    keys.append(Compiled("top", source.parent)._key([source, source], {}))
    source.write_text(SOURCE + "\n")
    keys.append(key(source))
    source.rename(source.with_name("other.v"))
    keys.append(key(source.with_name("other.v")))
    # Another tool, or another version of it.
    monkeypatch.setattr(module, "identity", lambda simulator: f"{simulator} 9")
    keys.append(key(source.with_name("other.v")))
    assert len(set(keys)) == len(keys)


def test_the_identity_names_the_tools() -> None:
    said = identity("verilator")
    compiler = subprocess.run(["c++", "--version"], capture_output=True, text=True, check=True)
    assert compiler.stdout.splitlines()[0] in said
    assert f"cocotb {version('cocotb')}" in said
    assert identity("verilator") == said


def test_sources_that_a_simulator_refuses(source: Path) -> None:
    source.write_text("module top(input wire a);\nassign b = ;\nendmodule\n")
    with pytest.raises(RuntimeError) as caught:
        Compiled("top", source.parent, quick=True).build([source], {})
    assert "syntax error" in str(caught.value)
    assert f"the end of {source.parent / 'build.log'}:" in str(caught.value)


def test_unknown_simulator() -> None:
    with pytest.raises(InputError, match="SIM must be one of verilator, icarus, not 'questa'"):
        make_runner("questa")


@pytest.mark.parametrize(("simulator", "tool"), [("verilator", "c++"), ("icarus", "iverilog")])
def test_a_tool_that_is_missing(
    simulator: str, tool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError) as caught:
        make_runner(simulator)
    assert str(caught.value) == f"{tool} must be installed for SIM={simulator}, but is not on PATH"


def test_no_verilator_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("VERILATOR_ROOT", str(tmp_path))
    with pytest.raises(InputError, match="verilator must be installed"):
        verilator_command()
    # One that was installed another way.
    (tmp_path / "verilator").write_text("#!/bin/sh\n")
    (tmp_path / "verilator").chmod(0o755)
    assert verilator_command() == [str(tmp_path / "verilator")]

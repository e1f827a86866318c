"""The command for a board: its report, the line to load it, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lutscale.command import main
from lutscale.golden.program_file import save
from lutscale.hw.boards import implement
from lutscale.hw.boards.design import BoardDesign
from lutscale.hw.boards.implement import BoardRun, Implemented
from lutscale.hw.flow.cells import Cells
from lutscale.reports import board
from tests.docs.test_reports import check
from tests.support.random_programs import example_program

CELLS = Cells(lut=900, carry=50, ff=800, dsp=2, blocks=33, ram=0, comb=1000)


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "small.npz"
    save(example_program(3, 4, max_taps=1, max_channels=2), path)
    return str(path)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["fpga", *words], prog_name="lutscale")


def reaching(*shift: float) -> Any:
    """In place of `implement_board`: seeds that reach these clocks of the serialiser."""

    def made(design: BoardDesign, cache: Path, **options: Any) -> Implemented:
        runs = tuple(
            BoardRun(seed, {"pixel": (90.0, design.pll.pixel), "shift": (mhz, design.pll.shift)})
            for seed, mhz in zip(options["seeds"], shift, strict=False)
        )
        options["progress"]("done")
        return Implemented(
            CELLS, runs, b"bits" if runs else b"", {"yosys": "pyosys 0", "nextpnr": "0"}
        )

    return made


def test_a_bitstream(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "implement_board", reaching(360.0, 371.0))
    out = tmp_path / "out"
    result = run(program, "--board", "ulx3s", "--out", str(out))
    assert result.exit_code == 0, result.output
    *_, load, line = result.stdout.splitlines()
    name = "lutscale_ulx3s_random_3"
    assert load == f"load it: openFPGALoader --board ulx3s {out / name}.bit"
    found = json.loads(line)
    assert (found["board"], found["target"], found["comb"]) == ("ulx3s", "ecp5-85f", 1000)
    assert found["clocks"]["shift"] == {"needed_mhz": 370.0, "fmax_mhz": 371.0}
    assert found["result"] == "pass"
    assert (out / f"{name}.bit").read_bytes() == b"bits"
    assert "LOCATE" in (out / f"{name}.lpf").read_text()
    written = json.loads((out / f"{name}__board.json").read_text())
    assert {key: written[key] for key in found} == found
    check(r"NAME\_\_board.json", [written])


def test_a_clock_that_is_missed(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "implement_board", reaching(360.0))
    result = run(program, "--board", "ulx3s", "--seeds", "1", "--out", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert json.loads(result.stdout.splitlines()[-1])["result"] == "fail"


def test_nothing_routed(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "implement_board", reaching())
    result = run(program, "--board", "ulx3s", "--seeds", "0", "--out", str(tmp_path / "out"))
    assert result.exit_code == 0
    found = json.loads(result.stdout.splitlines()[-1])
    assert (found["clocks"], found["result"]) == (None, "synthesised")
    assert not list((tmp_path / "out").glob("*.bit"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--board", "nexys"), "board must be one of ulx3s, not 'nexys'"),
        (
            ("--board", "ulx3s", "--clock", "99"),
            "--clock must stand without --board, which says it",
        ),
        (
            ("--board", "ulx3s", "--form", "nothing"),
            "form must be one of lanes, planes, not 'nothing'",
        ),
    ],
)
def test_bad_input(program: str, words: tuple[str, ...], message: str, tmp_path: Path) -> None:
    result = run(program, *words, "--out", str(tmp_path / "out"))
    assert (result.exit_code, result.stderr) == (2, f"error: {message}\n")
    assert not (tmp_path / "out").exists()


def test_a_program_that_is_too_large(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not synthesised."""
    monkeypatch.setattr(implement, "estimate", lambda plan: SimpleNamespace(comb=10**6))
    result = run(program, "--board", "ulx3s", "--seeds", "0", "--out", str(tmp_path / "out"))
    assert result.exit_code == 2
    assert result.stderr.startswith("error: design must fit ecp5-85f, but is estimated at 1000000")

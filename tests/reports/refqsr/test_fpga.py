"""``lutscale fpga`` of a network's file: its line, its report, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lutscale.command import main
from lutscale.golden.model_file import save
from lutscale.hw.flow.cells import Cells
from lutscale.hw.flow.implement import Implementation
from lutscale.hw.flow.nextpnr import Routed
from lutscale.hw.refqsr.build import TileBuild
from lutscale.hw.refqsr.processor import TileProcessor
from lutscale.hw.targets import TARGETS
from lutscale.reports import fpga
from lutscale.sim.netlist import NetlistCheck
from tests.support.refqsr.networks import network


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "net.npz"
    save(network(1), path)
    return str(path)


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["fpga", *map(str, words)], prog_name="lutscale")


@pytest.mark.slow
def test_a_small_network_is_synthesised(program: str, tmp_path: Path) -> None:
    words = ("--target", "ecp5-25f", "--max-width", 8, "--max-height", 4, "--seeds", 0)
    result = run(program, *words, "--out", tmp_path)
    assert result.exit_code == 0, result.output
    line = json.loads(result.stdout.splitlines()[-1])
    assert (line["program"], line["tile"], line["lanes"]) == ("random", "8x4", 4)
    assert (line["fmax_mhz"], line["seeds"], line["result"]) == (None, {}, "synthesised")
    (path,) = tmp_path.glob("*__fpga.json")
    report = json.loads(path.read_text())
    assert line.items() <= report.items()
    assert report["comb"] == report["lut"] + 2 * report["carry"] + 4 * report["ram"] > 0
    build = TileBuild(max_width=8, max_height=4, target=TARGETS["ecp5-25f"])
    assert report["blocks"] == TileProcessor(network(1), build).blocks > 0
    assert report["dsp"] > 0


@pytest.mark.parametrize(("clock", "code"), [(120.0, 1), (130.0, 0)])
def test_it_is_routed_as_programs_are(
    clock: float, code: int, program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def implement(processor: TileProcessor, cache: Path, **options: Any) -> Implementation:
        assert options["check"](None)
        cells = Cells(lut=900, carry=50, ff=800, dsp=2, blocks=3, ram=0, comb=1000)
        runs = tuple(Routed(seed, clock, (), {}) for seed in options["seeds"])
        return Implementation("random", processor.build, cells, runs, 125.0, (), b"bits")

    monkeypatch.setattr(fpga, "implement", implement)
    words = ("--target", "ecp5-85f", "--seeds", 2, "--name", "tiles", "--out", tmp_path / "out")
    result = run(program, *words)
    line = json.loads(result.stdout.splitlines()[-1])
    assert (result.exit_code, line["result"]) == (code, "fail" if code else "pass")
    assert line["seeds"] == {"1": clock, "2": clock}
    assert (tmp_path / "out" / "tiles.bit").read_bytes() == b"bits"
    assert "83,640" in result.stdout


@pytest.mark.parametrize("faults", [(), ("mismatch: tile 0, x 1, y 2",)])
def test_a_netlist_is_simulated_before_it_is_routed(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faults: tuple[str, ...]
) -> None:
    def check(processor: TileProcessor, *where: Any) -> NetlistCheck:
        assert where == (tmp_path / "netlist.json", "tiles", tmp_path / "cache/simulated-0")
        return NetlistCheck("8x8x3", 3072, 4000, faults)

    def implement(processor: TileProcessor, cache: Path, **options: Any) -> Implementation:
        made = SimpleNamespace(netlist=tmp_path / "netlist.json")
        netlist = SimpleNamespace(folder=cache / "netlist-0", made=made, top="tiles")
        assert options["check"](netlist) == (not faults)
        cells = Cells(lut=900, carry=50, ff=800, dsp=2, blocks=3, ram=0, comb=1000)
        return Implementation("random", processor.build, cells, (), 125.0, ())

    monkeypatch.setattr(fpga.simulated_tiles, "check_tile_netlist", check)
    monkeypatch.setattr(fpga, "implement", implement)
    words = ("--target", "ecp5-85f", "--seeds", 0, "--check-netlist", "--name", "tiles")
    result = run(program, *words, "--out", tmp_path)
    line = json.loads(result.stdout.splitlines()[-1])
    found = (result.exit_code, line["netlist"], line["result"])
    assert found == ((1, "differs", "fail") if faults else (0, "exact", "synthesised"))
    assert set(faults) <= set(result.stdout.splitlines())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--estimate-only",), "--estimate-only must stand with a program, but random is a net"),
        (("--target", "asic"), "target must be an FPGA for a network, not 'asic'"),
        (("--colour", "rgb"), "colour and form must not be given for a network: its tiles are"),
        (("--board", "ulx3s"), "format must be 'lutscale-program', not 'lutscale-network'"),
        (
            ("--target", "ecp5-25f", "--max-width", 128, "--max-height", 128),
            "DP16KD must be at most 56 on ecp5-25f, not 384 as random takes: smaller tiles take f",
        ),
    ],
)
def test_what_is_refused(
    words: tuple[object, ...], message: str, program: str, tmp_path: Path
) -> None:
    result = run(program, *words, "--out", tmp_path / "out")
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()

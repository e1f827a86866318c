"""Every field of every report is explained on its page, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from lutscale.command import main
from lutscale.golden.layers import Requantise
from lutscale.golden.pictures.image import sample_photo, write_png
from lutscale.golden.program import Program
from lutscale.golden.program_file import save
from lutscale.golden.refqsr import network_file
from lutscale.golden.task import Task
from lutscale.hw.flow.asic import AsicCells
from lutscale.hw.flow.cells import Cells
from lutscale.hw.flow.design import design_of
from lutscale.hw.flow.implement import Implementation
from lutscale.hw.flow.nextpnr import Hop, Routed
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.refqsr.processor import TileProcessor
from lutscale.reports import fpga
from lutscale.sim import run as simulation
from lutscale.sim.netlist import NetlistCheck
from tests.support.documents import ROOT, fields_of, places_of, section
from tests.support.random_programs import example_program
from tests.support.refqsr.networks import network
from tests.support.refqsr.simulated import pretend

PAGE = (ROOT / "docs" / "reports.md").read_text()

# Objects whose keys are names, so many that the page does not list them.
NAMES = {
    "seeds", "utilisation", "source", "files", "roms", "stalls", "pictures", "published[].psnr"
}  # fmt: skip


def check(heading: str, reports: Iterable[Any]) -> None:
    """What the section explains is what the reports hold, place by place."""
    places = places_of(section(PAGE, heading))
    found: dict[str, set[str]] = {}
    for report in reports:
        for place, fields in fields_of(report, places).items():
            found.setdefault(place, set()).update(fields)
    found = {place: fields for place, fields in found.items() if not is_names(place, places)}
    assert found == places


def is_names(place: str, places: dict[str, set[str]]) -> bool:
    """Whether keys there are names of files, seeds and so on."""
    return place not in places and (place in NAMES or place.rpartition(".")[2] in NAMES)


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "small.npz"
    save(example_program(2, 2, max_taps=1, max_channels=2), path)
    return str(path)


def run(*words: object) -> str:
    result = CliRunner().invoke(main, [str(word) for word in words], prog_name="lutscale")
    assert result.exit_code == 0, result.output
    return result.stdout


def test_memory(tmp_path: Path, program: str) -> None:
    found = []
    for name in (program, "hklut-s-x4"):
        width = ("--line-width", 32, "--clocks-per-pixel", 16)
        run("report", name, *width, "--out", tmp_path)
        found.append(json.loads((tmp_path / "memory.json").read_text()))
    check("memory.json", found)


def test_benchmark(tmp_path: Path, program: str) -> None:
    write_png(tmp_path / "data" / "Set5" / "a.png", sample_photo("chelsea")[:48, :52])
    network_file.save(network(1), tmp_path / "network.npz")
    words = (program, tmp_path / "network.npz", "--data", tmp_path / "data", "--out", tmp_path)
    run("benchmark", *words)
    check("benchmark.json", [json.loads((tmp_path / "benchmark.json").read_text())])


def implemented(pipeline: Pipeline | TileProcessor, cache: Path, **options: Any) -> Implementation:
    """In place of `implement`: nothing runs."""
    made = SimpleNamespace(netlist=cache / "netlist.json")
    options["check"](SimpleNamespace(folder=cache / "netlist-0", made=made, top="core"))
    hops = (Hop("logic", 1.0, "pipeline.a.x", "pipeline.b.y", ""),)
    runs = (Routed(1, 130.0, hops, {"TRELLIS_FF": (8, 99)}),)
    cells = Cells(lut=9, carry=5, ff=8, dsp=2, blocks=3, ram=0, comb=10)
    forms, tools = design_of(pipeline).forms, {"yosys": "pyosys 1", "nextpnr": "nextpnr-ecp5 2"}
    return Implementation("small", pipeline.build, cells, runs, 125.0, forms, b"bits", tools)


def test_fpga(tmp_path: Path, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fpga, "implement", implemented)
    monkeypatch.setattr(
        fpga.simulated, "check_netlist", lambda *_: NetlistCheck("4x4x3", 48, 99, ())
    )
    cells = AsicCells(cells=9, ff=2, transistors=50, area=1.5, macros=1)
    monkeypatch.setattr(fpga, "standard_cells", lambda *_, **__: cells)
    run("fpga", program, "--target", "ecp5-85f", "--check-netlist", "--out", tmp_path / "a",
        "--name", "core")  # fmt: skip
    run("fpga", program, "--target", "asic", "--out", tmp_path / "b", "--name", "core")
    run("fpga", "iqlut-tiny-x4", "--form", "planes", "--estimate-only", "--out", tmp_path / "c",
        "--name", "core")  # fmt: skip
    written = [next((tmp_path / folder).glob("core__*.json")) for folder in "abc"]
    check(
        r"NAME\_\_fpga.json and NAME\_\_estimate.json",
        [json.loads(path.read_text()) for path in written],
    )


def test_roms_and_zoo(tmp_path: Path, program: str) -> None:
    run("export-roms", program, "--out", tmp_path / "roms", "--name", "core")
    check(r"NAME\_\_roms.json", [json.loads((tmp_path / "roms" / "core__roms.json").read_text())])
    check("The zoo as JSON", [json.loads(run("zoo", "--json"))])


def test_hand_off(tmp_path: Path, program: str) -> None:
    words = ("--name", "core", "--max-width", 16, "--max-height", 16)
    forced = ("--form", "lanes")
    run("verilog", program, *words, *forced, "--out", tmp_path / "rtl")
    found = json.loads((tmp_path / "rtl" / "core.json").read_text())
    # As `NAME__fpga.json` has them.
    found |= {"latency": None, "forms": []}
    check("NAME.json of the hand-off", [found])


def test_simulation(tmp_path: Path, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file, and the line in it; what it says of the run is made up, as nothing runs."""
    noisy = tmp_path / "noisy.npz"
    same = Requantise(np.array([2]), 1, 0, 255)
    save(Program("noisy", 1, (same,), task=Task("denoise", 25)), noisy)

    class Job:
        def __init__(self, *_: Any, **__: Any) -> None: ...

        def build(self) -> float:
            return 0.0

    def simulate(_: Job, subject: simulation.Subject, stalled: bool) -> Any:
        height, width = subject.lr.shape[:2]
        scale = len(subject.hr) // height
        measured = {"clocks": 99, "steady": 4.0, "mismatches": 0, "seconds": 0.1}
        runs = {"stalls": {"none": 99}, "waves": [], "faults": []}
        return {**measured, **runs}, np.zeros((height * scale, width * scale, 3), np.uint8)

    monkeypatch.setattr(simulation, "Job", Job)
    monkeypatch.setattr(simulation, "simulate", simulate)
    words = ("--crop", 12, "--stalls", "--out", tmp_path / "sim")
    found = []
    for name in (program, noisy):
        line = json.loads(run("sim", name, *words).splitlines()[-1])
        written = json.loads(
            (tmp_path / "sim" / f"{line['program']}-f4-b4-verilator/sim.json").read_text()
        )
        assert line.items() <= written.items()
        found.append(written)
    check("sim.json, and the line of a simulation", found)


def test_networks_with_dispatch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch)
    path = tmp_path / "network.npz"
    network_file.save(network(1), path)
    run("sim", path, "--crop", 24, "--stalls", "--out", tmp_path / "sim")
    (written,) = (tmp_path / "sim").glob("*/sim.json")
    check("sim.json of a network with dispatch", [json.loads(written.read_text())])
    run("report", path, "--out", tmp_path)
    memory = json.loads((tmp_path / "memory.json").read_text())
    check("memory.json of a network with dispatch", [memory])
    monkeypatch.setattr(fpga, "implement", implemented)
    monkeypatch.setattr(
        fpga.simulated_tiles, "check_tile_netlist", lambda *_: NetlistCheck("8x8x3", 48, 99, ())
    )
    words = ("--target", "ecp5-85f", "--check-netlist", "--name", "core")
    run("fpga", path, *words, "--out", tmp_path)
    found = json.loads((tmp_path / "core__fpga.json").read_text())
    check(r"NAME\_\_fpga.json of a network with dispatch", [found])


def test_a_field_that_is_not_explained_is_found() -> None:
    text = section(PAGE, "The zoo as JSON")
    places = places_of(text)
    assert fields_of([{"name": 1, "new": {"deep": 2}}], places) == {
        "[]": {"name", "new"},
        "[].new": {"deep"},
    }
    with pytest.raises(AssertionError):
        check("The zoo as JSON", [[{"name": 1}]])

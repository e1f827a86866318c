"""Reports of another program or version, and what is damaged, are refused in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import lutscale
from lutscale.golden.errors import InputError
from lutscale.golden.layers import TapTables
from lutscale.golden.program_file import load, save
from lutscale.hw.build import Build
from lutscale.reports.page.sources import Shelf, at
from tests.support.page.reports import command, write_reports
from tests.support.random_programs import example_program

SMALL = "small.npz"


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports of a small program, and the program beside them."""
    root = tmp_path_factory.mktemp("reports")
    small = example_program(2, 2, max_taps=1, max_channels=2)
    save(replace(small, name="small"), root / SMALL)
    write_reports(root, str(root / SMALL), "memory", "estimate", "fpga", "sim", "benchmark")
    return root


@pytest.fixture
def root(reports: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    for path in (*reports.rglob("*.json"), *reports.glob("sim/small*/*.png"), reports / SMALL):
        place = tmp_path / path.relative_to(reports)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())
    return tmp_path


FILES = {
    "memory": "reports/memory.json",
    "benchmark": "reports/benchmark/benchmark.json",
    "fpga": "fpga/lutscale_small__fpga.json",
    "estimate": "fpga/lutscale_small__estimate.json",
    "sim": "sim/small-f4-b4-verilator/sim.json",
}


def spoil(path: Path, change: Callable[[Any], object]) -> None:
    report = json.loads(path.read_text())
    change(report)
    path.write_text(json.dumps(report))


def refusal(root: Path) -> str:
    """The one line on stderr; nothing is written."""
    words = ("page", root / SMALL, "--reports", root, "--out", root / "page")
    line = command(*words, code=2)
    assert line.startswith("error: ")
    assert line.count("\n") == 1
    assert not (root / "page").exists()
    return line


def test_all_is_well(root: Path) -> None:
    shown = command("page", root / SMALL, "--reports", root, "--out", root / "page")
    assert shown.startswith(f"{root}/page/small.html: ")
    data = json.loads((root / "page" / "small.json").read_text())
    for kind, file in FILES.items():
        source = data["sources"]["simulations"][0] if kind == "sim" else data["sources"][kind]
        assert source["file"] == str(root / file)


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: r.update(format="lutscale-else"), "format must be 'lutscale-"),
        (lambda r: r.update(version=77), "version must be "),
        (
            lambda r: origin_in(r).update(lutscale="0.0.1"),
            f"must be made by lutscale {lutscale.__version__}, not 0.0.1",
        ),
        (
            lambda r: origin_in(r).update(program_sha256="0" * 64),
            "must be of small as it is now, not of other tables",
        ),
    ],
)
def test_another_version_is_refused(
    root: Path, kind: str, change: Callable[[Any], object], said: str
) -> None:
    spoil(root / FILES[kind], change)
    line = refusal(root)
    assert f"{root / FILES[kind]}: {said}" in line
    assert "; make it again: lutscale " in line


def origin_in(report: dict[str, Any]) -> dict[str, Any]:
    """Of the benchmark each program has its own."""
    found: dict[str, Any] = (
        report["programs"][0]["origin"] if "programs" in report else report["origin"]
    )
    return found


@pytest.mark.parametrize("kind", ["memory", "fpga", "estimate", "sim"])
def test_another_program_is_refused(root: Path, kind: str) -> None:
    def rename(report: Any) -> None:
        report["program"] = {"name": "other"} if kind == "memory" else "other"

    spoil(root / FILES[kind], rename)
    assert f"{root / FILES[kind]}: must be of small, not other; make it again" in refusal(root)


def test_a_benchmark_without_the_program_is_refused(root: Path) -> None:
    spoil(root / FILES["benchmark"], lambda r: r["programs"].pop(0))
    assert "must have measured small, not only iqlut-tiny-x4; make it again" in refusal(root)


def test_other_tables_of_the_same_name_are_refused(root: Path) -> None:
    program = load(root / SMALL)
    layers = list(program.layers)
    k = next(k for k, layer in enumerate(layers) if isinstance(layer, TapTables))
    changed = layers[k].entries.copy()
    changed.flat[0] += 1 if changed.flat[0] <= 0 else -1
    layers[k] = replace(layers[k], entries=changed)
    save(replace(program, layers=tuple(layers)), root / SMALL)
    assert "must be of small as it is now, not of other tables" in refusal(root)


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_report_is_refused(root: Path, kind: str, content: bytes) -> None:
    (root / FILES[kind]).write_bytes(content)
    line = refusal(root)
    assert str(root / FILES[kind]) in line
    assert "must be" in line


@pytest.mark.parametrize("kind", FILES)
def test_a_report_that_lacks_something_is_refused(root: Path, kind: str) -> None:
    if kind == "estimate":
        # Shown where nothing better is known.
        (root / FILES["fpga"]).unlink()
    for name in ("line_widths", "command", "estimate", "seeds", "image", "pixels", "target"):
        path = root / FILES[kind]
        report = json.loads(path.read_text())
        if name in report:
            spoil(path, lambda r, name=name: r.pop(name))
            refusal(root)
            path.write_text(json.dumps(report))


def test_a_damaged_picture_is_refused(root: Path) -> None:
    folder = (root / FILES["sim"]).parent
    whole = (folder / "hardware.png").read_bytes()
    (folder / "hardware.png").write_bytes(whole[:100])
    assert f"{folder / 'hardware.png'}: must be" in refusal(root)
    (folder / "hardware.png").unlink()
    assert "hardware.png: must be an image file, but there is no such file" in refusal(root)
    Image.fromarray(np.zeros((4, 5, 3), np.uint8)).save(folder / "hardware.png")
    assert "times the input, not 5x4" in refusal(root)


def test_what_is_not_there_is_a_command(root: Path) -> None:
    shelf = Shelf(load(root / SMALL), "small", root / "none", Build(clocks_per_pixel=8))
    assert shelf.memory().report is None
    assert shelf.memory().command == (
        f"lutscale report small --clocks-per-pixel 8 --out {root}/none/reports"
    )
    (found,) = shelf.simulations()
    assert (found.report, found.as_dict()["file"]) == (None, None)
    assert found.command == f"lutscale sim small --clocks-per-pixel 8 --out {root}/none/sim"


def test_commands_are_those_that_made_the_reports(root: Path) -> None:
    """With the options in which the report differs from the defaults."""
    shelf = Shelf(load(root / SMALL), "small", root, Build())
    assert f"lutscale report small --line-width 480 --line-width 960 --out {root}/reports" == (
        shelf.memory().command
    )
    assert shelf.fpga().command == (
        f"lutscale fpga small --target ecp5-85f --seeds 3 --out {root}/fpga"
    )
    assert shelf.estimate().command.split(" --out")[0] == (
        "lutscale fpga small --target ecp5-85f --estimate-only"
    )
    command = shelf.simulations()[0].command
    assert command.split(" --out")[0] == "lutscale sim small --crop 24 --stalls"


def test_of_several_simulations_that_of_the_build_comes_first(root: Path) -> None:
    own = root / FILES["sim"]
    for folder, clocks, simulator in (
        ("small-f8-b4-verilator", 8, "verilator"),
        ("small-f8-b4-icarus", 8, "icarus"),
        ("small-f4-b4-verilator-f4-b4-icarus", 4, "icarus"),
    ):
        place = root / "sim" / folder / "sim.json"
        place.parent.mkdir()
        place.write_text(own.read_text())
        spoil(place, lambda r, c=clocks, s=simulator: r.update(clocks_per_pixel=c, simulator=s))
    shelf = Shelf(load(root / SMALL), "small", root, Build(clocks_per_pixel=8))
    # The last folder is of a program with a longer name.
    assert [found.path.parent.name for found in shelf.simulations()] == [
        "small-f8-b4-verilator", "small-f8-b4-icarus", "small-f4-b4-verilator"
    ]  # fmt: skip


def test_a_pointer_that_leads_nowhere_is_told() -> None:
    assert at({"a": [{"b/c": 1}]}, "/a/0/b~1c") == 1
    with pytest.raises(InputError, match="report.json: must have /a/1, but has not"):
        at({"a": [1]}, "/a/1", "report.json")

"""From a program to a routed design, in one call, and never the same step twice."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lutscale.golden.errors import InputError
from lutscale.hw.build import Build
from lutscale.hw.flow import implement as flow
from lutscale.hw.flow.cells import Cells
from lutscale.hw.flow.implement import Implementation, implement
from lutscale.hw.flow.nextpnr import Hop, Routed
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.targets import TARGETS
from tests.support.random_programs import example_program

BUILD = Build(
    clocks_per_pixel=4,
    pixels_per_beat=1,
    max_width=32,
    max_height=32,
    target=TARGETS["ecp5-25f"],
)
CELLS = Cells(lut=1, carry=1, ff=1, dsp=0, blocks=0, ram=0, comb=3)


@pytest.mark.slow
def test_a_small_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = example_program(2, 2, max_taps=1, max_channels=2)
    steps: list[str] = []
    pipeline = Pipeline(program, BUILD)
    made = implement(pipeline, tmp_path, seeds=(1,), progress=steps.append)
    assert sorted(step.partition(":")[0] for step in steps) == [
        "bitstream", "netlist", "seed 1"
    ]  # fmt: skip
    report = json.loads(json.dumps(made.to_json()))
    assert (report["program"], report["target"]) == (program.name, "ecp5-25f")
    assert report["clocks_per_pixel"] == 4
    assert set(report["seeds"]) == {"1"}
    assert report["comb"] == report["lut"] + 2 * report["carry"] + 4 * report["ram"] > 0
    # What nextpnr places is what Yosys counted.
    assert report["utilisation"]["TRELLIS_FF"][0] == report["ff"]
    assert report["critical_path"]["through"]
    assert report["source"]["fmax_mhz"] == "routed"
    # The preamble of every ECP5 bitstream.
    assert b"\xff\xff\xbd\xb3" in made.bitstream

    def refuse(*arguments: Any, **options: Any) -> None:
        raise AssertionError("done before")

    monkeypatch.setattr(flow.nextpnr, "pack", refuse)
    monkeypatch.setattr(flow, "place_and_route", refuse)
    monkeypatch.setattr("lutscale.hw.flow.netlist.synthesise", refuse)
    assert implement(pipeline, tmp_path, seeds=(1,)) == made
    with pytest.raises(AssertionError, match="done before"):
        implement(pipeline, tmp_path, seeds=(1,), frequency=126)
    with pytest.raises(AssertionError, match="done before"):
        implement(pipeline, tmp_path, seeds=(), options="-nowidelut")


def test_the_median_seed_decides() -> None:
    path = (Hop("logic", 8.0, "pipeline.a.x", "pipeline.b.y", ""),)
    runs = tuple(
        Routed(seed, fmax, path if seed == 3 else (), {"TRELLIS_FF": (1, 2), "EHXPLLL": (0, 4)})
        for seed, fmax in ((1, 130.0), (2, 120.0), (3, 126.0))
    )
    for asked, result in ((125.0, "pass"), (127.0, "fail")):
        made = Implementation("x", BUILD, CELLS, runs, asked, ()).to_json()
        assert (made["fmax_mhz"], made["result"]) == (126.0, result)
        assert made["seeds"] == {"1": 130.0, "2": 120.0, "3": 126.0}
        assert (made["critical_path"]["seed"], made["critical_path"]["to"]) == (3, "b")
        assert made["utilisation"] == {"TRELLIS_FF": [1, 2]}


def test_nothing_routed_is_neither_pass_nor_fail() -> None:
    made = Implementation("x", BUILD, CELLS, (), 125.0, ()).to_json()
    assert (made["fmax_mhz"], made["seeds"], made["result"]) == (None, {}, "synthesised")
    assert set(made["source"].values()) == {"synthesised"}


def test_a_target_that_cannot_be_routed(tmp_path: Path) -> None:
    pipeline = Pipeline(example_program(2), Build(target=TARGETS["ice40"]))
    with pytest.raises(InputError, match="ecp5-25f, ecp5-45f, ecp5-85f to be routed, not 'ice40'"):
        implement(pipeline, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_too_many_blocks_are_refused_before_anything_runs(tmp_path: Path) -> None:
    device = TARGETS["ecp5-25f"].device
    assert device is not None
    tiny = replace(TARGETS["ecp5-25f"], device=replace(device, blocks=0))
    pipeline = Pipeline(example_program(2), replace(BUILD, max_width=4096, target=tiny))
    with pytest.raises(InputError, match="DP16KD must be at most 0"):
        implement(pipeline, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_netlist_that_does_not_fit_is_not_routed(tmp_path: Path) -> None:
    device = TARGETS["ecp5-25f"].device
    assert device is not None
    program = example_program(2, 2, max_taps=1, max_channels=2)
    # The estimate, 948, is not so far above that it would be refused before.
    tiny = replace(TARGETS["ecp5-25f"], device=replace(device, luts=700))
    with pytest.raises(InputError, match="netlist must fit ecp5-25f, but takes .* of 700 LUTs"):
        implement(Pipeline(program, replace(BUILD, target=tiny)), tmp_path, seeds=(1,))
    assert [path.name.partition("-")[0] for path in tmp_path.iterdir()] == ["netlist"]

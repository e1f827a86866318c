"""From a program to a routed design, in one call."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lutscale.golden.errors import InputError
from lutscale.hw.build import Build
from lutscale.hw.flow.implement import Implementation, implement
from lutscale.hw.flow.nextpnr import Routed
from lutscale.hw.flow.yosys import Cells
from lutscale.hw.handoff import manifest_name
from lutscale.hw.names import default_name
from lutscale.hw.targets import TARGETS
from tests.support.random_programs import example_program

BUILD = Build(
    clocks_per_pixel=4,
    pixels_per_beat=1,
    max_width=32,
    max_height=32,
    target=TARGETS["ecp5-25f"],
)


@pytest.mark.slow
def test_a_small_program(tmp_path: Path) -> None:
    program = example_program(2, 2, max_taps=1, max_channels=2)
    steps: list[str] = []
    made = implement(program, BUILD, tmp_path, seeds=(1, 2), progress=steps.append)
    assert steps == ["verilog", "synthesis", "place and route, seed 1", "place and route, seed 2"]
    report = json.loads(json.dumps(made.to_json()))
    assert (report["program"], report["target"], report["clocks_per_pixel"]) == (
        program.name,
        "ecp5-25f",
        4,
    )
    assert set(report["seeds"]) == {"1", "2"}
    assert report["comb"] == report["lut4"] + 2 * report["carry"] + 4 * report["ram"] > 0
    # What nextpnr places is what Yosys counted.
    assert report["utilisation"]["TRELLIS_FF"][0] == report["ff"]
    assert report["critical_path"]
    assert (tmp_path / "rtl" / manifest_name(default_name(program.name))).exists()


def test_the_median_seed_decides() -> None:
    runs = tuple(Routed(seed, fmax, (), {}) for seed, fmax in ((1, 130.0), (2, 120.0), (3, 126.0)))
    for asked, result in ((125.0, "pass"), (127.0, "fail")):
        made = Implementation("x", BUILD, Cells(1, 1, 1, 0, 0), runs, asked, ())
        assert (made.to_json()["fmax_mhz"], made.to_json()["result"]) == (126.0, result)


def test_a_target_that_cannot_be_routed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="ecp5-25f, ecp5-45f, ecp5-85f to be routed, not 'ice40'"):
        implement(example_program(2), Build(target=TARGETS["ice40"]), tmp_path / "out")
    assert not (tmp_path / "out").exists()

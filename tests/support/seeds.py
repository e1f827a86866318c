"""A netlist to route, where nothing of it is read: the router is a stand-in."""

from __future__ import annotations

from pathlib import Path

from lutscale.hw.build import Build
from lutscale.hw.flow.cells import Cells
from lutscale.hw.flow.netlist import Netlist
from lutscale.hw.flow.yosys import Synthesis
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.targets import find_target
from tests.support.random_programs import example_program

__all__ = ["REPORT", "a_netlist", "a_pipeline"]

REPORT = {
    "fmax": {"clk": {"achieved": 125.0}},
    "critical_paths": [],
    "utilization": {"TRELLIS_FF": {"used": 3, "available": 9}},
}


def a_netlist(folder: Path) -> Netlist:
    path = folder / "netlist.json"
    path.write_text("{}")
    cells = Cells(lut=9, carry=0, ff=3, dsp=0, blocks=0, ram=0, comb=9)
    return Netlist("top", "key", folder, Synthesis(path, cells, {}))


def a_pipeline() -> Pipeline:
    build = Build(clocks_per_pixel=4, pixels_per_beat=1, target=find_target("ecp5-25f"))
    return Pipeline(example_program(2, 2, max_taps=1, max_channels=2), build)

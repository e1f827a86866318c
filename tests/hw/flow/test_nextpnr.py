"""Place and route: the clock and the path of a small design, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from lutscale.golden.errors import InputError
from lutscale.hw.flow.nextpnr import LARGE, Route, Routed, median_fmax, place_and_route
from lutscale.hw.flow.tools import router
from lutscale.hw.flow.yosys import synthesise
from tests.support.native_router import stand_in

COUNTER = """
module top (input wire clk, input wire up, output reg [15:0] count);
    always @(posedge clk) if (up) count <= count + 1;
endmodule
"""


@pytest.mark.slow
def test_a_small_design(tmp_path: Path) -> None:
    source = tmp_path / "top.v"
    source.write_text(COUNTER)
    netlist = synthesise([source], top="top", folder=tmp_path / "out").netlist
    run = place_and_route(netlist, Route(router(), "25F"), seed=3)
    assert run.seed == 3
    assert 100 < run.fmax < 1000
    # From a register's output to a register's input, and no longer than the clock says.
    assert run.critical[0].kind == "clk-to-q"
    assert run.critical[-1].kind == "setup"
    assert sum(hop.delay for hop in run.critical) == pytest.approx(1000 / run.fmax, rel=0.01)
    assert run.used["TRELLIS_FF"][0] == 16
    assert (netlist.parent / "seed3.config").exists()


def test_a_native_one_routes_in_the_folder(tmp_path: Path) -> None:
    """A stand-in, whose report is read; and one that is killed."""
    hop = {"type": "setup", "delay": 8.0, "from": {"cell": "a"}, "to": {"cell": "b"}}
    report = {
        "fmax": {"clk": {"achieved": 125.0}},
        "critical_paths": [{"from": "posedge clk", "to": "posedge clk", "path": [hop]}],
        "utilization": {"TRELLIS_FF": {"used": 3, "available": 9}},
    }
    netlist = tmp_path / "netlist.json"
    netlist.write_text("{}")
    (tmp_path / "work").mkdir()
    tool = router(str(stand_in(tmp_path, report=report)))
    run = place_and_route(netlist, Route(tool), folder=tmp_path / "work", seed=2)
    assert (run.seed, run.fmax, run.used) == (2, 125.0, {"TRELLIS_FF": (3, 9)})
    assert [hop.kind for hop in run.critical] == ["setup"]
    assert (tmp_path / "work" / "seed2.config").exists()
    stand_in(tmp_path)
    with pytest.raises(InputError, match="does not route on LFE5U-85F: ended by signal 9"):
        place_and_route(netlist, Route(tool), seed=2)


def test_what_is_routed_for(tmp_path: Path) -> None:
    tool = router(str(stand_in(tmp_path)))
    with pytest.raises(ValueError, match="device must be one of 25F, 45F, 85F, not '12K'"):
        Route(tool, "12K")
    with pytest.raises(ValueError, match="speed must be one of 6, 7, 8, not 5"):
        Route(tool, speed=5)
    # Each part of it makes another result.
    routes = [Route(tool), Route(tool, "25F"), Route(tool, frequency=90.0), Route(tool, speed=8)]
    assert len({route.key for route in [*routes, Route(tool).suited(LARGE)]}) == 5


def test_a_large_netlist_is_placed_in_another_way_unless_the_user_says_how(tmp_path: Path) -> None:
    program = str(stand_in(tmp_path))
    assert Route(router(program)).suited(LARGE - 1) == Route(router(program))
    suited = Route(router(program)).suited(LARGE).tool
    assert suited.command == (program, "--placer", "static")
    assert suited.identity.endswith("--placer static")
    own = Route(router(program, "--placer heap"))
    assert own.suited(LARGE) == own


@pytest.mark.slow
def test_a_netlist_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not route on LFE5U-85F: Failed to open"):
        place_and_route(tmp_path / "netlist.json", Route(router()))


def test_the_median_of_seeds() -> None:
    runs = [Routed(seed, fmax, (), {}) for seed, fmax in enumerate([120.0, 150.0, 90.0])]
    assert median_fmax(runs) == 120.0

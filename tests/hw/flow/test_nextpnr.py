"""Place and route: the clock and the path of a small design, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from lutscale.golden.errors import InputError
from lutscale.hw.flow.nextpnr import Routed, median_fmax, place_and_route
from lutscale.hw.flow.yosys import synthesise

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
    run = place_and_route(netlist, device="25F", seed=3)
    assert run.seed == 3
    assert 100 < run.fmax < 1000
    # From a register's output to a register's input, and no longer than the clock says.
    assert run.critical[0].kind == "clk-to-q"
    assert run.critical[-1].kind == "setup"
    assert sum(hop.delay for hop in run.critical) == pytest.approx(1000 / run.fmax, rel=0.01)
    assert run.used["TRELLIS_FF"][0] == 16
    assert (netlist.parent / "seed3.config").exists()


def test_an_unknown_device(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="device must be one of 25F, 45F, 85F, not '12K'"):
        place_and_route(tmp_path / "netlist.json", device="12K")


@pytest.mark.slow
def test_a_netlist_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not route on LFE5U-85F: Failed to open"):
        place_and_route(tmp_path / "netlist.json")


def test_the_median_of_seeds() -> None:
    runs = [Routed(seed, fmax, (), {}) for seed, fmax in enumerate([120.0, 150.0, 90.0])]
    assert median_fmax(runs) == 120.0

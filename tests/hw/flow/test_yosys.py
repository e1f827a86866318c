"""Synthesis: what a small design is counted as, flat and by module."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from lutscale.hw.flow.yosys import Cells, count_cells, synthesise

ADDER = """
module adder (input wire clk, input wire [7:0] a, b, output reg [8:0] sum);
    always @(posedge clk) sum <= a + b;
endmodule
module top (input wire clk, input wire [7:0] a, b, c, output wire [8:0] x, y,
            output reg [15:0] product);
    adder left (clk, a, b, x);
    adder right (clk, b, c, y);
    always @(posedge clk) product <= a * c;
endmodule
"""


def test_counts_by_type() -> None:
    cells = count_cells({"LUT4": 7, "CCU2C": 3, "TRELLIS_FF": 5, "PDPW16KD": 1, "DP16KD": 2})
    assert cells == Cells(lut4=7, carry=3, ff=5, dsp=0, blocks=3)
    assert cells.comb == 13
    assert cells.as_dict()["comb"] == 13


@pytest.mark.slow
@pytest.mark.parametrize("hierarchy", [False, True])
def test_a_small_design(hierarchy: bool, tmp_path: Path) -> None:
    source = tmp_path / "top.v"
    source.write_text(ADDER)
    made = synthesise([source], top="top", folder=tmp_path / "out", hierarchy=hierarchy)
    assert (made.cells.ff, made.cells.dsp, made.cells.blocks) == (18 + 16, 1, 0)
    assert made.cells.comb >= 2 * 9
    assert "top" in json.loads(made.netlist.read_text())["modules"]
    if hierarchy:
        # Both instances count in what contains them.
        assert made.modules["adder"].ff == 9
        assert made.modules["top"] == made.cells
    else:
        assert not made.modules


@pytest.mark.slow
def test_a_source_that_yosys_refuses(tmp_path: Path) -> None:
    source = tmp_path / "top.v"
    source.write_text("module top (; endmodule")
    with pytest.raises(subprocess.CalledProcessError):
        synthesise([source], top="top", folder=tmp_path / "out")
    assert "ERROR" in (tmp_path / "yosys.log").read_text()

"""Synthesis: what a small design is counted as, flat and by module."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lutscale.golden.errors import InputError
from lutscale.hw.flow.yosys import commands_for, synthesise

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


@pytest.mark.slow
@pytest.mark.parametrize("hierarchy", [False, True])
def test_a_small_design(hierarchy: bool, tmp_path: Path) -> None:
    folder = tmp_path / "with a space"
    folder.mkdir()
    source = folder / "top.v"
    source.write_text(ADDER)
    made = synthesise([source], top="top", folder=folder / "out", hierarchy=hierarchy)
    # The product's register is the multiplier's own.
    assert (made.cells.ff, made.cells.dsp, made.cells.blocks) == (18, 1, 0)
    assert made.netlist.read_text().count('"type": "TRELLIS_FF"') >= 9
    assert made.cells.comb >= 2 * 9
    assert "top" in json.loads(made.netlist.read_text())["modules"]
    if hierarchy:
        # Both instances count in what contains them.
        assert made.modules["adder"].ff == 9
        assert made.modules["top"] == made.cells
    else:
        assert not made.modules


@pytest.mark.slow
@pytest.mark.parametrize("family", ["xilinx", "gowin", "ice40"])
def test_other_families(family: str, tmp_path: Path) -> None:
    source = tmp_path / "top.v"
    source.write_text(ADDER)
    cells = synthesise([source], top="top", folder=tmp_path / "out", family=family).cells
    # A DSP48 has registers of its own, which take those of the product.
    assert cells.ff + 16 * cells.dsp >= 18 + 16
    assert cells.comb > 0


def test_a_family_of_which_nothing_is_known() -> None:
    with pytest.raises(InputError, match=r"\(ecp5, xilinx, gowin, ice40\), not intel"):
        commands_for(["a.v"], top="a", family="intel")


@pytest.mark.slow
def test_a_source_that_yosys_refuses(tmp_path: Path) -> None:
    source = tmp_path / "top.v"
    source.write_text("module top (; endmodule")
    with pytest.raises(InputError, match="Yosys refuses .*: .*syntax error"):
        synthesise([source], top="top", folder=tmp_path / "out")
    assert "ERROR" in (tmp_path / "out" / "yosys.log").read_text()

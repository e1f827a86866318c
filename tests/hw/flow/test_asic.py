"""Standard cells: counted, with macros apart, with Yosys' gates and with a library."""

from __future__ import annotations

from pathlib import Path

import pytest

from lutscale.golden.errors import InputError
from lutscale.hw.build import Build
from lutscale.hw.flow.asic import (
    AsicCells,
    asic_commands,
    read_asic,
    standard_cells,
    synthesise_asic,
)
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.targets import TARGETS
from tests.support.random_programs import example_program

MACRO = """
module ram #(parameter WIDTH = 1) (input wire clk, input wire [WIDTH-1:0] d,
                                   output reg [WIDTH-1:0] q);
    always @(posedge clk) q <= d;
endmodule
"""
TOP = """
module top (input wire clk, input wire a, b, output reg y, output wire [1:0] z);
    ram #(.WIDTH(2)) memory (clk, {a, b}, z);
    always @(posedge clk) y <= ~(a & b);
endmodule
"""
LIBRARY = """
library (small) {
  cell (NAND) {
    area : 3;
    pin (A) { direction : input; }
    pin (B) { direction : input; }
    pin (Y) { direction : output; function : "!(A * B)"; }
  }
  cell (INV) {
    area : 1;
    pin (A) { direction : input; }
    pin (Y) { direction : output; function : "!A"; }
  }
  cell (NOR) {
    area : 3;
    pin (A) { direction : input; }
    pin (B) { direction : input; }
    pin (Y) { direction : output; function : "!(A + B)"; }
  }
  cell (BUF) {
    area : 2;
    pin (A) { direction : input; }
    pin (Y) { direction : output; function : "A"; }
  }
  cell (FLOP) {
    area : 10;
    ff (IQ, IQN) { clocked_on : C; next_state : D; }
    pin (C) { direction : input; clock : true; }
    pin (D) { direction : input; }
    pin (Q) { direction : output; function : IQ; }
  }
}
"""


def counted(folder: Path, *, liberty: bool) -> AsicCells:
    (folder / "rtl").mkdir()
    paths = [folder / "rtl" / name for name in ("top.v", "memory.v")]
    for path, text in zip(paths, (TOP, MACRO), strict=True):
        path.write_text(text)
    if liberty:
        (folder / "library.lib").write_text(LIBRARY)
    names = [path.name for path in paths]
    commands = asic_commands(names, top="top", macros=["ram"], liberty=liberty)
    synthesise_asic(paths, commands=commands, folder=folder, liberty=liberty)
    return read_asic(folder, top="top", macros=["ram"])


@pytest.mark.slow
def test_transistors(tmp_path: Path) -> None:
    # A NAND has 4 transistors, and Yosys gives a flip-flop 16.
    found = counted(tmp_path, liberty=False)
    assert found == AsicCells(cells=2, ff=1, transistors=20, area=None, macros=1)
    assert found.as_dict() == {"cells": 2, "ff": 1, "transistors": 20, "macros": 1}


@pytest.mark.slow
def test_a_library(tmp_path: Path) -> None:
    found = counted(tmp_path, liberty=True)
    assert found == AsicCells(cells=2, ff=None, transistors=None, area=13.0, macros=1)


def test_a_library_that_is_not_there(tmp_path: Path) -> None:
    pipeline = Pipeline(example_program(2), Build(target=TARGETS["asic"]))
    with pytest.raises(InputError, match="none.lib: must be a Liberty file, but: No such file"):
        standard_cells(pipeline, tmp_path / "cache", liberty=tmp_path / "none.lib")
    assert not (tmp_path / "cache").exists()

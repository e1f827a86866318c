"""Models of block memory and multiplier: Yosys' use of them computes what was written in Verilog.

Each is synthesised for ECP5, and simulated in Icarus beside the same without synthesis, with random
numbers; never read and written at one address at once, where a word is unspecified.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from lutscale.hw.flow.ecp5_models import block_models, cell_models, netlist_verilog
from lutscale.hw.flow.yosys import synthesise

MEMORY = """
module made (input wire clk, we, re, input wire [{top}:0] wa, ra, input wire [{bits}:0] wd,
             output reg [{bits}:0] rd);
    (* ram_style = "block", no_rw_check *) reg [{bits}:0] words [0:{last}];
    integer k;
    initial for (k = 0; k <= {last}; k = k + 1) words[k] = 40'h9e3779b97f * (k + 1) >> 3;
    always @(posedge clk) begin
        if (we) words[wa] <= wd;
        if (re) rd <= words[ra];
    end
endmodule
"""

# The same behind one more register.
LATE = """
module made (input wire clk, we, re, input wire [{top}:0] wa, ra, input wire [{bits}:0] wd,
             output reg [{bits}:0] rd = 0);
    (* ram_style = "block", no_rw_check *) reg [{bits}:0] words [0:{last}];
    reg [{bits}:0] found = 0;
    integer k;
    initial for (k = 0; k <= {last}; k = k + 1) words[k] = 40'h9e3779b97f * (k + 1) >> 3;
    always @(posedge clk) begin
        if (we) words[wa] <= wd;
        if (re) found <= words[ra];
        if (re) rd <= found;
    end
endmodule
"""

# Nothing is written: the port that writes has no clock.
ROM = LATE.replace("if (we) words[wa] <= wd;", "")

PRODUCT = """
module made (input wire clk, we, input wire {sign} [{top}:0] a, input wire {sign} [{top}:0] b,
             output wire {sign} [35:0] p);
    assign p = a * b;
endmodule
"""

# The same between registers.
CLOCKED = """
module made (input wire clk, we, input wire {sign} [{top}:0] a, input wire {sign} [{top}:0] b,
             output reg {sign} [35:0] p = 0);
    reg {sign} [{top}:0] left = 0, right = 0;
    always @(posedge clk) if (we) begin
        left <= a;
        right <= b;
        p <= left * right;
    end
endmodule
"""

BENCH = """
`timescale 1ns / 1ps
module bench;
    reg clk = 0, we = 0, re = 0;
    reg [{top}:0] wa = 0, ra = 1;
    reg [{bits}:0] wd = 0;
    wire [{bits}:0] one, other;
    plain a (.clk(clk), .we(we), .re(re), .wa(wa), .ra(ra), .wd(wd), .rd(one));
    made b (.clk(clk), .we(we), .re(re), .wa(wa), .ra(ra), .wd(wd), .rd(other));
    integer n, read = 0;
    initial begin
        #20;
        for (n = 0; n < 4000; n = n + 1) begin
            we = $random; re = n < 4 || $random; wa = $random; wd = {{$random, $random}};
            // Half of the reads are of words lately written.
            ra = n % 2 ? $random : wa + 1 + n % 3;
            if (ra == wa) ra = wa ^ 1;
            #5 clk = 1; #5 clk = 0;
            if (one !== other) begin $display("FAIL at %0d: %h %h", n, one, other); $finish; end
            read = read + re;
        end
        $display("SAME %0d", read);
    end
endmodule
"""


SIZES = [(16384, 1), (8192, 2), (4096, 4), (1024, 18), (2048, 9), (3000, 5), (512, 36), (700, 23)]


def simulated(sources: list[Path], folder: Path) -> str:
    if shutil.which("iverilog") is None:
        pytest.skip("Icarus is not installed")
    compiled = folder / "sim.vvp"
    subprocess.run(["iverilog", "-g2012", "-o", compiled, *sources], check=True)
    return subprocess.run(["vvp", compiled], check=True, capture_output=True, text=True).stdout


def compared(design: str, bench: str, folder: Path) -> str:
    """What the bench says of a design and its netlist, that has no register but the blocks'."""
    paths = {name: folder / f"{name}.v" for name in ("made", "plain", "netlist", "cells", "bench")}
    paths["made"].write_text(design)
    paths["plain"].write_text(design.replace("module made", "module plain"))
    paths["bench"].write_text(bench)
    paths["cells"].write_text(cell_models())
    made = synthesise([paths["made"]], top="made", folder=folder / "out")
    assert made.cells.blocks + made.cells.dsp > 0
    assert made.cells.ff == 0
    netlist_verilog(made.netlist, "made", paths["netlist"], "made")
    del paths["made"]
    return simulated(list(paths.values()), folder)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("design", "depth", "width"),
    [
        *((MEMORY, depth, width) for depth, width in SIZES),
        *((LATE, depth, width) for depth, width in SIZES[::3]),
        (ROM, 256, 32),
    ],
)
def test_a_memory(design: str, depth: int, width: int, tmp_path: Path) -> None:
    sizes = {"top": (depth - 1).bit_length() - 1, "bits": width - 1, "last": depth - 1}
    bench = BENCH.format(**sizes)
    if depth & (depth - 1):
        bench = bench.replace("wa = $random;", f"wa = $urandom % {depth - 8};")
        bench = bench.replace("ra = n % 2 ? $random", f"ra = n % 2 ? $urandom % {depth - 8}")
    assert compared(design.format(**sizes), bench, tmp_path).startswith("SAME ")


PRODUCTS = """
`timescale 1ns / 1ps
module bench;
    reg clk = 0, we = 0;
    reg {sign} [{top}:0] x, y;
    wire {sign} [35:0] one, other;
    plain a (.clk(clk), .we(we), .a(x), .b(y), .p(one));
    made b (.clk(clk), .we(we), .a(x), .b(y), .p(other));
    integer n;
    initial begin
        for (n = 0; n < 2000; n = n + 1) begin
            x = n < 4 ? {{n[0], {{{top}{{n[1]}}}}}} : $random; y = $random; we = $random;
            #5 clk = 1; #5 clk = 0;
            #5 if (one !== other) begin $display("FAIL %h %h", one, other); $finish; end
        end
        $display("SAME");
    end
endmodule
"""


@pytest.mark.slow
@pytest.mark.parametrize("sign", ["signed", ""])
@pytest.mark.parametrize("bits", [18, 13])
@pytest.mark.parametrize("design", [PRODUCT, CLOCKED], ids=["product", "clocked"])
def test_a_product(design: str, sign: str, bits: int, tmp_path: Path) -> None:
    words = {"sign": sign, "top": bits - 1}
    said = compared(design.format(**words), PRODUCTS.format(**words), tmp_path)
    assert said.startswith("SAME")


COLLISION = """
`timescale 1ns / 1ps
module bench;
    reg clk = 0, we = 0;
    wire [8:0] rd;
    reg [9:0] wa = 0, ra = 0;
    DP16KD #(.DATA_WIDTH_A(18), .DATA_WIDTH_B(9), .INITVAL_00(320'h1ff), .REGMODE_B("{mode}")) m (
        .CLKA(clk), .CLKB(clk), .CEA(1'b1), .CEB(1'b1), .WEA(we), .WEB(1'b0), .RSTA(1'b0),
        .RSTB(1'b0), .ADA0(1'b1), .ADA1(1'b1), .ADA4(wa[0]), .ADB4(ra[0]),
        .ADA2(1'b0), .ADA3(1'b0), .ADB0(1'b0), .ADB1(1'b0), .ADB2(1'b0), .ADB3(1'b0),
        .ADA5(1'b0), .ADA6(1'b0), .ADA7(1'b0), .ADA8(1'b0), .ADA9(1'b0), .ADA10(1'b0),
        .ADA11(1'b0), .ADA12(1'b0), .ADA13(1'b0), .ADB5(1'b0), .ADB6(1'b0), .ADB7(1'b0),
        .ADB8(1'b0), .ADB9(1'b0), .ADB10(1'b0), .ADB11(1'b0), .ADB12(1'b0), .ADB13(1'b0),
        .DIA0(1'b1), .DOB0(rd[0]));
    initial begin
        #5 clk = 1; #5 clk = 0; $display("%b", rd[0]);
        we = 1; wa = 1;
        #5 clk = 1; #5 clk = 0; $display("%b", rd[0]);
        wa = 0;
        #5 clk = 1; #5 clk = 0; $display("%b", rd[0]);
    end
endmodule
"""


def test_a_word_read_as_it_is_written_is_spoilt(tmp_path: Path) -> None:
    blocks, bench = tmp_path / "blocks.v", tmp_path / "bench.v"
    blocks.write_text("`timescale 1ns / 1ps\n" + block_models())
    bench.write_text(COLLISION.format(mode="NOREG"))
    # Read alone, beside another's write, and as the same is written.
    assert simulated([blocks, bench], tmp_path).split() == ["1", "1", "0"]


def test_a_mode_without_a_model_is_refused(tmp_path: Path) -> None:
    blocks, bench = tmp_path / "blocks.v", tmp_path / "bench.v"
    blocks.write_text("`timescale 1ns / 1ps\n" + block_models())
    bench.write_text(COLLISION.format(mode="INREG"))
    with pytest.raises(subprocess.CalledProcessError) as caught:
        simulated([blocks, bench], tmp_path)
    assert "a mode of which there is no model" in caught.value.stdout

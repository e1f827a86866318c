// SPDX-License-Identifier: Apache-2.0
//
// The memories of a LUTscale pipeline. Amaranth would write one line per row of a memory;
// these read their contents with $readmemh instead, and leave plain RAM uninitialised.
// Read registers have no reset, or no tool would map them to block memory.
//
// The files are looked for where the tool looks. To name their folder, define
// lutscale__ROM_DIR as a string, without a slash at its end.

`timescale 1ns / 1ps
`default_nettype none

// A table in block memory: one read port.
module lutscale__rom_block #(
    parameter WIDTH = 1,
    parameter DEPTH = 2,
    parameter ADDR = 1,
    parameter FILE = ""
) (
    input wire clk,
    input wire en,
    input wire [ADDR-1:0] addr,
    output reg [WIDTH-1:0] data
);
    (* rom_style = "block", syn_romstyle = "EBR" *)
    reg [WIDTH-1:0] words [0:DEPTH-1];
`ifdef lutscale__ROM_DIR
    initial if (FILE != "") $readmemh({`lutscale__ROM_DIR, "/", FILE}, words);
`else
    initial if (FILE != "") $readmemh(FILE, words);
`endif
    always @(posedge clk) if (en) data <= words[addr];
endmodule

// A table in logic: one read port.
module lutscale__rom_logic #(
    parameter WIDTH = 1,
    parameter DEPTH = 2,
    parameter ADDR = 1,
    parameter FILE = ""
) (
    input wire clk,
    input wire en,
    input wire [ADDR-1:0] addr,
    output reg [WIDTH-1:0] data
);
    (* syn_romstyle = "logic" *)
    reg [WIDTH-1:0] words [0:DEPTH-1];
`ifdef lutscale__ROM_DIR
    initial if (FILE != "") $readmemh({`lutscale__ROM_DIR, "/", FILE}, words);
`else
    initial if (FILE != "") $readmemh(FILE, words);
`endif
    always @(posedge clk) if (en) data <= words[addr];
endmodule

// A line buffer or FIFO in block memory: one write port and one read port. A read of the
// address being written gives an unspecified word; the pipeline never uses it.
module lutscale__ram_block #(
    parameter WIDTH = 1,
    parameter DEPTH = 2,
    parameter ADDR = 1
) (
    input wire clk,
    input wire wr_en,
    input wire [ADDR-1:0] wr_addr,
    input wire [WIDTH-1:0] wr_data,
    input wire rd_en,
    input wire [ADDR-1:0] rd_addr,
    output reg [WIDTH-1:0] rd_data
);
    (* ram_style = "block", syn_ramstyle = "block_ram", no_rw_check *)
    reg [WIDTH-1:0] words [0:DEPTH-1];
    always @(posedge clk) if (wr_en) words[wr_addr] <= wr_data;
    always @(posedge clk) if (rd_en) rd_data <= words[rd_addr];
endmodule

// The same in logic, for memories too small to deserve a block.
module lutscale__ram_logic #(
    parameter WIDTH = 1,
    parameter DEPTH = 2,
    parameter ADDR = 1
) (
    input wire clk,
    input wire wr_en,
    input wire [ADDR-1:0] wr_addr,
    input wire [WIDTH-1:0] wr_data,
    input wire rd_en,
    input wire [ADDR-1:0] rd_addr,
    output reg [WIDTH-1:0] rd_data
);
    (* syn_ramstyle = "registers" *)
    reg [WIDTH-1:0] words [0:DEPTH-1];
    always @(posedge clk) if (wr_en) words[wr_addr] <= wr_data;
    always @(posedge clk) if (rd_en) rd_data <= words[rd_addr];
endmodule

`default_nettype wire

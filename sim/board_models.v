// SPDX-License-Identifier: Apache-2.0
//
// What a simulation of a board puts in the place of ECP5's PLL and double-rate outputs, as far as our
// designs use them: Lattice FPGA-TN-02200 (sysCLOCK) and FPGA-TN-02032 (high-speed I/O).

`timescale 1ns / 1ns
`default_nettype none

// The input has twice the frequency of CLKOP here, whatever the oscillator's is, so that every half of a
// clock of CLKOP can be seen at an edge of it. CLKOS is CLKOP by the ratio of their dividers.
module EHXPLLL #(
    parameter FEEDBK_PATH = "CLKOP",
    parameter CLKI_DIV = 1,
    parameter CLKFB_DIV = 1,
    parameter CLKOP_ENABLE = "ENABLED",
    parameter CLKOP_DIV = 8,
    parameter CLKOP_CPHASE = 0,
    parameter CLKOP_FPHASE = 0,
    parameter CLKOS_ENABLE = "DISABLED",
    parameter CLKOS_DIV = 8,
    parameter CLKOS_CPHASE = 0,
    parameter CLKOS_FPHASE = 0
) (
    input wire CLKI, CLKFB, RST, STDBY,
    input wire PHASESEL0, PHASESEL1, PHASEDIR, PHASESTEP, PHASELOADREG,
    input wire PLLWAKESYNC, ENCLKOP,
    output reg CLKOP, CLKOS,
    output wire LOCK
);
    localparam HALF = CLKOS_DIV / CLKOP_DIV;
    reg [7:0] count = 0;
    reg [7:0] settling = 0;
    initial {CLKOP, CLKOS} = 0;
    assign LOCK = &settling;
    always @(posedge CLKI) begin
        CLKOP <= !CLKOP;
        count <= count == HALF - 1 ? 0 : count + 1;
        if (count == HALF - 1) CLKOS <= !CLKOS;
        if (!LOCK) settling <= settling + 1;
    end
endmodule

// Both bits are taken at the rising edge; D0 leaves while SCLK is high, D1 while it is low.
module ODDRX1F (
    input wire SCLK, RST, D0, D1,
    output wire Q
);
    reg high = 0, low = 0;
    always @(posedge SCLK) {high, low} <= RST ? 2'b00 : {D0, D1};
    assign Q = SCLK ? high : low;
endmodule

`default_nettype wire

// Records what leaves a board towards its display, bit by bit, and writes it when memory is full.

`timescale 1ns / 1ns
`default_nettype none

module lutscale_board_bench #(
    parameter DEPTH = 16 // bits of a channel
) (
    input wire clk, // a bit a clock
    output reg done,
    output wire [7:0] led
);
    /* verilator public_module */
    reg [3:0] bits [0:DEPTH-1];
    reg [31:0] count = 0;
    wire [3:0] gpdi;
    wire kept_awake;
    initial done = 0;

    lutscale_board dut (
        .clk_25mhz(clk),
        .button_n(1'b1),
        .led(led),
        .gpdi_dp(gpdi),
        .wifi_gpio0(kept_awake)
    );

    always @(posedge clk) if (!done) begin
        bits[count] <= gpdi;
        count <= count + 1;
        if (count == DEPTH - 1) done <= 1;
    end

    reg written = 0;
    always @(posedge clk) if (done && !written) begin
        written <= 1;
        $writememh("bits.hex", bits, 0, DEPTH - 1);
    end
endmodule

`default_nettype wire

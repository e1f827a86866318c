// When a bench offers and when it takes, and whether what stands on m_axis stays until it is taken.
//
// Of 65,536 clocks, at random, stall_in have no valid in front of a pixel, and stall_out leave
// ready as it is where the others turn it round; 0 is always ready. With stall_single the bench is
// ready for a single clock, then not for one to four.

`timescale 1ns / 1ns
`default_nettype none

module lutscale_stalls #(
    parameter BITS = 1 // of a beat with its marks
) (
    input wire aclk,
    input wire aresetn,
    input wire [15:0] stall_in,
    input wire [15:0] stall_out,
    input wire stall_single,
    input wire taken,           // what was offered went in
    input wire valid,           // of m_axis
    input wire [BITS-1:0] beat,
    output reg offered = 0,
    output reg accepting = 0,
    output reg unstable         // a beat changed or went away before it was taken
);
    reg [1:0] resting = 0;
    reg waiting = 0;
    reg [BITS-1:0] waited;
    // Marsaglia's xorshift: from clock to clock all bits are new.
    reg [31:0] noise = 32'h2545f491;
    wire [31:0] noise_a = noise ^ (noise << 13);
    wire [31:0] noise_b = noise_a ^ (noise_a >> 17);

    always @(posedge aclk) begin
        noise <= noise_b ^ (noise_b << 5);
        if (!aresetn) begin
            offered <= 0;
            accepting <= 0;
            resting <= 0;
            waiting <= 0;
            unstable <= 0;
        end else begin
            // An offer stands until it is taken.
            if (!offered || taken) offered <= noise[15:0] >= stall_in;
            if (!stall_single) accepting <= stall_out == 0 || accepting ^ (noise[31:16] >= stall_out);
            else if (accepting) begin
                accepting <= 0;
                resting <= noise[17:16];
            end else if (resting != 0) resting <= resting - 1;
            else accepting <= 1;
            // What is offered stands until it is taken.
            if (waiting && (!valid || beat !== waited)) unstable <= 1;
            waiting <= valid && !accepting;
            waited <= beat;
        end
    end
endmodule

`default_nettype wire

// Moves whole frames through the upscaler at simulator speed: no Python on any clock.
//
// On start it sends FRAMES frames of width x height pixels from memory, back to back, and
// records every beat that comes out, marks and all. Stalls are those of lutscale_stalls.v. It gives
// up after `limit` clocks.

`timescale 1ns / 1ns
`default_nettype none

module lutscale_bench #(
    parameter BEAT = 1, // pixels
    parameter PIXEL = 8, // bits
    parameter SIZE_BITS = 11,
    parameter IN_DEPTH = 16,
    parameter OUT_DEPTH = 16
) (
    input wire aclk,
    input wire aresetn,
    input wire start,
    input wire [SIZE_BITS-1:0] width,
    input wire [SIZE_BITS-1:0] height,
    input wire [31:0] pixels,       // to send, all frames together
    input wire [31:0] frame_pixels, // of one frame
    input wire [31:0] beats,        // to receive
    input wire [31:0] limit,
    input wire [15:0] stall_in,
    input wire [15:0] stall_out,
    input wire stall_single,
    output reg done,
    output reg timeout,
    output reg [31:0] received,
    output reg [31:0] clocks,       // from the first pixel offered to the last beat received
    output reg [31:0] first_out,    // clock of the first beat received
    output reg [31:0] steady_from,  // clock at which the first pixel of the second frame went in
    output reg [31:0] steady_to,    // clock at which the last pixel went in
    output wire unstable,           // a beat changed or went away before it was taken
    output wire malformed
);
    /* verilator public_module */
    localparam BYTES = BEAT * PIXEL / 8;
    reg [PIXEL-1:0] frame [0:IN_DEPTH-1];
    reg [9*BYTES+1:0] result [0:OUT_DEPTH-1];
    initial $readmemh("frames.hex", frame);

    reg running = 0;
    reg [31:0] sent = 0;
    reg [31:0] in_frame = 0;
    reg [SIZE_BITS-1:0] x = 0;

    wire offered, accepting;
    wire tready, tvalid, tuser, tlast;
    wire [8*BYTES-1:0] tdata;
    wire [BYTES-1:0] tkeep;
    wire offer = running && offered && sent != pixels;
    wire taken = offer && tready;
    wire given = accepting && tvalid;
    wire [9*BYTES+1:0] beat = {tuser, tlast, tkeep, tdata};

    lutscale_stalls #(.BITS(9*BYTES+2)) stalls (
        .aclk(aclk),
        .aresetn(aresetn),
        .stall_in(stall_in),
        .stall_out(stall_out),
        .stall_single(stall_single),
        .taken(taken),
        .valid(tvalid),
        .beat(beat),
        .offered(offered),
        .accepting(accepting),
        .unstable(unstable)
    );

    lutscale_upscaler dut (
        .aclk(aclk),
        .aresetn(aresetn),
        .width(width),
        .height(height),
        .s_axis_tdata(frame[sent]),
        .s_axis_tvalid(offer),
        .s_axis_tready(tready),
        .s_axis_tuser(in_frame == 0),
        .s_axis_tlast(x == width - 1),
        .m_axis_tdata(tdata),
        .m_axis_tkeep(tkeep),
        .m_axis_tvalid(tvalid),
        .m_axis_tready(accepting),
        .m_axis_tuser(tuser),
        .m_axis_tlast(tlast),
        .malformed(malformed)
    );

    always @(posedge aclk) begin
        if (!aresetn) begin
            running <= 0;
            done <= 0;
            timeout <= 0;
            received <= 0;
            clocks <= 0;
            first_out <= 0;
            steady_from <= 0;
            steady_to <= 0;
            sent <= 0;
            in_frame <= 0;
            x <= 0;
        end else begin
            if (start) running <= 1;
            if (running && !done) clocks <= clocks + 1;
            if (taken) begin
                sent <= sent + 1;
                x <= x == width - 1 ? 0 : x + 1;
                in_frame <= in_frame == frame_pixels - 1 ? 0 : in_frame + 1;
                if (sent == frame_pixels) steady_from <= clocks;
                steady_to <= clocks;
            end
            if (given && !done) begin
                result[received] <= beat;
                received <= received + 1;
                if (received == 0) first_out <= clocks;
                if (received == beats - 1) done <= 1;
            end
            if (running && !done && clocks == limit) begin
                timeout <= 1;
                done <= 1;
            end
        end
    end

    // Written once, a clock after the last beat is in.
    reg written = 0;
    always @(posedge aclk) begin
        if (!aresetn) written <= 0;
        else if (done && !written) begin
            written <= 1;
            $writememh("beats.hex", result, 0, received - 1);
        end
    end
endmodule

`default_nettype wire

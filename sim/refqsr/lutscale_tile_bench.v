// Moves tiles through the tile processor at simulator speed: no Python on any clock.
//
// On start it sends all tiles of a run, all of one size, back to back from memory, and records every
// pixel that comes out, marks and all, the clock of each tile's last, and the clocks and reads of each
// stage. Stalls are those of lutscale_stalls.v. It gives up after `limit` clocks.

`timescale 1ns / 1ns
`default_nettype none

module lutscale_tile_bench #(
    parameter WIDTH_BITS = 5,
    parameter HEIGHT_BITS = 5,
    parameter SLOT_BITS = 1,
    parameter TILES = 1,
    parameter STAGE_BITS = 1,
    parameter STAGES = 2,
    parameter IN_DEPTH = 16,
    parameter OUT_DEPTH = 16
) (
    input wire aclk,
    input wire aresetn,
    input wire start,
    input wire [WIDTH_BITS-1:0] width,
    input wire [HEIGHT_BITS-1:0] height,
    input wire [31:0] pixels,      // to send, all tiles together
    input wire [31:0] tile_pixels, // of one tile
    input wire [31:0] tile_beats,  // of one tile that comes out
    input wire [31:0] beats,       // to receive, all together
    input wire [63:0] limit,
    input wire [15:0] stall_in,
    input wire [15:0] stall_out,
    input wire stall_single,
    output reg done,
    output reg timeout,
    output reg [31:0] received,
    output reg [63:0] clocks,      // from the first pixel offered to the last received
    output reg [63:0] reads,       // words of weights
    output wire unstable,          // a pixel changed or went away before it was taken
    output wire malformed
);
    /* verilator public_module */
    reg [23:0] frame [0:IN_DEPTH-1];
    reg [SLOT_BITS:0] beside [0:TILES];      // reference, slot
    reg [28:0] result [0:OUT_DEPTH-1];       // tuser, tlast, three times tkeep, tdata
    reg [127:0] ends [0:TILES];              // clocks and reads when a tile's last pixel came
    reg [127:0] stages [0:STAGES-1];         // clocks and reads of each stage
    integer k;
    initial $readmemh("tiles.hex", frame);
    initial $readmemh("beside.hex", beside);

    reg running = 0;
    reg [31:0] sent = 0;
    reg [31:0] in_tile = 0;
    reg [31:0] out_tile = 0;
    reg [31:0] tile_in = 0;
    reg [31:0] tile_out = 0;
    reg [WIDTH_BITS-1:0] x = 0;

    wire offered, accepting;
    wire tready, tvalid, tuser, tlast, reading;
    wire [STAGE_BITS-1:0] stage;
    wire [127:0] spent = stages[stage];
    wire [23:0] tdata;
    wire offer = running && offered && sent != pixels;
    wire taken = offer && tready;
    wire given = accepting && tvalid;
    wire [28:0] beat = {tuser, tlast, 3'b111, tdata};

    lutscale_stalls #(.BITS(29)) stalls (
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

    lutscale_tile_upscaler dut (
        .aclk(aclk),
        .aresetn(aresetn),
        .width(width),
        .height(height),
        .reference(beside[tile_in][SLOT_BITS]),
        .slot(beside[tile_in][SLOT_BITS-1:0]),
        .s_axis_tdata(frame[sent]),
        .s_axis_tvalid(offer),
        .s_axis_tready(tready),
        .s_axis_tuser(in_tile == 0),
        .s_axis_tlast(x == width - 1),
        .m_axis_tdata(tdata),
        .m_axis_tvalid(tvalid),
        .m_axis_tready(accepting),
        .m_axis_tuser(tuser),
        .m_axis_tlast(tlast),
        .malformed(malformed),
        .reading(reading),
        .stage(stage)
    );

    always @(posedge aclk) begin
        if (!aresetn) begin
            running <= 0;
            done <= 0;
            timeout <= 0;
            received <= 0;
            clocks <= 0;
            reads <= 0;
            sent <= 0;
            in_tile <= 0;
            out_tile <= 0;
            tile_in <= 0;
            tile_out <= 0;
            x <= 0;
            for (k = 0; k < STAGES; k = k + 1) stages[k] <= 0;
        end else begin
            if (start) running <= 1;
            if (running && !done) begin
                clocks <= clocks + 1;
                if (reading) reads <= reads + 1;
                stages[stage] <= {spent[127:64] + {63'b0, reading}, spent[63:0] + 64'd1};
            end
            if (taken) begin
                sent <= sent + 1;
                x <= x == width - 1 ? 0 : x + 1;
                in_tile <= in_tile + 1;
                if (in_tile == tile_pixels - 1) begin
                    in_tile <= 0;
                    tile_in <= tile_in + 1;
                end
            end
            if (given && !done) begin
                result[received] <= beat;
                received <= received + 1;
                out_tile <= out_tile + 1;
                if (out_tile == tile_beats - 1) begin
                    out_tile <= 0;
                    tile_out <= tile_out + 1;
                    ends[tile_out] <= {reads, clocks};
                end
                if (received == beats - 1) done <= 1;
            end
            if (running && !done && clocks == limit) begin
                timeout <= 1;
                done <= 1;
            end
        end
    end

    // Written once, a clock after the last pixel is in.
    reg written = 0;
    always @(posedge aclk) begin
        if (!aresetn) written <= 0;
        else if (done && !written) begin
            written <= 1;
            $writememh("beats.hex", result, 0, received - 1);
            $writememh("ends.hex", ends, 0, tile_out - 1);
            $writememh("stages.hex", stages);
        end
    end
endmodule

`default_nettype wire

"""A design made to fail, of scale 1, in place of the hand-off Verilog: for tests of the bench."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lutscale.hw.build import Build
from lutscale.sim import job as jobs
from lutscale.sim.job import Job

__all__ = ["FLAWS", "faulty_job", "set_flaw"]

# Passes pixels on through one register. flaw.hex says what it does wrong, if anything.
_VERILOG = """
`timescale 1ns / 1ns
module lutscale_upscaler (
    input wire aclk, aresetn,
    input wire [4:0] width, height,
    input wire [7:0] s_axis_tdata,
    input wire s_axis_tvalid, s_axis_tuser, s_axis_tlast,
    output wire s_axis_tready,
    output wire [7:0] m_axis_tdata,
    output wire m_axis_tkeep, m_axis_tvalid, m_axis_tuser, m_axis_tlast,
    input wire m_axis_tready,
    output wire malformed
);
    reg [7:0] flaw [0:0];
    initial $readmemh("flaw.hex", flaw);
    reg [7:0] data, count;
    reg full, user, last, held;
    assign s_axis_tready = !full || (m_axis_tvalid && m_axis_tready);
    assign m_axis_tvalid = full && !(flaw[0] == 1 && held);
    assign m_axis_tdata = flaw[0] == 2 && held ? ~data : flaw[0] == 3 && count == 9 ? ~data : data;
    assign m_axis_tuser = user;
    assign m_axis_tlast = last ^ (flaw[0] == 4 && count == 9);
    assign m_axis_tkeep = 1;
    assign malformed = flaw[0] == 5 && count >= 9;
    always @(posedge aclk) begin
        if (!aresetn) begin
            {full, held} <= 0;
            count <= 0;
        end else begin
            // Held back for a clock, then there again.
            held <= full && !m_axis_tready && !held;
            if (s_axis_tready) begin
                full <= s_axis_tvalid && !(flaw[0] == 6 && count == 9);
                data <= s_axis_tdata;
                user <= s_axis_tuser;
                last <= s_axis_tlast;
                if (s_axis_tvalid && count != 10) count <= count + 1;
            end
        end
    end
endmodule
"""

FLAWS = {
    "none": 0,
    "tvalid falls": 1,
    "beat changes": 2,
    "wrong pixel": 3,
    "wrong tlast": 4,
    "malformed": 5,
    "lost beat": 6,
}


def faulty_job(folder: Path, **options: Any) -> Job:
    """A built job around the design, for three frames of up to 16x16; ``options`` are `Job`'s."""
    program = SimpleNamespace(scale=1, run=lambda frame: frame)
    build = Build(clocks_per_pixel=1, pixels_per_beat=1, max_width=16, max_height=16)
    pipeline: Any = SimpleNamespace(program=program, build=build)

    def write(_: Any, out: Path, name: str) -> list[Path]:
        assert f"module {name} (" in _VERILOG
        out.mkdir(parents=True, exist_ok=True)
        (out / "faulty.v").write_text(_VERILOG)
        return [out / "faulty.v"]

    job = Job(pipeline, folder, frame_size=256, quick=True, **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "write_handoff", write)
        job.build()
    set_flaw(job, "none")
    return job


def set_flaw(job: Job, flaw: str) -> None:
    """What the next runs do wrong, one of `FLAWS`."""
    (job.folder / "rtl" / "flaw.hex").write_text(f"{FLAWS[flaw]:02x}\n")

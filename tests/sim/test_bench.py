"""The bench around a design made to fail: each fault on the output must show."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lutscale.hw.build import Build
from lutscale.sim import job as jobs
from lutscale.sim.job import Job
from lutscale.sim.stalls import PATTERNS, Stalls, stalls
from tests.random_programs import example_frame

pytestmark = pytest.mark.slow

# Passes pixels on through one register. flaw.hex says what it does wrong, if anything.
FAULTY = """
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

NO_STALLS = Stalls()

FLAWS = {
    "none": 0,
    "tvalid falls": 1,
    "beat changes": 2,
    "wrong pixel": 3,
    "wrong tlast": 4,
    "malformed": 5,
    "lost beat": 6,
}


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    folder = tmp_path_factory.mktemp("bench")
    program = SimpleNamespace(scale=1, run=lambda frame: frame)
    build = Build(clocks_per_pixel=1, pixels_per_beat=1, max_width=16, max_height=16)
    pipeline: Any = SimpleNamespace(program=program, build=build)

    def write(_: Any, out: Path) -> list[Path]:
        out.mkdir()
        (out / "faulty.v").write_text(FAULTY)
        return [out / "faulty.v"]

    job = Job(pipeline, folder, frame_size=256, quick=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "write_handoff", write)
        job.build()
    return job


def run(job: Job, flaw: str, held: Stalls) -> dict[str, Any]:
    (job.folder / "verilog" / "flaw.hex").write_text(f"{FLAWS[flaw]:02x}\n")
    frames = [example_frame(seed, 4, 5) for seed in range(3)]
    return job.run(frames, frames, stalls=held)


def flags(found: dict[str, Any]) -> tuple[bool, ...]:
    return tuple(found[name] > 0 for name in ("mismatches", "unstable", "malformed", "timeout"))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_good_design_is_good_under_every_pattern(job: Job, pattern: str) -> None:
    found = run(job, "none", stalls(pattern, 1))
    assert flags(found) == (False, False, False, False)
    np.testing.assert_array_equal(found["planes"], [example_frame(seed, 4, 5) for seed in range(3)])


@pytest.mark.parametrize("pattern", ["random_sink", "one_cycle_ready", "both"])
def test_a_beat_that_does_not_stand_is_told(job: Job, pattern: str) -> None:
    found = run(job, "tvalid falls", stalls(pattern, 1))
    assert flags(found) == (False, True, False, False)
    assert run(job, "beat changes", stalls(pattern, 1))["unstable"]
    # A sink that is always ready sees neither.
    assert flags(run(job, "tvalid falls", NO_STALLS)) == (False, False, False, False)


def test_the_other_faults_are_told(job: Job) -> None:
    calm = NO_STALLS
    assert flags(run(job, "malformed", calm))[2]
    for flaw in ("wrong pixel", "wrong tlast"):
        found = run(job, flaw, calm)
        assert (found["mismatches"], flags(found)) == (1, (True, False, False, False))
        assert found["first_mismatches"][0].startswith("frame 0 x 3 y 1 channel 0: ")
    lost = run(job, "lost beat", calm)
    assert flags(lost) == (True, False, False, True)
    assert lost["received"] == 3 * 20 - 1


def test_who_pauses(job: Job) -> None:
    """A sink's pauses show in `clocks`, and one_cycle_ready takes 3.5 clocks a pixel."""
    clocks = {name: run(job, "none", stalls(name, 1))["clocks"] for name in PATTERNS}
    assert clocks["none"] < 70
    assert all(clocks[name] > 90 for name in PATTERNS[1:])
    assert 2 * 60 < clocks["one_cycle_ready"] < 5 * 60
    assert run(job, "none", Stalls(source=5))["clocks"] > clocks["random_source"]
    assert run(job, "none", Stalls(sink=9))["clocks"] > clocks["random_sink"]

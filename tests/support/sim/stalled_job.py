"""One simulation of the plain top with Python on every clock: stalls, malformed input, reset."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lutscale.hw.handoff import write_handoff
from lutscale.hw.pipeline import Pipeline
from lutscale.sim.compiled import Compiled
from lutscale.sim.stalls import PATTERNS
from tests.support.sim.stimuli import FLAWS, Plane, damaged, intact

__all__ = ["PATIENCE", "Outcome", "StalledJob", "check_outcomes"]

PATIENCE = 400
"""Of the pipelines, in clocks: no pattern of stalls is silent for so long."""

STOP_CLOCKS = 4000
"""For how long a source that stops is silent: longer, by what waits in front of the hardware."""

_TOP = "lutscale_upscaler"
_VISIBLE = Path(__file__).with_name(f"{_TOP}.vlt")


@dataclass(frozen=True)
class Outcome:
    """What one cocotb test found.

    Attributes:
        mismatches: beats that differ, as text: frame, x, y, channel, expected, got.
        problems: violations of AXI4-Stream on m_axis, as text with the clock.
        malformed: the port of this name, at each frame's first pixel and in the end.
        clocks_per_pixel: from the third frame's first pixel to the last one's last: before, stages
            that need less may still fill what lies in front of the one that sets the pace.
        waits_in, waits_out: clocks with valid and no ready, on s_axis and m_axis.
        idle_in: clocks without s_axis_tvalid until the last pixel was in.
        longest_ready: most clocks in a row with m_axis_tready.
    """

    mismatches: list[str]
    problems: list[str]
    malformed: list[int]
    clocks_per_pixel: float
    waits_in: int
    waits_out: int
    idle_in: int
    longest_ready: int


@dataclass
class StalledJob:
    """A built simulation of the hand-off Verilog as it is, for tests/support/sim/stall_matrix.py.

    Attributes:
        pipeline: the hardware, built for `PATIENCE`; its ``width`` port must be able to say
            ``max_width + 1``.
        folder: of this job; everything it writes lies there.
        simulator: "verilator" or "icarus".
    """

    pipeline: Pipeline
    folder: Path
    simulator: str = "verilator"

    def build(self) -> float:
        """Write the Verilog and compile it, unless the very same is there already.

        Returns:
            seconds it took.
        """
        started = time.monotonic()
        self.folder = self.folder.resolve()
        sources = write_handoff(self.pipeline, self.folder / "rtl", _TOP)
        self._compiled = Compiled(_TOP, self.folder, self.simulator, quick=True)
        self._compiled.build([_VISIBLE, *sources], {})
        return time.monotonic() - started

    def run(self, planes: Sequence[Plane]) -> dict[str, Outcome]:
        """Run every cocotb test.

        Args:
            planes: uint8 (height, width) of any sizes that fit. All are sent under each
                stall pattern; the first, at least 2 x 3, is also damaged, and sent four
                times in a row to measure the clocks a pixel.

        Returns:
            what each test found: "stalls-PATTERN", "steady", "reset" and each of the flaws.

        Raises:
            RuntimeError: a test ended without an outcome; the text names the log.
        """
        self._write_inputs(planes)
        names = [*(f"stalls-{pattern}" for pattern in PATTERNS), "steady", "reset", *FLAWS]
        paths = {name: self.folder / f"outcome-{name}.json" for name in names}
        for path in paths.values():
            path.unlink(missing_ok=True)
        log = self._compiled.run("tests.support.sim.stall_matrix", self.folder / "rtl")
        missing = [name for name, path in paths.items() if not path.exists()]
        if missing:
            raise RuntimeError(f"tests without an outcome: {', '.join(missing)}; see {log}")
        return {name: Outcome(**json.loads(path.read_text())) for name, path in paths.items()}

    def _write_inputs(self, planes: Sequence[Plane]) -> None:
        """The frames of all cases, and what must come of them."""
        pipeline = self.pipeline
        largest = pipeline.build.max_width, pipeline.build.max_height
        whole = intact(planes[0])
        cases = {
            "stalls": [intact(plane) for plane in planes],
            "steady": [whole, whole, whole, whole],
            "reset": [whole, whole, intact(planes[-1])],
        }
        for flaw in FLAWS:
            cases[flaw] = [whole, damaged(planes[0], flaw, largest), whole]
        arrays: dict[str, Plane] = {}
        for case, frames in cases.items():
            for n, frame in enumerate(frames):
                arrays[f"{case}{n}_sent"] = np.concatenate(frame.lines)
                if frame.seen is not None:
                    arrays[f"{case}{n}_expected"] = pipeline.program.run(frame.seen)
        np.savez(self.folder / "frames.npz", allow_pickle=False, **arrays)
        described = {
            case: [
                {
                    "width": frame.width,
                    "height": frame.height,
                    "lines": [len(line) for line in frame.lines],
                    "stuck": frame.stuck,
                    "pause": STOP_CLOCKS if frame.stop else 0,
                }
                for frame in frames
            ]
            for case, frames in cases.items()
        }
        job = {
            "beat": pipeline.build.pixels_per_beat,
            "clocks_per_pixel": pipeline.build.clocks_per_pixel,
            "cases": described,
        }
        (self.folder / "job.json").write_text(json.dumps(job))


def check_outcomes(outcomes: dict[str, Outcome]) -> None:
    """Every beat of every test is right, and m_axis keeps to its protocol."""
    wrong = {
        name: (outcome.mismatches[:3], outcome.problems[:3])
        for name, outcome in outcomes.items()
        if outcome.mismatches or outcome.problems
    }
    assert wrong == {}

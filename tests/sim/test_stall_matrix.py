"""Python on every clock: stalls, frame sizes, malformed input and reset, on four pipelines."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from lutscale.golden.program import Program
from lutscale.golden.program_file import load
from lutscale.hw.build import Build
from lutscale.hw.pipeline import Pipeline
from lutscale.sim.stalls import PATTERNS
from tests.support.random_programs import example_frame, example_program
from tests.support.sim.stalled_job import PATIENCE, Outcome, StalledJob, check_outcomes
from tests.support.sim.stimuli import FLAWS

pytestmark = pytest.mark.slow

TINY = Path(__file__).parents[2] / "model" / "zoo" / "iqlut-tiny-x4.npz"

# Height and width. Heights below the rows by which windows lag, lines of one pixel, the widest
# line built for, and an equal width with another height are all among them.
SIZES = ((6, 8), (5, 8), (1, 1), (3, 16), (4, 1), (1, 7), (12, 5))


def tiny() -> Program:
    return load(TINY)


def drawn_x2() -> Program:
    return example_program(5, 2, max_taps=2, max_channels=3)


def drawn_x3() -> Program:
    return example_program(2, 3, max_taps=2, max_channels=3)


def drawn_twice_x2() -> Program:
    return example_program(1, twice=True, max_taps=2, max_channels=3)


SUBJECTS = {
    "tiny-x4-f4-b4": (tiny, 4, 4),
    "drawn-x2-f1-b4": (drawn_x2, 1, 4),
    "drawn-x3-f5-b2": (drawn_x3, 5, 2),
    "drawn-twice-x2-f4-b4": (drawn_twice_x2, 4, 4),
}


@dataclass(frozen=True)
class Run:
    clocks_per_pixel: int
    outcomes: dict[str, Outcome]


def simulate(name: str, folder: Path, simulator: str = "verilator") -> Run:
    make, clocks_per_pixel, pixels_per_beat = SUBJECTS[name]
    pipeline = Pipeline(
        make(),
        Build(
            clocks_per_pixel=clocks_per_pixel,
            pixels_per_beat=pixels_per_beat,
            max_width=16,
            max_height=12,
            patience=PATIENCE,
        ),
    )
    job = StalledJob(pipeline, folder, simulator)
    job.build()
    planes = [example_frame(seed, *size) for seed, size in enumerate(SIZES)]
    return Run(clocks_per_pixel, job.run(planes))


@pytest.fixture(scope="module", params=SUBJECTS)
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return simulate(request.param, tmp_path_factory.mktemp("stalls") / "job")


def test_every_beat_is_exact(ran: Run) -> None:
    assert len(ran.outcomes) == len(PATTERNS) + 2 + len(FLAWS)
    check_outcomes(ran.outcomes)


def test_the_stalls_did_happen(ran: Run) -> None:
    found = {pattern: ran.outcomes[f"stalls-{pattern}"] for pattern in PATTERNS}
    # One clock before the first pixel is the source's own.
    assert [p for p in PATTERNS if found[p].idle_in > 1] == ["random_source", "both"]
    waiting = [p for p in PATTERNS if found[p].waits_out > 0]
    assert waiting == ["random_sink", "one_cycle_ready", "both"]
    assert found["one_cycle_ready"].longest_ready == 1
    assert found["random_sink"].longest_ready > 1


def test_frames_in_a_row_take_a_pixel_each_fold(ran: Run) -> None:
    assert ran.outcomes["steady"].clocks_per_pixel == ran.clocks_per_pixel


def test_well_formed_input_is_never_malformed(ran: Run) -> None:
    for name in (*(f"stalls-{pattern}" for pattern in PATTERNS), "steady", "reset"):
        assert not any(ran.outcomes[name].malformed), name


@pytest.mark.parametrize("flaw", FLAWS)
def test_malformed_input_is_mended_and_reported(ran: Run, flaw: str) -> None:
    outcome = ran.outcomes[flaw]
    # Low until the second frame begins; then high for good. It is the third frame's first pixel,
    # once it is in, that tells of a frame without its last lines.
    assert outcome.malformed == [0, 0, int(flaw != "short_frame"), 1]
    assert outcome.mismatches == []


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="needs Icarus Verilog")
def test_icarus_finds_no_unknown_bit(tmp_path: Path) -> None:
    # Unlike Verilator it knows X: what is read before it is written would show.
    check_outcomes(simulate("drawn-x3-f5-b2", tmp_path / "job", "icarus").outcomes)

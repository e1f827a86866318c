"""The bench around a design made to fail: each fault on the output must show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lutscale.sim.job import Job
from lutscale.sim.stalls import PATTERNS, Stalls, stalls
from tests.support.random_programs import example_frame
from tests.support.sim.faulty import faulty_job, set_flaw

pytestmark = pytest.mark.slow

NO_STALLS = Stalls()


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    return faulty_job(tmp_path_factory.mktemp("bench"))


def run(job: Job, flaw: str, held: Stalls) -> dict[str, Any]:
    set_flaw(job, flaw)
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

"""Recorded waves: FST, that a reader which nobody here wrote understands, with the very beats."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import pywellen

from lutscale.sim.compare import compare_beats
from lutscale.sim.simulators import WAVES
from tests.support.random_programs import example_frame
from tests.support.sim.faulty import faulty_job

pytestmark = pytest.mark.slow

ICARUS = pytest.mark.skipif(shutil.which("iverilog") is None, reason="needs Icarus Verilog")


def recorded_beats(path: Path, clocks: int) -> list[int]:
    """The beats that the bench received, as `beats_of` lays them out, read from the waves alone."""
    waves = pywellen.Waveform(str(path))
    assert waves.file_format == "FST"
    wanted = {f"lutscale_bench.{name}" for name in ("aclk", "given", "done", "beat")}
    signals = {var.name: var.signal for var in waves.all_vars() if var.full_name in wanted}
    beats = []
    # A clock of 10 ns: a rising edge takes in what stood just before it.
    for time in range(1, 10 * (clocks + 50)):
        before = {name: signal.value_at(time - 1) for name, signal in signals.items()}
        rises = (before["aclk"], signals["aclk"].value_at(time)) == (0, 1)
        if rises and before["given"] == 1 and before["done"] == 0:
            beats.append(int(before["beat"]))
    return beats


@pytest.mark.parametrize("simulator", ["verilator", pytest.param("icarus", marks=ICARUS)])
def test_the_waves_hold_every_beat(
    simulator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The job says what is recorded, not the environment.
    monkeypatch.setenv("WAVES", "0")
    job = faulty_job(tmp_path / "a job", simulator=simulator, waves=True)
    frames = [example_frame(seed, 7, 16) for seed in range(3)]
    # The second time: not what an earlier run recorded.
    for sent in (frames, [255 - frame for frame in frames]):
        found = job.run(sent, sent)
        assert found["mismatches"] == 0
        beats = np.array(recorded_beats(job.folder / WAVES, found["clocks"]), np.uint64)
        assert compare_beats(sent, beats, 1) == []

"""The benchmark commands run and say what they measured, on what, and how to do it again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.simulation import main as simulation
from benchmarks.training import main as training
from lutscale.golden.program_file import save
from tests.support.random_programs import example_program


def test_training() -> None:
    arguments = ["iqlut-tiny-x4", "--batch", "1", "--patch", "12", "--steps", "1"]
    result = CliRunner().invoke(training, arguments)
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said["network"] == "iqlut-tiny-x4"
    assert said["seconds_a_batch"] > 0
    ratio = said["seconds_a_step_gather"] / said["seconds_a_step"]
    assert said["gather_to_convolution"] == pytest.approx(ratio, rel=0.05)


@pytest.mark.slow
def test_simulation(tmp_path: Path) -> None:
    program = tmp_path / "small.npz"
    save(example_program(2, 4, max_taps=1, max_channels=2), program)
    arguments = [str(program), "--repeats", "1", "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(simulation, arguments)
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout.splitlines()[-1])
    assert said["frame"] == "128x128x3"
    assert said["clocks"] > 3 * 128 * 128 * 4
    assert said["ratio_to_bare_loop"] == pytest.approx(
        said["seconds"] / said["bare_seconds"], rel=0.01
    )

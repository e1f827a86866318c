"""A board in simulation: its display shows golden's pixels, and its LEDs see what goes wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lutscale.command import main
from lutscale.golden.pictures.image import read_rgb
from lutscale.golden.program_file import save
from lutscale.hw.boards.design import board_design
from lutscale.hw.boards.ulx3s import ULX3S
from lutscale.sim.board import SMALL, BoardJob
from tests.support.random_programs import example_program

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> BoardJob:
    program = example_program(3, 4, max_taps=1, max_channels=2)
    design = board_design(program, ULX3S, mode=SMALL)
    made = BoardJob(design, tmp_path_factory.mktemp("board"))
    made.build()
    return made


def test_the_display_shows_the_upscaled_picture(job: BoardJob) -> None:
    found = job.run()
    assert found.faults == ()
    assert len(found.frames) == 2
    assert found.lamps == {"pass": True, "fail": False, "fault": False}
    # The five others count frames, of which the last one may still be on its way.
    assert found.leds >> 3 in (2, 3)


@pytest.mark.parametrize("file", ["checksum", "picture0"])
def test_a_frame_that_is_not_golden(job: BoardJob, file: str) -> None:
    """Another checksum is stored than golden's; or a pixel of the picture changes on its way."""
    path = job.folder / "rtl" / f"lutscale_board__{file}.hex"
    kept = path.read_text()
    lines = kept.split()
    place = len(lines) // 2 if file == "picture0" else 0
    lines[place] = f"{int(lines[place], 16) ^ 0x40:0{len(lines[place])}x}"
    # The checksum lies in both words of its ROM; only the first one is read.
    path.write_text("\n".join(lines) + "\n")
    try:
        found = job.run()
    finally:
        path.write_text(kept)
    assert found.lamps == {"pass": False, "fail": True, "fault": False}
    assert bool(found.faults) == (file == "picture0")
    if found.faults:
        assert found.faults[0].startswith("frame 0 x ")


def test_the_command(tmp_path: Path) -> None:
    path = tmp_path / "small.npz"
    save(example_program(3, 4, max_taps=1, max_channels=2), path)
    words = ["sim", str(path), "--board", "ulx3s", "--out", str(tmp_path)]
    result = CliRunner().invoke(main, words, prog_name="lutscale")
    assert result.exit_code == 0, result.output
    line = json.loads(result.output.splitlines()[-1])
    assert (line["frames"], line["display"], line["result"]) == (2, "64x32", "pass")
    assert read_rgb(tmp_path / "display.png").shape == (32, 64, 3)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--board nexys", "board must be one of ulx3s, not 'nexys'"),
        ("--board ulx3s --crop 8", "--crop must be 0 beside --board, or left out, not 8"),
        ("--board ulx3s --stalls", "--stalls must stand without --board, which says it"),
    ],
)
def test_bad_input(words: str, message: str) -> None:
    result = CliRunner().invoke(main, ["sim", "lutscale-tiny-x4", *words.split()])
    assert (result.exit_code, result.stderr) == (2, f"error: {message}\n")

"""Which programs a board takes, what stands in its Verilog, and what is read of its routing."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
import pytest

from lutscale.golden import zoo
from lutscale.golden.errors import InputError
from lutscale.golden.program_file import load
from lutscale.hw.boards import Board
from lutscale.hw.boards.design import BoardDesign, board_design
from lutscale.hw.boards.implement import BoardRun, read_clocks
from lutscale.hw.boards.ulx3s import ULX3S
from lutscale.sim.board import SMALL
from tests.support.random_programs import example_program


@pytest.fixture(scope="module")
def tiny() -> BoardDesign:
    return board_design(example_program(3, 4, max_taps=1, max_channels=2), ULX3S, mode=SMALL)


def test_a_design(tiny: BoardDesign) -> None:
    build = tiny.pipeline.build
    assert (build.clocks_per_pixel, build.pixels_per_beat, build.max_width) == (16, 1, 16)
    assert tiny.picture.shape == (8, 16)
    assert tiny.picture.std() > 1
    shown = tiny.pipeline.program.run(tiny.picture)
    assert tiny.crc == zlib.crc32(np.ascontiguousarray(shown))
    names, files = tiny.sources()
    assert (tiny.core, tiny.name) == ("lutscale_random_3", "lutscale_ulx3s_random_3")
    assert names[0] == f"{tiny.name}.v"
    assert set(names) <= set(files)
    assert f"{tiny.crc:08x}".encode() in files[f"{tiny.name}__checksum.hex"].lower()
    text = files[names[0]].decode()
    ports = {pin.port.partition("[")[0] for pin in tiny.board.pins}
    for port in ports:
        assert f" {port};\n" in text, port
    assert (text.count("EHXPLLL"), text.count("ODDRX1F")) == (1, 4)
    assert f"{tiny.core} core (" in text
    # What the core reports is seen, and so is each of its marks.
    assert all(f".{port}(" in text for port in ("malformed", "m_axis_tuser", "s_axis_tlast"))


@pytest.mark.parametrize(("name", "scale"), [("iqlut-s-x2", 2), ("tinylut-f-denoise-25", 1)])
def test_another_scale(name: str, scale: int) -> None:
    message = f"program must enlarge by 4 for ulx3s, .* not by {scale} as {name} does"
    with pytest.raises(InputError, match=message):
        board_design(load(zoo.find(name)), ULX3S)


def test_too_little_memory() -> None:
    small: Board = replace(ULX3S, target="ecp5-25f")
    message = "DP16KD must be at most 27 beside the 29 of the stored picture on ulx3s, not 56 as"
    with pytest.raises(InputError, match=message):
        board_design(load(zoo.find("hklut-s-x4")), small)


REPORT = {
    "fmax": {
        "$glbnet$clk": {"achieved": 90.0, "constraint": 74.003},
        "a.clk": {"achieved": 360.0, "constraint": 370.096},
    }
}


def test_clocks_of_a_report() -> None:
    needed = {"pixel": 74.0, "shift": 370.0}
    assert read_clocks(REPORT, needed) == {"pixel": (90.0, 74.0), "shift": (360.0, 370.0)}
    message = "must have a clock of 148.0 MHz, but has 74.0, 370.1"
    with pytest.raises(InputError, match=message):
        read_clocks(REPORT, {"pixel": 148.0})


def test_both_clocks_must_be_met() -> None:
    slow = BoardRun(1, {"pixel": (90.0, 74.0), "shift": (360.0, 370.0)})
    assert (slow.met, round(slow.margin, 3)) == (False, 0.973)
    assert BoardRun(1, {"pixel": (74.0, 74.0), "shift": (370.0, 370.0)}).met

"""PLL, counters, checksum, and the boards' descriptions."""

from __future__ import annotations

import zlib
from typing import Any

import pytest
from amaranth.sim import Simulator

from lutscale.golden.errors import InputError
from lutscale.hw.boards import BOARDS, Mode, find_board
from lutscale.hw.boards.crc import Crc32
from lutscale.hw.boards.pll import choose_pll
from lutscale.hw.boards.ulx3s import HD
from lutscale.hw.boards.video_timing import VideoTiming
from lutscale.hw.targets import find_target


@pytest.mark.parametrize(
    ("oscillator", "pixel", "reached"), [(25, 74.25, 74.0), (25, 25, 25.0), (12, 74.25, 74.4)]
)
def test_dividers(oscillator: float, pixel: float, reached: float) -> None:
    pll = choose_pll(oscillator, pixel)
    assert pll.pixel == pytest.approx(reached)
    assert pll.shift == pytest.approx(oscillator / pll.reference * pll.feedback)
    assert 400 <= pll.vco <= 800
    assert oscillator / pll.reference >= 3.125
    assert (pll.slow, pll.vco / pll.slow) == (5 * pll.fast, pytest.approx(pll.pixel))


def test_a_clock_that_cannot_be_made() -> None:
    message = "pixel clock must be one that the PLL makes of 25 MHz within 0.5%, not 148.5 MHz"
    with pytest.raises(InputError, match=message):
        choose_pll(25, 148.5)


def test_the_pixel_clock_of_720p_is_within_half_a_per_cent() -> None:
    assert abs(choose_pll(25, HD.clock).pixel / HD.clock - 1) < 0.005
    # CTA-861, video code 4.
    assert HD.total == (1650, 750)


def test_checksums_are_zlibs() -> None:
    crc, found = Crc32(), []
    data = bytes(range(7, 250, 3)), b"again"

    async def drive(ctx: Any) -> None:
        for part in data:
            for k, level in enumerate(part):
                # Bytes may be apart.
                ctx.set(crc.enable, 0)
                if k % 3 == 1:
                    await ctx.tick()
                ctx.set(crc.enable, 1)
                ctx.set(crc.first, k == 0)
                ctx.set(crc.data, level)
                await ctx.tick()
            found.append(ctx.get(crc.crc))

    simulator = Simulator(crc)
    simulator.add_clock(1e-6)
    simulator.add_testbench(drive)
    simulator.run()
    assert found == [zlib.crc32(part) for part in data]


def test_counters_of_a_mode() -> None:
    mode = Mode(5, 3, across=(1, 2, 1), down=(1, 1, 2), clock=1.0)
    timing, found = VideoTiming(mode), []
    names = ("active", "first", "last", "across", "down")

    async def drive(ctx: Any) -> None:
        # Nothing moves before it runs.
        await ctx.tick().repeat(3)
        ctx.set(timing.run, 1)
        for _ in range(2 * 9 * 7):
            found.append(tuple(int(ctx.get(getattr(timing, name))) for name in names))
            await ctx.tick()

    simulator = Simulator(timing)
    simulator.add_clock(1e-6)
    simulator.add_testbench(drive)
    simulator.run()
    frame = [
        (x < 5 and y < 3, (x, y) == (0, 0), (x, y) == (4, 2), 6 <= x < 8, y == 4)
        for y in range(7)
        for x in range(9)
    ]
    assert found == [tuple(map(int, clock)) for clock in frame * 2]


def test_a_mode_that_is_none() -> None:
    with pytest.raises(ValueError, match=r"across must be .* not 0"):
        Mode(5, 3, across=(0, 2, 1), down=(1, 1, 2), clock=1.0)


@pytest.mark.parametrize("board", BOARDS.values(), ids=lambda board: board.name)
def test_boards(board: Any) -> None:
    sites = [pin.site for pin in board.pins]
    assert len(set(sites)) == len(sites)
    assert find_target(board.target).device
    text = board.constraints()
    assert text.count("LOCATE") == text.count("IOBUF") == len(sites)
    assert 'FREQUENCY PORT "clk_25mhz" 25 MHZ;\n' in text
    assert 'LOCATE COMP "gpdi_dp[3]" SITE "A17";' in text
    assert find_board(board.name) is board


def test_no_such_board() -> None:
    with pytest.raises(InputError, match="board must be one of ulx3s, not 'nexys'"):
        find_board("nexys")

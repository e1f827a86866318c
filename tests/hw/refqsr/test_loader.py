"""Tiles that come in: places, what stands beside them, and what is malformed."""

from __future__ import annotations

from typing import Any

import pytest
from amaranth.sim import Simulator

from lutscale.hw.refqsr.loader import Loader

Sent = tuple[int, int, int, int]
"""Pixel, first, last, width."""


def tile(width: int, height: int, start: int = 0) -> list[Sent]:
    return [
        (start + y * width + x, int(not x + y), int(x == width - 1), width)
        for y in range(height)
        for x in range(width)
    ]


def load(sent: list[Sent], height: int = 2) -> tuple[list[tuple[int, int, int]], list[Any], bool]:
    """What is written (row, column, pixel); width and height at each end; malformed."""
    dut = Loader(max_width=5, max_height=4, slots=2)
    written: list[tuple[int, int, int]] = []
    ends: list[Any] = []
    malformed = False

    async def testbench(ctx: Any) -> None:
        nonlocal malformed
        ctx.set(dut.open, 1)
        ctx.set(dut.i.valid, 1)
        ctx.set(dut.given_height, height)
        for pixel, first, last, width in sent:
            ctx.set(dut.given_width, width)
            ctx.set(dut.i.payload, {"pixel": pixel, "first": first, "last": last})
            if ctx.get(dut.write):
                written.append(tuple(ctx.get(p) for p in (dut.row, dut.column, dut.word)))
            ended = ctx.get(dut.loaded)
            await ctx.tick()
            if ended:
                ends.append(tuple(ctx.get(p) for p in (dut.width, dut.height)))
        malformed = bool(ctx.get(dut.malformed))

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()
    return written, ends, malformed


def test_tiles_follow_each_other() -> None:
    written, ends, malformed = load([*tile(5, 2), *tile(2, 2, 50)])
    wanted = [(y, x, y * 5 + x) for y in range(2) for x in range(5)]
    assert written == wanted + [(y, x, 50 + y * 2 + x) for y in range(2) for x in range(2)]
    assert ends == [(5, 2), (2, 2)]
    assert not malformed


@pytest.mark.parametrize("place", [1, 2])
def test_marks_that_are_wrong_are_told(place: int) -> None:
    sent = [list(pixel) for pixel in tile(3, 2)]
    sent[1][place] = 1
    written, ends, malformed = load([tuple(pixel) for pixel in sent])  # type: ignore[misc]
    assert malformed
    # The size says where a tile ends.
    assert (len(written), ends) == (6, [(3, 2)])


@pytest.mark.parametrize(("width", "height"), [(6, 2), (0, 2), (3, 5), (3, 0)])
def test_a_size_that_was_not_built_is_forgotten(width: int, height: int) -> None:
    assert load([(1, 1, 0, width)], height) == ([], [], True)

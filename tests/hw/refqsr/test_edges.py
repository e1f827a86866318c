"""Sums of steps of a tile that comes in, against golden's mean steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.sim import Simulator

from lutscale.golden.refqsr.mixed import edges
from lutscale.hw.refqsr.edges import Edges
from tests.support.refqsr.networks import picture


def sums(tiles: list[np.ndarray], gap: float) -> list[tuple[int, int]]:
    """Steps down and right of each tile; ``gap`` is the chance that no pixel comes in a clock."""
    dut = Edges(max_width=8, max_height=6)
    random = np.random.default_rng(3)
    found: list[tuple[int, int]] = []

    async def testbench(ctx: Any) -> None:
        for tile in tiles:
            asked = [(0, 0)] * 2
            for y, x in np.ndindex(*tile.shape[:2]):
                came = False
                while not came:
                    came = random.random() >= gap
                    ctx.set(dut.write, came)
                    ctx.set(dut.row, y)
                    ctx.set(dut.column, x)
                    ctx.set(dut.word, int(tile[y, x] @ [1, 256, 65536]))
                    # A memory answers two clocks later.
                    row, column = asked.pop(0)
                    ctx.set(dut.above, int(tile[row, column] @ [1, 256, 65536]))
                    asked.append((ctx.get(dut.above_row), ctx.get(dut.above_column)))
                    await ctx.tick()
            ctx.set(dut.write, 0)
            for row, column in [*asked, (0, 0), (0, 0)]:
                ctx.set(dut.above, int(tile[row, column] @ [1, 256, 65536]))
                await ctx.tick()
            found.append((ctx.get(dut.down), ctx.get(dut.right)))

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()
    return found


@pytest.mark.parametrize("gap", [0.0, 0.4])
def test_steps_are_goldens(gap: float) -> None:
    tiles = [picture(n, *size) for n, size in enumerate([(6, 8), (1, 5), (4, 1), (1, 1), (3, 2)])]
    # The largest there may be: black and white in turn.
    board = np.indices((6, 8)).sum(0) % 2 * 255
    tiles.append(np.repeat(board[..., None], 3, 2).astype(np.uint8))
    for tile, (down, right) in zip(tiles, sums(tiles, gap), strict=True):
        height, width = tile.shape[:2]
        steps = (3 * (height - 1) * width, 3 * height * (width - 1))
        means = [
            (16 * s + n // 2) // n if n else 0 for s, n in zip((down, right), steps, strict=True)
        ]
        assert tuple(means) == edges(tile)

"""Sums of features and of their squares."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.sim import Simulator

from lutscale.hw.refqsr.moments import Moments

PLACES = 12


@pytest.mark.parametrize("channels", [1, 3])
def test_sums_of_each_channel(channels: int) -> None:
    dut = Moments(channels=channels, places=PLACES)
    random = np.random.default_rng(channels)
    # The second layer has the largest numbers there are.
    layers = [
        random.integers(-(1 << 15), 1 << 15, (PLACES, channels)),
        np.full((PLACES, channels), -(1 << 15)),
        random.integers(-9, 9, (1, channels)),
    ]

    async def testbench(ctx: Any) -> None:
        for features in layers:
            ctx.set(dut.begin, 1)
            await ctx.tick()
            ctx.set(dut.begin, 0)
            for feature in features.reshape(-1).tolist():
                while random.random() < 0.3:
                    ctx.set(dut.valid, 0)
                    await ctx.tick()
                ctx.set(dut.valid, 1)
                ctx.set(dut.feature, feature)
                await ctx.tick()
            ctx.set(dut.valid, 0)
            await ctx.tick().repeat(2)
            # Twice round: the ring stands as before.
            for c in [*range(channels)] * 2:
                given = features[:, c].astype(np.int64)
                assert ctx.get(dut.total) == given.sum()
                assert ctx.get(dut.squares) == (given * given).sum()
                ctx.set(dut.turn, 1)
                await ctx.tick()
                ctx.set(dut.turn, 0)

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()

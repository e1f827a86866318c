"""Symbols come out bit by bit and whole, wherever the edges of the two clocks lie."""

from __future__ import annotations

from typing import Any

import pytest
from amaranth import ClockDomain, Module
from amaranth.sim import Simulator

from lutscale.hw.boards.pll import RATIO
from lutscale.hw.boards.serialiser import CLOCK_SYMBOL, Serialiser

SYMBOLS = 40
_FAST = 2e-9


def word(n: int) -> int:
    """Of three channels: all bits differ from one to the next."""
    return (n * 0x155 % 1024) | (1023 - n << 10) | (n * 77 % 1024 << 20)


@pytest.mark.parametrize("phase", range(RATIO * 2))
def test_no_bit_is_lost_at_any_phase(phase: int) -> None:
    m = Module()
    m.domains.shift = ClockDomain("shift")
    m.submodules.dut = dut = Serialiser()
    pairs: list[int] = []

    async def give(ctx: Any) -> None:
        for n in range(SYMBOLS):
            ctx.set(dut.symbols, word(n))
            await ctx.tick()

    async def take(ctx: Any) -> None:
        while True:
            pairs.append((await ctx.tick("shift").sample(dut.pairs))[-1])

    simulator = Simulator(m)
    simulator.add_clock(_FAST * RATIO)
    # Not quite half steps: real edges never coincide.
    simulator.add_clock(_FAST, phase=_FAST * (0.13 + phase / 2 % 1), domain="shift")
    simulator.add_testbench(give)
    simulator.add_testbench(take, background=True)
    simulator.run()
    bits = [[pair >> 2 * channel + half & 1 for pair in pairs for half in (0, 1)]
            for channel in range(4)]  # fmt: skip
    begin = bits[3].index(1)
    assert begin < 8 * 2 * RATIO
    sent = [word(n) for n in range(SYMBOLS)]
    found = []
    for at in range(begin, len(bits[0]) - 10, 10):
        values = [sum(channel[at + n] << n for n in range(10)) for channel in bits]
        assert values[3] == CLOCK_SYMBOL
        found.append(values[0] | values[1] << 10 | values[2] << 20)
    first = sent.index(found[1])
    assert found[1:] == sent[first : first + len(found) - 1]
    assert len(found) > SYMBOLS - 8

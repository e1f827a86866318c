"""An engine of the tile processor alone in Amaranth's simulator, with memories that answer it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from amaranth.sim import Simulator

__all__ = ["drive", "numbers_of", "word_of"]

_LIMIT = 40_000


def drive(
    dut: Any,
    *,
    inputs: Mapping[str, Any],
    reads: Mapping[str, Callable[[Any], int]],
    done: Callable[[Any], None],
    free: float = 1.0,
) -> int:
    """Run an engine from start to end.

    Args:
        dut: with ``start`` and ``busy``.
        inputs: by name of a port, what it is set to throughout.
        reads: by name of a port, what a memory says two clocks after it was asked; the function is
            given the simulator's context in the clock of the asking.
        done: called in each clock in which ``done`` is high; for engines that have none, when all
            is over.
        free: chance that room comes in a clock, for engines that claim it.

    Returns:
        the clocks in which it was busy.
    """
    random = np.random.default_rng(7)
    clocks = 0

    async def testbench(ctx: Any) -> None:
        nonlocal clocks
        for name, value in inputs.items():
            ctx.set(getattr(dut, name), value)
        ctx.set(dut.start, 1)
        await ctx.tick()
        ctx.set(dut.start, 0)
        room = False
        asked: deque[dict[str, int]] = deque([{}, {}])
        while ctx.get(dut.busy):
            if hasattr(dut, "claim"):
                # A claim takes the room that there was.
                room = (room and not ctx.get(dut.claim)) or random.random() < free
            for name, value in asked.popleft().items():
                ctx.set(getattr(dut, name), value)
            asked.append({name: answer(ctx) for name, answer in reads.items()})
            if hasattr(dut, "claim"):
                ctx.set(dut.free, room)
            if hasattr(dut, "done") and ctx.get(dut.done):
                done(ctx)
            await ctx.tick()
            clocks += 1
            assert clocks < _LIMIT, f"no end within {_LIMIT} clocks"
        if not hasattr(dut, "done"):
            done(ctx)

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()
    return clocks


def word_of(numbers: Any, bits: int) -> int:
    """Numbers in two's complement side by side, the first lowest."""
    mask = (1 << bits) - 1
    return sum((int(number) & mask) << (k * bits) for k, number in enumerate(numbers))


def numbers_of(word: int, bits: int, count: int) -> list[int]:
    """The inverse of `word_of`."""
    found = []
    for k in range(count):
        number = word >> (k * bits) & ((1 << bits) - 1)
        found.append(number - (number >> (bits - 1) << bits))
    return found

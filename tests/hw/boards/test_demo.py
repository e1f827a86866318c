"""What the LEDs say of a core that is right, wrong, late or out of step; the test is the core."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from amaranth import Module, Signal
from amaranth.sim import Simulator

from lutscale.hw.boards import Mode, demo
from lutscale.hw.boards.demo import FAIL, FAULT, PASS, Demo
from lutscale.hw.build import Build

MODE = Mode(16, 8, across=(1, 1, 1), down=(1, 1, 1), clock=1.0)
FRAME = (np.arange(16 * 8) * 29 % 251).astype(np.uint8)
PLACES = {"pass": PASS, "fail": FAIL, "fault": FAULT}


class Fed(Demo):
    """With the FIFO's input in the place of the core."""

    malformed: Signal

    def _core(self, m: Module) -> Signal:
        self.malformed = Signal()
        return self.malformed


def pixels(wrong: int | None = None, begins: int = 0) -> Iterator[tuple[int, int]]:
    """(level, whether a frame begins), for ever; in every frame one pixel may be wrong."""
    while True:
        for n, level in enumerate(FRAME):
            yield int(level) ^ (n == wrong), int(n == begins)


def lamps(
    source: Iterator[tuple[int, int]],
    *,
    every: int = 1,
    malformed: bool = False,
    clocks: int = 700,
) -> set[str]:
    """What is lit after so many clocks, with a pixel in ``every`` clocks once the FIFO is full."""
    build = Build(clocks_per_pixel=16, pixels_per_beat=1, max_width=4, max_height=2)
    picture = np.zeros((2, 4), np.uint8)
    dut = Fed(core="core", build=build, picture=picture, crc=zlib.crc32(FRAME.tobytes()), mode=MODE)
    found: set[str] = set()

    async def feed(ctx: Any) -> None:
        given = dut.fifo.i
        full = False
        for clock in range(clocks):
            offer = not full or clock % every == 0
            ctx.set(given.valid, offer)
            ctx.set(dut.malformed, malformed and clock == clocks // 2)
            if offer and ctx.get(given.ready):
                level, begins = next(source)
                ctx.set(given.payload, level | begins << 8)
            full |= not ctx.get(given.ready)
            await ctx.tick()
        leds = ctx.get(dut.leds)
        found.update(name for name, place in PLACES.items() if leds >> place & 1)

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(feed)
    simulator.run()
    return found


@pytest.mark.slow
def test_lamps(monkeypatch: pytest.MonkeyPatch) -> None:
    # Soon full.
    monkeypatch.setattr(demo, "_WAITING", 64)
    assert lamps(pixels()) == {"pass"}
    assert lamps(pixels(wrong=5)) == {"fail"}
    assert lamps(pixels(begins=1)) == {"fault"}
    assert lamps(pixels(), malformed=True) == {"fault"}
    # What waited lasts for some frames, so that pixels are missed later.
    assert "fault" in lamps(pixels(), every=40, clocks=900)
    # Before the FIFO is full nothing is shown.
    assert lamps(pixels(), clocks=50) == set()

"""The choice of a precision against golden's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.sim import Simulator

from lutscale.golden.refqsr.mixed import BitSelector, edges
from lutscale.hw.refqsr.selector import Selector
from tests.support.refqsr.engines import word_of
from tests.support.refqsr.networks import picture

BITS = (4, 6, 8)
NUMBER_BITS = 34
WORDS = 64


def chosen(
    selector: BitSelector, cases: list[tuple[np.ndarray, np.ndarray]], *, side: int = 8
) -> list[int]:
    """The precision of each case: a picture and features (channels, height, width)."""
    channels = len(cases[0][1])
    dut = Selector(
        channels=channels,
        choices=len(BITS),
        number_bits=NUMBER_BITS,
        address_bits=7,
        max_width=side,
        max_height=side,
    )
    rows = np.concatenate([selector.bias[:, None], selector.weights], 1)[::-1].T
    # Somewhere in the ROM.
    words = {WORDS + k: word_of(row, NUMBER_BITS) for k, row in enumerate(rows.tolist())}
    found = []

    async def testbench(ctx: Any) -> None:
        for tile, features in cases:
            given = features.astype(np.int64).reshape(channels, -1)
            turned, asked = 0, [0, 0]
            steps = [int(np.abs(np.diff(tile.astype(int), axis=axis)).sum()) for axis in (0, 1)]
            ctx.set(dut.height, tile.shape[0])
            ctx.set(dut.width, tile.shape[1])
            ctx.set(dut.down, steps[0])
            ctx.set(dut.right, steps[1])
            ctx.set(dut.first, WORDS)
            ctx.set(dut.start, 1)
            clocks = 0
            while clocks == 0 or ctx.get(dut.busy):
                own = given[turned % channels]
                ctx.set(dut.total, int(own.sum()))
                ctx.set(dut.squares, int((own * own).sum()))
                ctx.set(dut.word, words.get(asked.pop(0), 0))
                asked.append(ctx.get(dut.entry))
                turned += ctx.get(dut.turn)
                await ctx.tick()
                ctx.set(dut.start, 0)
                clocks += 1
            assert turned == channels
            assert clocks <= dut.clocks
            found.append(BITS[len(BITS) - 1 - ctx.get(dut.chosen)])

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()
    return found


def drawn(random: np.random.Generator, channels: int) -> BitSelector:
    weights = random.integers(-(1 << 20), 1 << 20, (3, 2 + channels))
    return BitSelector(BITS, weights, random.integers(-(1 << 32) + 1, 1 << 32, 3))


def case(random: np.random.Generator, channels: int) -> tuple[np.ndarray, np.ndarray]:
    height, width = random.integers(1, 9, 2).tolist()
    top = 1 << int(random.integers(1, 16))
    features = random.integers(-top, top, (channels, height, width))
    return picture(int(random.integers(99)), height, width), features


def test_precisions_are_goldens() -> None:
    random = np.random.default_rng(1)
    seen = set()
    for channels in (1, 3):
        selector = drawn(random, channels)
        cases = [case(random, channels) for _ in range(8)]
        expected = [selector.choose(features, edges(tile)) for tile, features in cases]
        assert chosen(selector, cases) == expected
        seen |= set(expected)
    assert len(seen) > 1


@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_is_seen_is_exact(place: int) -> None:
    """A bias one below what is seen, and one at it: the choice turns just there."""
    tile = picture(5, 7, 8)
    features = np.random.default_rng(place).integers(-3000, 9000, (1, 7, 8))
    features[0, 0, 0] = -(1 << 15)
    zeros = np.zeros(3, np.int64)
    # What golden sees, found by bisection of its own choice.
    weights = np.zeros((3, 3), np.int64)
    weights[2, place] = 1
    low, high = 0, 1 << 20
    while high - low > 1:
        middle = (low + high) // 2
        above = BitSelector(BITS, weights, zeros - [0, 1, middle]).choose(features, edges(tile))
        low, high = (middle, high) if above == 8 else (low, middle)
    for limit, bits in ((low, 8), (high, 4)):
        selector = BitSelector(BITS, weights, zeros - [0, 1, limit])
        assert chosen(selector, [(tile, features)]) == [bits]


def test_the_largest_deviation_and_none() -> None:
    weights = np.array([[0, 0, 0], [0, 0, 1], [0, 0, 2]])
    flat = np.full((1, 8, 8), -(1 << 15))
    wild = flat.copy()
    wild[0, ::2] = (1 << 15) - 1
    selector = BitSelector(BITS, weights, np.array([0, 0, -524279]))
    cases = [(picture(1, 8, 8), features) for features in (flat, wild)]
    expected = [selector.choose(features, edges(tile)) for tile, features in cases]
    # All scores are equal, but for the highest precision's, where nothing deviates.
    assert chosen(selector, cases) == expected == [4, 8]

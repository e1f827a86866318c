"""Requantise, residual and requantise channel by channel, against golden's layers."""

from __future__ import annotations

from typing import Any

import numpy as np
from amaranth.lib import data
from amaranth.sim import Simulator

from lutscale.golden.layers import Requantise, Residual
from lutscale.hw.refqsr.outputs import FEATURE_BITS, Outputs
from lutscale.hw.refqsr.passes import Added, Engine, Pass, control_layout, control_words
from tests.support.refqsr.engines import numbers_of, word_of

CHANNELS, PLACES, NUMBER_BITS, BIAS_BITS, CODE_BITS = 3, 6, 28, 12, 8


def run(
    step: Pass,
    numbers: np.ndarray,
    added: np.ndarray,
    constants: list[int],
    multipliers: list[int],
    *,
    lanes: int = CHANNELS,
    ready: float = 1.0,
) -> tuple[list[list[int]], list[list[int]], list[tuple[int, int, int]]]:
    """Features and codes of each place, and pixels with their marks.

    Args:
        numbers, added: (places, channels).
        lanes: numbers that come together.
        ready: chance that the stream takes a pixel in a clock.
    """
    layout = control_layout([step])
    dut = Outputs(
        layout=layout,
        slots=lanes,
        number_bits=NUMBER_BITS,
        channels=CHANNELS,
        added_bits=FEATURE_BITS,
        added_slots=CHANNELS,
        code_bits=[CODE_BITS],
        bias_bits=BIAS_BITS,
        max_width=PLACES,
        max_height=1,
        constant_bits=4,
        multiplier_bits=4,
    )
    features: list[list[int]] = []
    codes: list[list[int]] = []
    pixels: list[tuple[int, int, int]] = []
    random = np.random.default_rng(9)
    groups = [
        (place, first) for place in range(len(numbers)) for first in range(0, CHANNELS, lanes)
    ]

    async def testbench(ctx: Any) -> None:
        (word,) = control_words([step], layout)
        ctx.set(dut.control, data.Const(layout, word))
        ctx.set(dut.width, PLACES)
        queue = iter(groups)
        claimed: tuple[int, int] | None = None
        read = (0, 0)
        fetched = False
        for _ in range(3000):
            ctx.set(dut.pixel_ready, random.random() < ready)
            ctx.set(dut.fetched, fetched)
            # What the ROMs were asked for in the clock before, unless all stood still.
            ctx.set(dut.constant_word, constants[read[0] % CHANNELS])
            ctx.set(dut.multiplier_word, multipliers[read[1] % CHANNELS])
            ctx.set(dut.load, claimed is not None)
            if claimed is not None:
                place, first = claimed
                own = numbers[place][first : first + lanes]
                ctx.set(dut.numbers, word_of(own, NUMBER_BITS))
                ctx.set(dut.count, len(own))
                ctx.set(dut.first, first)
                ctx.set(dut.column, place)
                ctx.set(dut.added, word_of(added[place], FEATURE_BITS))
                fetched = first > 0
            else:
                fetched = True
            claimed = next(queue, None) if ctx.get(dut.free) else None
            ctx.set(dut.claim, claimed is not None)
            if ctx.get(dut.features_valid):
                assert ctx.get(dut.features_column) == len(features)
                features.append(numbers_of(ctx.get(dut.features), FEATURE_BITS, CHANNELS))
            if ctx.get(dut.codes_valid):
                assert ctx.get(dut.codes_column) == len(codes)
                codes.append(numbers_of(ctx.get(dut.codes), CODE_BITS, CHANNELS))
            if ctx.get(dut.pixel_valid) and ctx.get(dut.pixel_ready):
                marks = (ctx.get(dut.pixel_first), ctx.get(dut.pixel_last))
                pixels.append((ctx.get(dut.pixel), *marks))
            if ctx.get(dut.step):
                read = (ctx.get(dut.constant), ctx.get(dut.multiplier))
            await ctx.tick()
            if len(codes) == len(numbers) and not ctx.get(dut.busy):
                break

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()
    return features, codes, pixels


BIAS, FACTORS, SECOND = [-1000, 0, 999], [65535, 3, 40000], [300, 65535, 20000]
CONSTANTS = [
    word_of([bias], BIAS_BITS) | factor << BIAS_BITS
    for bias, factor in zip(BIAS, FACTORS, strict=True)
]
FIRST = Requantise(np.array(FACTORS), 13, -32768, 32767)
CODES = Requantise(np.array(SECOND), 17, -127, 127)
PIXELS = Requantise(np.array(SECOND), 17, 0, 255)


def drawn() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    numbers = random.integers(-20_000, 20_000, (PLACES, CHANNELS))
    # The largest, and halves of both signs.
    numbers[0], numbers[1] = (1 << 27) - 1000, -(1 << 27) + 1000
    numbers[2, 1], numbers[3, 1] = 1 << 13, -(1 << 13)
    return numbers, random.integers(-32768, 32768, (PLACES, CHANNELS))


def golden(
    numbers: np.ndarray, added: np.ndarray | None, second: Requantise
) -> tuple[np.ndarray, np.ndarray]:
    """Features and codes, (places, channels)."""
    biased = (numbers + BIAS).T.reshape(CHANNELS, 1, -1)
    made = FIRST.reference([biased])
    if added is not None:
        residual = Residual(0, lo=-32768, hi=32767)
        made = residual.reference([added.T.reshape(made.shape).astype(np.int32), made])
    codes = second.reference([made])
    return made.reshape(CHANNELS, -1).T, codes.reshape(CHANNELS, -1).T


def step(added: Added, second: Requantise, **writes: int) -> Pass:
    return Pass(
        engine=Engine.CONVOLVE,
        outs=CHANNELS,
        shift=FIRST.shift,
        low=FIRST.lo,
        high=FIRST.hi,
        added=added,
        low_sum=-32768,
        high_sum=32767,
        shift_codes=second.shift,
        low_codes=second.lo,
        high_codes=second.hi,
        **writes,
    )


def test_features_and_codes_equal_golden() -> None:
    numbers, added = drawn()
    for lanes in (CHANNELS, 2):
        for kind, beside in ((Added.BODY, added), (Added.NOTHING, None)):
            way = step(kind, CODES, to_codes0=1)
            features, codes, _ = run(way, numbers, added, CONSTANTS, SECOND, lanes=lanes)
            wanted = golden(numbers, beside, CODES)
            assert np.array_equal(features, wanted[0])
            assert np.array_equal(codes, wanted[1])


def test_pixels_wait_until_they_are_taken() -> None:
    numbers, added = drawn()
    wanted = golden(numbers, added, PIXELS)[1]
    for ready in (1.0, 0.2):
        way = step(Added.BODY, PIXELS, to_stream=1)
        _, _, pixels = run(way, numbers, added, CONSTANTS, SECOND, ready=ready)
        assert [pixel for pixel, _, _ in pixels] == [word_of(rgb, 8) for rgb in wanted]
        assert [first for _, first, _ in pixels] == [1] + [0] * (PLACES - 1)
        assert [last for _, _, last in pixels] == [0] * (PLACES - 1) + [1]

"""Sums over squares, with and without room for them at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lutscale.hw.refqsr.outputs import FEATURE_BITS
from lutscale.hw.refqsr.squares import Squares
from tests.support.refqsr.engines import drive, numbers_of, word_of

CHANNELS, SIDE = 2, 8


@pytest.mark.parametrize(("pool", "free"), [(4, 1.0), (2, 0.1)])
def test_squares_are_added(pool: int, free: float) -> None:
    random = np.random.default_rng(4)
    features = random.integers(-32768, 32768, (CHANNELS, SIDE, SIDE))
    features[:, :4, :4] = -32768
    dut = Squares(channels=CHANNELS, pool=pool, number_bits=24, max_side=SIDE)
    squares = SIDE // pool
    found = np.zeros((CHANNELS, squares, squares), np.int64)

    def keep(ctx: Any) -> None:
        numbers = numbers_of(ctx.get(dut.numbers), 24, CHANNELS)
        found[:, ctx.get(dut.at_row), ctx.get(dut.at_column)] = numbers

    clocks = drive(
        dut,
        inputs={"squares_down": squares, "squares_across": squares},
        reads={
            "features": lambda ctx: word_of(
                features[:, ctx.get(dut.row) % SIDE, ctx.get(dut.column) % SIDE], FEATURE_BITS
            )
        },
        done=keep,
        free=free,
    )
    blocks = features.reshape(CHANNELS, squares, pool, squares, pool)
    assert np.array_equal(found, blocks.sum((2, 4)))
    assert (clocks == SIDE**2 + 4) == (free == 1)

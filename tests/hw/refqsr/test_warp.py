"""The warp against golden's, flows that lead out of the tile among them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lutscale.golden.refqsr.refer_block import warp
from lutscale.hw.refqsr.outputs import FEATURE_BITS
from lutscale.hw.refqsr.warp import Warp
from tests.support.refqsr.engines import drive, numbers_of, word_of

CHANNELS, HEIGHT, WIDTH, POOL = 2, 4, 8, 4


@pytest.mark.parametrize("free", [1.0, 0.1])
def test_the_warp_equals_golden(free: float) -> None:
    random = np.random.default_rng(3)
    features = random.integers(-32768, 32768, (CHANNELS, HEIGHT, WIDTH)).astype(np.int32)
    flows = random.integers(-150, 150, (2, HEIGHT // POOL, WIDTH // POOL))
    flows[:, 0, 0] = 0, -17
    dut = Warp(channels=CHANNELS, pool=POOL, number_bits=24, max_side=WIDTH)
    found = np.zeros_like(features)

    def flow(ctx: Any) -> int:
        row, column = ctx.get(dut.square_row) % 1, ctx.get(dut.square_column) % 2
        return word_of(flows[:, row, column], dut.flow_bits)

    def keep(ctx: Any) -> None:
        numbers = numbers_of(ctx.get(dut.numbers), 24, CHANNELS)
        found[:, ctx.get(dut.at_row), ctx.get(dut.at_column)] = numbers

    drive(
        dut,
        inputs={"width": WIDTH, "height": HEIGHT},
        reads={
            "flow": flow,
            "features": lambda ctx: word_of(
                features[:, ctx.get(dut.row) % HEIGHT, ctx.get(dut.column)], FEATURE_BITS
            ),
        },
        done=keep,
        free=free,
    )
    wanted = warp(features, flows.repeat(POOL, 1).repeat(POOL, 2))
    assert np.array_equal(found, wanted)

"""The flow of a query against golden's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lutscale.golden.refqsr.refer_block import ReferBlock
from lutscale.hw.refqsr.flow import Flow
from lutscale.hw.refqsr.units import UNIT_BITS
from tests.support.refqsr.engines import drive, numbers_of, word_of
from tests.support.refqsr.networks import refer_block

HEIGHT, WIDTH = 12, 8


def flow_of(refer: ReferBlock, query: np.ndarray, reference: np.ndarray, which: int) -> np.ndarray:
    """What the engine makes of features, both blocks' scaling built in."""
    own, other = refer.describe(query), refer.describe(reference)
    down, across = HEIGHT // refer.pool, WIDTH // refer.pool
    scaling = [(1, 0), (1, 0)]
    scaling[which] = (refer.multiplier, refer.shift)
    dut = Flow(
        count=len(own),
        pool=refer.pool,
        most=down,
        most_side=HEIGHT,
        scaling=scaling,
        highest=int(refer.exponential.max()),
    )
    found = np.zeros((2, down, across), np.int64)

    def place(row: Any, column: Any, ctx: Any) -> int:
        return (ctx.get(row) * across + ctx.get(column)) % (down * across)

    def keep(ctx: Any) -> None:
        numbers = numbers_of(ctx.get(dut.flow), dut.flow_bits, 2)
        found[:, ctx.get(dut.row), ctx.get(dut.column)] = numbers

    drive(
        dut,
        inputs={"squares_down": down, "squares_across": across, "which": which},
        reads={
            "own": lambda ctx: word_of(own[:, place(dut.row, dut.column, ctx)], UNIT_BITS),
            "other": lambda ctx: word_of(
                other[:, place(dut.other_row, dut.other_column, ctx)], UNIT_BITS
            ),
            "weight": lambda ctx: int(refer.exponential[ctx.get(dut.entry)]),
            "reciprocal": lambda ctx: int(refer.reciprocal[ctx.get(dut.mantissa)]),
        },
        done=keep,
    )
    return found


def features(seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.integers(-9000, 9000, (3, HEIGHT, WIDTH)).astype(np.int32)


@pytest.mark.parametrize(("pool", "which"), [(4, 0), (2, 1)])
def test_the_flow_equals_golden(pool: int, which: int) -> None:
    refer = refer_block(np.random.default_rng(2), 3, pool)
    query, reference = features(1), features(2)
    found = flow_of(refer, query, reference, which)
    assert np.array_equal(found, refer.flow(query, reference))
    assert len(np.unique(found)) > 4


def test_equal_scores_point_to_the_middle() -> None:
    refer = replace(refer_block(np.random.default_rng(2), 3), multiplier=1, shift=40)
    query, reference = features(1), features(2)
    found = flow_of(refer, query, reference, 0)
    assert np.array_equal(found, refer.flow(query, reference))
    # From each row of squares to the middle one, in sixteenths of a pixel.
    assert np.abs(found[0] - [[64], [0], [-64]]).max() <= 1

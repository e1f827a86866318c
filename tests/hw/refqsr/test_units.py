"""Unit vectors against golden's, from the shortest to the longest."""

from __future__ import annotations

from typing import Any

import numpy as np

from lutscale.golden.refqsr.arithmetic import inverse_root_table, unit_vectors
from lutscale.hw.refqsr.units import NUMBER_BITS, UNIT_BITS, Units
from tests.support.refqsr.engines import drive, numbers_of, word_of

SIDE, COUNT = 4, 3


def test_unit_vectors_equal_golden() -> None:
    random = np.random.default_rng(1)
    vectors = np.stack(
        [random.integers(-(1 << k), 1 << k, COUNT) for k in range(SIDE**2)], axis=1
    ).astype(np.int64)
    # Nothing, one, the longest there is; the others grow by a bit each.
    vectors[:, 0], vectors[:, 1], vectors[:, 15] = 0, [0, 1, 0], [-32768, 32767, -32768]
    table = inverse_root_table()
    dut = Units(count=COUNT, most=SIDE)
    found = np.zeros_like(vectors)

    def place(ctx: Any) -> int:
        return ctx.get(dut.row) * SIDE + ctx.get(dut.column)

    def keep(ctx: Any) -> None:
        found[:, place(ctx)] = numbers_of(ctx.get(dut.vector), UNIT_BITS, COUNT)

    drive(
        dut,
        inputs={"squares_down": SIDE, "squares_across": SIDE},
        reads={
            "numbers": lambda ctx: word_of(vectors[:, place(ctx) % SIDE**2], NUMBER_BITS),
            "root": lambda ctx: int(table[ctx.get(dut.entry) % len(table)]),
        },
        done=keep,
    )
    assert np.array_equal(found, unit_vectors(vectors, table))
    assert np.abs(found).max() == 127

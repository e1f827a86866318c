"""The bilinear picture below the result against golden's residual."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lutscale.golden.layers import Residual
from lutscale.hw.refqsr.upsampled import Upsampled
from tests.support.refqsr.engines import drive, numbers_of, word_of


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize(("row", "column", "phase"), [(0, 0, 0), (1, 2, 1), (2, 3, 1), (0, 3, 1)])
def test_it_equals_golden(scale: int, row: int, column: int, phase: int) -> None:
    picture = np.random.default_rng(scale).integers(0, 256, (3, 3, 4)).astype(np.int32)
    nothing = np.zeros((3 * scale**2, 3, 4), np.int32)
    values = [picture, nothing]
    wanted = Residual(0, "bilinear", scale).reference(values).reshape(3, scale, scale, 3, 4)
    dut = Upsampled(scale=scale, max_width=4, max_height=3)
    found: list[int] = []

    def pixel(ctx: Any) -> int:
        return word_of(picture[:, ctx.get(dut.from_row) % 3, ctx.get(dut.from_column)], 8)

    def keep(ctx: Any) -> None:
        found.extend(numbers_of(ctx.get(dut.sums), dut.bits, 3 * scale))

    clocks = drive(
        dut,
        inputs={"width": 4, "height": 3, "row": row, "column": column, "phase": phase},
        reads={"pixel": pixel},
        done=keep,
    )
    assert np.array_equal(np.reshape(found, (scale, 3)), wanted[:, phase, :, row, column].T)
    assert clocks == 12

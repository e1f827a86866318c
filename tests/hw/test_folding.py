"""Folding: how many units, how many steps, and who is chosen in which."""

from __future__ import annotations

from typing import Any

import pytest
from amaranth import Module, Signal
from amaranth.sim import Simulator
from hypothesis import given
from hypothesis import strategies as st

from lutscale.hw.folding import fold, select


@pytest.mark.parametrize(
    ("jobs", "clocks", "units", "steps"),
    [
        (1, 1, 1, 1),
        (9, 1, 9, 1),
        (9, 4, 3, 3),
        (9, 16, 1, 9),
        (144, 4, 36, 4),
        (18, 16, 2, 9),
        (10, 4, 3, 4),
    ],
)
def test_fold(jobs: int, clocks: int, units: int, steps: int) -> None:
    assert fold(jobs, clocks) == (units, steps)


@given(st.integers(1, 5000), st.integers(1, 4096))
def test_fold_takes_the_fewest_units_and_then_the_fewest_steps(jobs: int, clocks: int) -> None:
    units, steps = fold(jobs, clocks)
    assert units * steps >= jobs
    assert steps <= clocks
    assert (units - 1) * clocks < jobs
    assert units * (steps - 1) < jobs


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_select_gives_the_last_choice_to_all_later_steps(count: int) -> None:
    m = Module()
    step, target = Signal(3), Signal(8)
    choices = [Signal(8, init=10 + k) for k in range(count)]
    select(m, step, target, choices)

    async def drive(ctx: Any) -> None:
        for k in range(8):
            ctx.set(step, k)
            assert ctx.get(target) == 10 + min(k, count - 1)

    simulator = Simulator(m)
    simulator.add_testbench(drive)
    simulator.run()

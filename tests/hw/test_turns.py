"""Passes in time and in copies, and patches added up while they turn."""

from __future__ import annotations

import numpy as np
import pytest

from lutscale.golden.symmetry import GROUPS, patch_source
from lutscale.hw.tree import Bounds
from lutscale.hw.turns import Schedule, TurningPatch

CLOCKS = (1, 2, 3, 4, 5, 7, 8, 9, 16)


@pytest.mark.parametrize("order", [1, *GROUPS.values()])
@pytest.mark.parametrize("clocks", CLOCKS)
def test_every_element_has_one_pass(order: int, clocks: int) -> None:
    schedule = Schedule(order, clocks)
    assert schedule.passes <= clocks
    assert schedule.passes * schedule.copies == order
    assert schedule.copies == 1 or 2 * schedule.passes > clocks
    elements = [
        schedule.element(copy, number)
        for copy in range(schedule.copies)
        for number in range(schedule.passes)
    ]
    assert sorted(elements) == list(range(order))


def test_rotations_run_in_order() -> None:
    for clocks in (1, 2, 4):
        schedule = Schedule(4, clocks)
        for copy, number in np.ndindex(schedule.copies, schedule.passes):
            assert schedule.element(copy, number) == copy * schedule.passes + number


@pytest.mark.parametrize("order", GROUPS.values())
@pytest.mark.parametrize("clocks", CLOCKS)
@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_a_turning_patch_adds_patches_turned_back(order: int, clocks: int, scale: int) -> None:
    """In numbers: what the accumulators do, against the sum of the definition."""
    schedule = Schedule(order, clocks)
    patch = TurningPatch(schedule, scale)
    patches = np.random.default_rng(order).integers(-9, 9, (order, scale**2))
    expected = sum(patches[g][patch_source(scale, g)] for g in range(order))
    held = np.zeros(scale**2, np.int64)
    low, high = held.copy(), held.copy()
    for number in range(schedule.passes):
        if number:
            held = held[patch.taken[number - 1]]
        for copy in range(schedule.copies):
            given = patches[schedule.element(copy, number)]
            held = held + given[[patch.source(copy, k) for k in range(scale**2)]]
        low, high = np.minimum(low, held), np.maximum(high, held)
    np.testing.assert_array_equal(held[patch.places], expected)
    # No patch needs more than two ways for a sum to turn.
    assert len({tuple(taken) for taken in patch.taken}) <= 2


def test_bounds_of_a_turning_patch_follow_the_turns() -> None:
    patch = TurningPatch(Schedule(4, 4), 2)
    # One pixel of the patch gives 0..5, the others nothing: each accumulator sees it once.
    step = [Bounds(0, 5), Bounds(0, 0), Bounds(0, 0), Bounds(0, 0)]
    assert patch.ranges([step]) == [range(6)] * 4
    assert patch.ranges([step, step]) == [range(11)] * 4

"""What the patterns ask of the bench, and what they refuse."""

from __future__ import annotations

import pytest

from lutscale.sim.stalls import PATTERNS, Stalls, stalls


def test_patterns_are_as_long_as_the_fold() -> None:
    for fold in (1, 4, 36):
        made = {pattern: stalls(pattern, fold) for pattern in PATTERNS}
        assert made["none"] == Stalls()
        assert {made[name].source for name in ("random_source", "both")} == {fold}
        assert {made[name].sink for name in ("random_sink", "both")} == {fold + 1}
        assert [name for name in PATTERNS if made[name].single] == ["one_cycle_ready"]
        assert all(held.clocks(fold) >= fold for held in made.values())
        assert [held.clocks(fold) for held in made.values()] == [
            fold,
            2 * fold,
            2 * fold,
            5 * fold,
            4 * fold,
        ]


def test_the_ports_of_the_bench() -> None:
    assert Stalls().inputs == {"stall_in": 0, "stall_out": 0, "stall_single": 0}
    # Half of the clocks have no valid; ready is thrown like a coin.
    held = Stalls(source=1, sink=2, single=True)
    assert held.inputs == {"stall_in": 32768, "stall_out": 32768, "stall_single": 1}
    assert max(Stalls(10_000, 10_000).inputs.values()) < 1 << 16


def test_refusals() -> None:
    with pytest.raises(ValueError, match="source must be in 0..10000, not -1"):
        Stalls(source=-1)
    with pytest.raises(ValueError, match="sink must be in 0..10000, not 10001"):
        Stalls(sink=10_001)
    with pytest.raises(ValueError, match="pattern must be one of none, random_source, .*'all'"):
        stalls("all", 4)

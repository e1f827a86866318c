"""Stall patterns really stall, and damaged frames say what must come of them."""

from __future__ import annotations

from itertools import islice, pairwise

import numpy as np
import pytest

from lutscale.sim.stalls import PATTERNS
from tests.support.random_programs import example_frame
from tests.support.sim.stimuli import FLAWS, damaged, intact, sink_pauses, source_pauses


def pauses(pattern: str, of_source: bool) -> list[bool]:
    made = source_pauses(pattern) if of_source else sink_pauses(pattern)
    return [] if made is None else list(islice(made, 1000))


def test_who_pauses() -> None:
    assert [p for p in PATTERNS if pauses(p, True)] == ["random_source", "both"]
    assert [p for p in PATTERNS if pauses(p, False)] == ["random_sink", "one_cycle_ready", "both"]
    assert pauses("both", True) == pauses("both", True)
    for pattern in ("random_source", "both"):
        assert 400 < sum(pauses(pattern, True)) < 800


def test_one_cycle_ready_never_is_ready_twice() -> None:
    given = pauses("one_cycle_ready", False)
    assert 200 < given.count(False) < 500
    assert not any(a is b is False for a, b in pairwise(given))


def test_intact() -> None:
    plane = example_frame(1, 3, 4)
    sent = intact(plane)
    assert (sent.width, sent.height) == (4, 3)
    np.testing.assert_array_equal(np.stack(sent.lines), plane)
    np.testing.assert_array_equal(sent.seen, plane)


def test_damaged() -> None:
    plane = np.arange(12, dtype=np.uint8).reshape(3, 4)
    sent = {flaw: damaged(plane, flaw, (7, 7)) for flaw in FLAWS}
    lengths = {flaw: [len(line) for line in frame.lines] for flaw, frame in sent.items()}
    assert lengths == {
        "short_line": [4, 2, 4],
        "long_line": [4, 7, 4],
        "short_frame": [4],
        "extra_line": [4, 4, 4, 4],
        "oversize": [4, 4, 4],
        "stop": [4],
        "stuck_start": [4, 4, 4],
    }
    assert sent["short_line"].seen.tolist()[1] == [4, 5, 5, 5]
    for flaw in ("short_frame", "stop"):
        assert sent[flaw].seen.tolist() == [[0, 1, 2, 3], [3, 3, 3, 3], [3, 3, 3, 3]]
    for flaw in ("long_line", "extra_line"):
        np.testing.assert_array_equal(sent[flaw].seen, plane)
    assert (sent["oversize"].width, sent["oversize"].seen) == (8, None)
    assert sent["stuck_start"].seen is None
    assert [flaw for flaw in FLAWS if sent[flaw].stop] == ["stop"]
    assert [flaw for flaw in FLAWS if sent[flaw].stuck] == ["stuck_start"]
    assert all((frame.height, frame.width) in ((3, 4), (3, 8)) for frame in sent.values())


def test_unknown_flaw() -> None:
    with pytest.raises(ValueError, match="flaw must be one of short_line, "):
        damaged(example_frame(1, 3, 4), "tall", (7, 7))

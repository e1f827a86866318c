"""Ranges of entries: types that follow from the shape alone, the same integers, refusals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lutscale.golden.layers import Layer, PatternTables, Requantise, TapTables
from lutscale.golden.layers.entry_range import EntryRange, checked_range, entry_bounds
from lutscale.golden.layers.pattern_tables import Pattern
from lutscale.golden.program import Program
from lutscale.golden.program_file import load, save
from lutscale.golden.value import FRAME, ValueType
from tests.support.family_programs import FAMILIES, symmetric_like
from tests.support.golden.small_programs import small
from tests.support.random_programs import example_frame, example_program, make_quantiser


def taps(
    seed: int, nodes: int | None = None, entry_range: EntryRange | None = (-9, 5)
) -> TapTables:
    """Random tables of 2 to 3 channels, 2 x 3 taps, within the range declared or not."""
    random = np.random.default_rng(seed)
    entries = random.integers(-9, 6, (2, 2, 3, nodes or 16, 3))
    quantiser = nodes and make_quantiser(np.random.default_rng(0), 4, nodes, 3)
    return TapTables(entries, 6, 4, False, quantiser or None, entry_range=entry_range)


def patterns(seed: int, entry_range: EntryRange | None = (-9, 5)) -> PatternTables:
    """One table of words and one that is interpolated, in four rotations."""
    random = np.random.default_rng(seed)
    one, two = ((0, 0), (0, 1)), ((0, 0), (1, 1))
    direct = Pattern(one, random.integers(-9, 6, (16, 4)), 2, 6, entry_range=entry_range)
    nodes = Pattern(two, random.integers(-7, 8, (25, 4)), 2, 0, 4, gain=3, entry_range=None)
    if entry_range is not None:
        nodes = replace(nodes, entry_range=(-8, 7))
    return PatternTables((direct, nodes))


def own_extremes(layer: TapTables) -> tuple[int, int]:
    """The least and the greatest sum of each table's own entries, added up one by one."""
    low, high = np.zeros((2, layer.out_channels), np.int64)
    for run in layer.passes(layer.in_channels):
        for c, i, j in np.ndindex(*layer.entries.shape[:3]):
            for o in range(layer.outputs):
                target = run.targets[layer.group(c) * layer.outputs + o]
                numbers = [int(n) for n in layer.table(c, i, j)[:, o]]
                low[target] += min(numbers)
                high[target] += max(numbers)
    return int(low.min()), int(high.max())


@pytest.mark.parametrize("nodes", [None, 4])
def test_widths_of_tap_tables_follow_from_shape_and_range(nodes: int | None) -> None:
    codes = ValueType(2, 0, 15)
    declared = {taps(seed, nodes).output_type([codes]) for seed in range(4)}
    unit = 8 if nodes else 1
    assert declared == {ValueType(3, 2 * 6 * -9 * unit, 2 * 6 * 5 * unit)}
    own = {taps(seed, nodes, None).output_type([codes]) for seed in range(4)}
    assert len(own) == 4
    (wide,) = declared
    assert all(wide.lo <= kind.lo <= kind.hi <= wide.hi for kind in own)


def test_widths_of_pattern_tables_follow_from_shape_and_range() -> None:
    declared = {patterns(seed).output_type([FRAME]) for seed in range(4)}
    assert declared == {ValueType(4, 4 * (-9 + -8 * 48), 4 * (5 + 7 * 48))}
    assert len({patterns(seed, None).output_type([FRAME]) for seed in range(4)}) == 4


@pytest.mark.parametrize("family", FAMILIES)
def test_without_a_range_the_tables_say_themselves(family: str) -> None:
    for seed in range(4):
        program = FAMILIES[family](seed)
        for k, layer in enumerate(program.layers):
            if isinstance(layer, TapTables):
                low, high = own_extremes(layer)
                unit = 1 << layer.fraction_bits
                kind = program.types[k + 1]
                assert (kind.lo, kind.hi) == (low * unit, high * unit)


def test_bounds_are_the_tables_least_and_greatest() -> None:
    words = np.array([[[3, -4], [1, 2]], [[0, 0], [-128, 127]]])
    np.testing.assert_array_equal(
        entry_bounds(words, None), [[[1, -4], [-128, 0]], [[3, 2], [0, 127]]]
    )
    np.testing.assert_array_equal(entry_bounds(words, (-5, 6))[:, 1], [[-5, -5], [6, 6]])


@pytest.mark.parametrize("make", [taps, patterns])
def test_a_range_changes_no_integer(make: Callable[..., Layer]) -> None:
    layer, own = make(1), make(1, entry_range=None)
    frame = np.random.default_rng(2).integers(0, 16, (2, 5, 4), dtype=np.int32)
    given = frame if isinstance(layer, TapTables) else frame[:1] * 17
    np.testing.assert_array_equal(layer.fast([given]), own.fast([given]))
    np.testing.assert_array_equal(layer.reference([given]), own.reference([given]))


def test_tied_tables_keep_their_range_when_they_are_untied() -> None:
    program = symmetric_like(1)
    for k, layer in enumerate(program.layers):
        if isinstance(layer, TapTables):
            assert layer.symmetry is not None
            half = 1 << (layer.entry_bits - 1)
            ranged = replace(layer, entry_range=(-half, half - 1))
            kind = ranged.output_type(program.types[: k + 1])
            assert ranged.untied.entry_range == ranged.entry_range
            assert ranged.untied.output_type(program.types[: k + 1]) == kind


def test_ranges_come_back_from_the_file(tmp_path: Path) -> None:
    first = small().layers[0]
    assert isinstance(first, TapTables)
    layers = (replace(first, entry_range=(-8, 7)), *small().layers[1:])
    program = replace(small(), layers=layers)
    save(program, tmp_path / "a.npz")
    back = load(tmp_path / "a.npz")
    assert back.layers[0].params()["entry_range"] == [-8, 7]
    assert back.types == program.types
    frame = example_frame(1, 4, 5)
    np.testing.assert_array_equal(back.run(frame), small().run(frame))
    tables = patterns(3)
    halve = Requantise(np.ones(4, np.int32), 9, 0, 255)
    whole = Program("p", 2, (tables, halve, example_program(1, 2).layers[-1]))
    save(whole, tmp_path / "b.npz")
    again = load(tmp_path / "b.npz").layers[0]
    assert isinstance(again, PatternTables)
    assert [p.entry_range for p in again.patterns] == [(-9, 5), (-8, 7)]


REFUSALS: list[tuple[Callable[[], object], str]] = [
    (lambda: taps(1, entry_range=(-8, 5)), "must be in -8..5, not -9"),
    (lambda: patterns(1, entry_range=(-9, 4)), "must be in -9..4, not 5"),
    (lambda: checked_range((-33, 5), 6), "entry_range lowest must be in -32..0, not -33"),
    (lambda: checked_range((-9, 32), 6), "entry_range highest must be in 0..31, not 32"),
    (lambda: checked_range((1, 5), 6), "entry_range lowest must be in -32..0, not 1"),
    (lambda: checked_range((-9, -1), 6), "entry_range highest must be in 0..31, not -1"),
    (lambda: checked_range((-9,), 6), "entry_range must be two integers, not (-9,)"),
    (lambda: checked_range("ab", 6), "entry_range must be two integers, not 'ab'"),
    (lambda: checked_range((True, 5), 6), "entry_range lowest must be an integer in -32..0, not T"),
    (lambda: checked_range((-9, 5.0), 6), "entry_range highest must be an integer in 0..31, not 5"),
]


@pytest.mark.parametrize(("make", "text"), REFUSALS, ids=[r[1][:50] for r in REFUSALS])
def test_refused(make: Callable[[], object], text: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        make()
    assert text in str(caught.value)


def test_a_range_may_need_too_wide_an_accumulator() -> None:
    layers: Sequence[Any] = wide(None)
    assert Program("p", 1, tuple(layers)).types[3].bits < 32
    with pytest.raises(ValueError, match=r"layer 2 \(tap_tables\): accumulator must fit 32 bits"):
        Program("p", 1, tuple(wide((-128, 127))))


def wide(entry_range: EntryRange | None) -> Sequence[Layer]:
    """300 channels of 225 taps whose entries are all 0, with 8 fraction bits."""
    by_two = make_quantiser(np.random.default_rng(0), 8, 2, 8)
    return (
        TapTables(np.zeros((1, 1, 1, 2, 300), np.int32), 2, 8, False, by_two),
        Requantise(np.ones(300, np.int32), 1, 0, 255),
        TapTables(
            np.zeros((300, 15, 15, 2, 1), np.int32), 8, 8, False, by_two, entry_range=entry_range
        ),
        Requantise(np.ones(1, np.int32), 16, 0, 255),
    )

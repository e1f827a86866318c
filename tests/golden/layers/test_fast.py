"""Random programs: the fast forms against the reference, value by value, within their types."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings

from lutscale.golden.layers.layer import Array
from lutscale.golden.program import Program
from tests.support.random_programs import frames, programs


def describe(
    program: Program, number: int, frame: Array | npt.NDArray[np.uint8], fast: Array, slow: Array
) -> str:
    """Where two values differ first."""
    channel, y, x = np.argwhere(fast != slow)[0]
    kind = "frame" if not number else program.layers[number - 1].kind
    return (
        f"{program.name}: value {number} ({kind}) of a {frame.shape[1]}x{frame.shape[0]} frame "
        f"at x={x} y={y} channel {channel}: expected {slow[channel, y, x]}, "
        f"got {fast[channel, y, x]}"
    )


@settings(max_examples=80, deadline=None)
@given(program=programs((1, 2, 3, 4)), frame=frames(12))
def test_fast_is_the_reference_for_every_value(
    program: Program, frame: npt.NDArray[np.uint8]
) -> None:
    fast, slow = program.trace(frame), program.trace(frame, reference=True)
    for number, (got, expected) in enumerate(zip(fast, slow, strict=True)):
        assert got.dtype == expected.dtype == np.int32
        assert got.shape == expected.shape, f"value {number} of {program.name}"
        if not np.array_equal(got, expected):
            pytest.fail(describe(program, number, frame, got, expected))


@settings(max_examples=150, deadline=None)
@given(program=programs((1, 2, 3, 4)), frame=frames(20))
def test_values_stay_in_the_range_of_their_type(
    program: Program, frame: npt.NDArray[np.uint8]
) -> None:
    for number, (kind, value) in enumerate(zip(program.types, program.trace(frame), strict=True)):
        where = f"value {number} of {program.name}: {value.min()}..{value.max()} in {kind}"
        assert value.shape[0] == kind.channels, where
        assert value.shape[1:] == tuple(n * kind.scale for n in frame.shape), where
        assert kind.lo <= value.min(), where
        assert value.max() <= kind.hi, where

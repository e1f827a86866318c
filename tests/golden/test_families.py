"""Whole programs of the families: fast against reference, files, rotations, shared tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings

from lutscale.golden.program import Program
from lutscale.golden.program_file import load, save
from tests.support.family_programs import (
    FAMILIES,
    family_programs,
    hklut_like,
    shiftlut_like,
    tinylut_like,
)
from tests.support.random_programs import example_frame, frames


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(program=family_programs(), frame=frames(8))
def test_fast_is_the_reference_within_its_type(
    program: Program, frame: npt.NDArray[np.uint8]
) -> None:
    fast, slow = program.trace(frame), program.trace(frame, reference=True)
    for number, (got, expected, kind) in enumerate(zip(fast, slow, program.types, strict=True)):
        where = f"value {number} of {program.name}"
        assert got.dtype == expected.dtype == np.int32, where
        np.testing.assert_array_equal(got, expected, where)
        assert got.shape[0] == kind.channels, where
        assert kind.lo <= got.min(), where
        assert got.max() <= kind.hi, where


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", range(4))
def test_file_and_back(family: str, seed: int, tmp_path: Any) -> None:
    program = FAMILIES[family](seed)
    save(program, tmp_path / "first.npz")
    again = load(tmp_path / "first.npz")
    save(again, tmp_path / "second.npz")
    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "second.npz").read_bytes()
    frame = example_frame(seed, 5, 4)
    np.testing.assert_array_equal(program.run(frame), again.run(frame))
    assert (again.table_bits, again.reads) == (program.table_bits, program.reads)


def test_a_turned_frame_gives_the_turned_result() -> None:
    """What four rotations are for: the result does not depend on the frame's own."""
    for program in (hklut_like(1), tinylut_like(3)):
        frame = example_frame(2, 6, 9)
        result = program.run(frame)
        for q in (1, 2, 3):
            turned_result = program.run(np.ascontiguousarray(np.rot90(frame, q)))
            np.testing.assert_array_equal(np.rot90(turned_result, -q), result)


def test_stages_count_their_own_pixels() -> None:
    program = hklut_like(4)
    assert program.scale == 4
    assert program.reads == 8 + 4 * 8
    assert program.functions == (8 + 4 * 8) * 4


def test_shared_tables_are_stored_and_counted_once(tmp_path: Any) -> None:
    program = shiftlut_like(0)
    assert program.shared == {7: 3}
    apart = Program("apart", program.scale, program.layers)
    assert apart.table_bits - program.table_bits == program.layers[3].table_bits
    save(program, tmp_path / "program.npz")
    again = load(tmp_path / "program.npz")
    assert (again.shared, again.table_bits) == (program.shared, program.table_bits)
    with np.load(tmp_path / "program.npz") as file:
        assert "layer3.entries" in file.files
        assert "layer7.entries" not in file.files


@pytest.mark.parametrize(
    ("shared", "text"),
    [
        ({7: 11}, "layer 7 (tap_tables): tables_of must be the number of an earlier layer"),
        ({7: 2}, "layer 7 (tap_tables): tables_of must be the number of an earlier layer of its"),
        ({7: 0}, "layer 7 (tap_tables): tables must be those of layer 0, but differ"),
        ({6: 2}, "layer 6 (channel_shift): tables must be those of layer 2, but differ"),
        ({99: 3}, "shared layer must be in 0..13, not 99"),
    ],
)
def test_tables_that_cannot_be_shared(shared: dict[int, int], text: str) -> None:
    program = shiftlut_like(0)
    with pytest.raises(ValueError, match="must") as caught:
        Program("wrong", program.scale, program.layers, shared=shared)
    assert text in str(caught.value)

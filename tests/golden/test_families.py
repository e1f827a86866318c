"""Pattern tables, rotations, splits, ensembles: by hand, fast against reference, refusals."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings

from lutscale.golden.layers import (
    ChannelShift,
    Ensemble,
    Layer,
    PatternTables,
    Requantise,
    Residual,
    Split,
    TapTables,
)
from lutscale.golden.layers.layer import Array
from lutscale.golden.layers.pattern_tables import Pattern, simplex
from lutscale.golden.neighbourhood import border_index, padded
from lutscale.golden.program import Program
from lutscale.golden.program_file import load, save
from lutscale.golden.symmetry import patch_source, turned
from lutscale.golden.value import FRAME, ValueType
from tests.family_programs import FAMILIES, family_programs, hklut_like, shiftlut_like, tinylut_like
from tests.random_programs import example_frame, frames


def ints(*numbers: Any) -> npt.NDArray[np.int32]:
    return np.array(numbers, np.int32)


def both(layer: Layer, *values: Array) -> Array:
    """What a layer makes of the values, the same in both forms."""
    reference = layer.reference(values)
    np.testing.assert_array_equal(layer.fast(values), reference)
    return reference


# ---------------------------------------------------------------- whole programs


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


# ---------------------------------------------------------------- neighbourhoods


@pytest.mark.parametrize("length", range(1, 7))
def test_borders_are_numpys(length: int) -> None:
    line = np.arange(length, dtype=np.int32).reshape(1, 1, length)
    for border, mode in (("replicate", "edge"), ("reflect", "reflect")):
        got = padded(line, 4, border)[0, 4]
        np.testing.assert_array_equal(got, np.pad(line[0, 0], 4, mode=mode))
        np.testing.assert_array_equal(border_index(np.arange(-4, length + 4), length, border), got)


@pytest.mark.parametrize("rotation", range(4))
def test_turned_offsets_and_patches_follow_rot90(rotation: int) -> None:
    frame = np.arange(7 * 7).reshape(7, 7)
    for offset in ((1, 2), (0, -1), (-2, 1)):
        down, right = turned(offset, rotation)
        seen = np.rot90(frame, rotation)
        shifted = np.roll(seen, (-offset[0], -offset[1]), (0, 1))
        assert np.rot90(shifted, -rotation)[3, 3] == frame[3 + down, 3 + right]
    patch = np.arange(9).reshape(3, 3)
    want = np.rot90(patch, -rotation).ravel()
    np.testing.assert_array_equal(patch.ravel()[patch_source(3, rotation)], want)


# ---------------------------------------------------------------- pattern tables


def test_the_first_pixel_is_the_highest_digit() -> None:
    words = np.arange(16)[:, None] - 8
    layer = PatternTables((Pattern(((0, 0), (0, 1)), words, code_bits=2),), rotations=1)
    np.testing.assert_array_equal(both(layer, ints([[1, 3, 2]])), [[[7 - 8, 14 - 8, 10 - 8]]])


def test_bit_fields_and_gains_of_branches() -> None:
    high = Pattern(((0, 0),), ints([0], [1], [2], [3]), code_bits=2, shift=2, gain=10)
    low = Pattern(((0, 0),), ints([0], [1], [2], [3]), code_bits=2)
    layer = PatternTables((high, low), rotations=1)
    np.testing.assert_array_equal(both(layer, ints([[0b0111, 0b1101]])), [[[13, 31]]])
    assert layer.table_bits == 8 * 8


def test_a_patch_is_turned_back_before_it_is_added() -> None:
    # The word does not depend on the pixels: each rotation adds it in its own orientation.
    layer = PatternTables((Pattern(((0, 0),), ints([1, 2, 4, 8], [1, 2, 4, 8]), 1),), rotations=4)
    np.testing.assert_array_equal(both(layer, ints([[0]])).ravel(), [15, 15, 15, 15])
    layer = PatternTables((Pattern(((0, 0),), ints([1, 0, 0, 0], [1, 0, 0, 0]), 1),), rotations=4)
    np.testing.assert_array_equal(both(layer, ints([[0]])).ravel(), [1, 1, 1, 1])


@pytest.mark.parametrize("pixels", [1, 2, 3, 4])
def test_simplex_is_linear_on_linear_tables(pixels: int) -> None:
    """A table that is a sum of multiples of its axes is interpolated without error."""
    random = np.random.default_rng(pixels)
    slopes = random.integers(-9, 10, pixels)
    nodes = np.indices((5,) * pixels).reshape(pixels, -1)
    words = (slopes @ nodes)[:, None]
    offsets = tuple((0, k) for k in range(pixels))
    pattern = Pattern(offsets, np.clip(words, -128, 127), code_bits=2, fraction_bits=3)
    plane = random.integers(0, 32, (1, 4, 7)).astype(np.int32)
    got = both(PatternTables((pattern,), rotations=1), plane)
    columns = np.pad(plane[0], ((0, 0), (0, pixels)), mode="edge")
    want = sum(int(slope) * columns[:, k : k + 7] for k, slope in enumerate(slopes))
    if np.abs(words).max() <= 127:
        np.testing.assert_array_equal(got[0], want)


def test_simplex_path_by_hand() -> None:
    assert simplex((3, 1), 2) == [(1, (0, 0)), (2, (1, 0)), (1, (1, 1))]
    assert simplex((0, 0, 0), 2)[0] == (4, (0, 0, 0))


# ---------------------------------------------------------------- TinyLUT's pieces


def test_split_by_hand() -> None:
    parts = both(Split(2, offset=32), ints([[0, 131, 255]]))
    np.testing.assert_array_equal(parts, [[[-32, 0, 31]], [[0, 3, 3]]])
    assert Split(2, offset=32).output_type([FRAME]) == ValueType(2, -32, 31)


def test_codes_beyond_a_range_read_its_end() -> None:
    layer = TapTables(ints([[[[7], [8], [9]]]]), 8, 4, True, None, ints([-1, 1]))
    np.testing.assert_array_equal(both(layer, ints([[-8, -1, 0, 1, 5]])), [[[7, 7, 8, 9, 9]]])
    assert layer.table_bits == 3 * 8


def test_only_codes_that_occur_count() -> None:
    entries = np.zeros((2, 1, 1, 4, 3), np.int32)
    layer = TapTables(entries, 8, 4, True, None, ints([0, 3], [-1, -1]))
    assert layer.table_bits == (4 + 1) * 3 * 8


def test_groups_have_their_own_outputs() -> None:
    entries = np.zeros((2, 1, 1, 2, 1), np.int32)
    entries[0, 0, 0, 1], entries[1, 0, 0, 1] = 3, 5
    layer = TapTables(entries, 8, 1, groups=2)
    np.testing.assert_array_equal(both(layer, ints([[1, 0]], [[1, 1]])), [[[3, 0]], [[5, 5]]])


def test_a_rotation_reads_the_turned_neighbour() -> None:
    entries = np.zeros((1, 1, 2, 16, 1), np.int32)
    entries[0, 0, 1, :, 0] = np.arange(16) - 8
    layer = TapTables(entries, 4, 4, rotations=4, origin=(0, 0))
    assert layer.reach == (1, 1, 1, 1)
    plane = ints([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    got = both(layer, plane)[:, 1, 1] + 8
    # To the right in the turned frame: right, below, left, above in the frame itself.
    np.testing.assert_array_equal(got, [6, 8, 4, 2])


def test_ensemble_by_hand() -> None:
    layer = Ensemble(4, 2, 1, -5, 5)
    values = ints(*[[[n]] for n in (9, 9, -9, 2, 1, 1, 0, 3)])
    np.testing.assert_array_equal(both(layer, values), [[[5 - 5 + 2 + 3]]])
    assert layer.output_type([ValueType(8, -128, 127)]) == ValueType(1, -20, 20)


@pytest.mark.parametrize(
    ("acc", "expected"), [(3, 0), (9, 2), (15, 2), (21, 4), (4, 1), (2, 0), (-3, 0), (-9, -2)]
)
def test_halves_of_a_sixth_go_to_even(acc: int, expected: int) -> None:
    layer = Requantise(ints(10923), 16, -9, 9, even_divisor=6)
    assert both(layer, ints([[acc]])).item() == expected == np.round(acc / 6)


@pytest.mark.parametrize("acc", range(31))
def test_a_bias_of_half_a_divisor_is_the_floor(acc: int) -> None:
    assert both(Requantise(ints(10923), 16, 0, 255, bias=-3), ints([[acc]])).item() == acc // 6


@pytest.mark.parametrize("even_divisor", [0, 16])
def test_requantise_ranges_of_single_channels(even_divisor: int) -> None:
    limits = {"channel_lo": (-9, 0), "channel_hi": (9, 3)}
    layer = Requantise(ints(1, 1), 4, -9, 9, even_divisor=even_divisor, **limits)
    row = ints([160, 32, -160])[None]
    got = both(layer, np.repeat(row, 2, axis=0))
    np.testing.assert_array_equal(got, [[[9, 2, -9]], [[3, 2, 0]]])
    assert layer.output_type([ValueType(2, -160, 160)]) == ValueType(2, -9, 9)
    narrow = dataclasses.replace(layer, channel_lo=(-2, 0), channel_hi=None)
    assert narrow.output_type([ValueType(2, -160, 160)]) == ValueType(2, -2, 9)
    again = Requantise.from_manifest(json.loads(json.dumps(layer.params())), {})
    assert again.params() == layer.params()
    with pytest.raises(ValueError, match="channel_lo must have 3 numbers, not 2"):
        dataclasses.replace(layer, multiplier=ints(1, 1, 1)).output_type([ValueType(3, 0, 9)])


def test_residual_ranges_of_single_channels() -> None:
    layer = Residual(0, lo=-9, hi=9, channels=(0, 0), channel_lo=(-9, 0), channel_hi=(9, 3))
    got = both(layer, ints([[8, -8]]), ints([[8, -8]], [[8, -8]]))
    np.testing.assert_array_equal(got, [[[9, -9]], [[3, 0]]])


def test_a_channel_may_be_clamped_above_all_sums() -> None:
    layer = Residual(0, lo=-9, hi=9, channels=(0, 0), channel_lo=(-9, 5), channel_hi=(-2, 9))
    kind = ValueType(1, -4, -1)
    assert layer.output_type([kind, ValueType(2, -4, -1)]) == ValueType(2, -8, 5)
    np.testing.assert_array_equal(both(layer, ints([[-1]]), ints([[-1]], [[-1]])), [[[-2]], [[5]]])


def test_channels_shift_by_their_own_offsets() -> None:
    layer = ChannelShift(((0, 1), (-1, 0)))
    plane = [[1, 2, 3], [4, 5, 6]]
    got = both(layer, ints(plane, plane))
    np.testing.assert_array_equal(got, [[[2, 3, 3], [5, 6, 6]], [[1, 2, 3], [1, 2, 3]]])
    assert (layer.table_bits, layer.reach) == (0, (1, 0, 0, 1))


# ---------------------------------------------------------------- refusals

WORD = ints([1], [2], [3], [4])


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Pattern((), WORD, 2), "offsets must be 1 to 4 pixels, not ()"),
        (lambda: Pattern(((0, 8),), WORD, 2), "offset must be in -7..7, not 8"),
        (lambda: Pattern(((0, 0),), WORD, 3), "words must have shape 8xn, not 4x1"),
        (lambda: Pattern(((0, 0),), WORD, 2, border="wrap"), "border must be one of"),
        (lambda: Pattern(((0, 0),), WORD, 2, gain=0), "gain must be in 1..255, not 0"),
        (lambda: PatternTables(()), "patterns must be at least one pattern, not none"),
        (
            lambda: PatternTables((Pattern(((0, 0),), np.zeros((4, 5), int), 2),)),
            "words must all have 1, 4, 9 or 16 entries, not 5",
        ),
        (
            lambda: PatternTables((Pattern(((0, 0),), WORD, 2),), rotations=2),
            "rotations must be 1 or 4, not 2",
        ),
        (lambda: ChannelShift(((0, 8),)), "offsets[0] must be in -7..7, not 8"),
        (lambda: Split(0), "low_bits must be in 1..15, not 0"),
        (lambda: Ensemble(3, 1, 1, 0, 1), "rotations must be 1 or 4, not 3"),
        (lambda: Requantise(ints(1), 1, 0, 1, even_divisor=-1), "even_divisor must be in 0..65535"),
        (
            lambda: Requantise(ints(1), 1, 0, 4, channel_lo=(3,), channel_hi=(2,)),
            "channel_hi[0] must be in 3..4, not 2",
        ),
        (
            lambda: Residual(0, "nearest", 2, channels=(0,)),
            "channels must be None with upsample 'nearest'",
        ),
        (
            lambda: Residual(0, lo=0, hi=4, channel_lo=(5,)),
            "channel_lo[0] must be in 0..4, not 5",
        ),
        (
            lambda: TapTables(np.zeros((3, 1, 1, 4, 1), int), 8, 2, groups=2),
            "groups must divide 3 channels, not 2",
        ),
        (
            lambda: TapTables(np.zeros((1, 1, 1, 4, 1), int), 8, 2, origin=(1, 0)),
            "origin row must be in 0..0, not 1",
        ),
        (
            lambda: TapTables(np.ones((1, 1, 1, 2, 1), int), 8, 2, code_ranges=ints([0, 2])),
            "entries must have 3 levels, the most that code_ranges give, not 2",
        ),
        (
            lambda: TapTables(
                np.ones((2, 1, 1, 3, 1), int), 8, 2, code_ranges=ints([0, 2], [1, 1])
            ),
            "entries[1] must be 0 behind level 0",
        ),
        (
            lambda: TapTables(np.ones((1, 1, 1, 3, 1), int), 8, 2, code_ranges=ints([2, 0])),
            "code_ranges[0] last must be in 2..3, not 0",
        ),
    ],
)
def test_refused_when_made(make: Callable[[], object], text: str) -> None:
    with pytest.raises(ValueError, match="must") as caught:
        make()
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("layer", "types", "text"),
    [
        (
            ChannelShift(((0, 1), (-1, 0))),
            [FRAME],
            "offsets must have 1 pairs, one a channel, not 2",
        ),
        (
            PatternTables((Pattern(((0, 0),), WORD, 2),)),
            [ValueType(2, 0, 3)],
            "pattern_tables input must have 1 channel, not 2",
        ),
        (
            PatternTables((Pattern(((0, 0),), WORD, 2),)),
            [FRAME],
            "pattern_tables input must be in 0..3, not 0..255",
        ),
        (
            Ensemble(4, 2, 2, 0, 1),
            [ValueType(30, 0, 1)],
            "ensemble input must have a multiple of 32 channels, not 30",
        ),
        (
            Residual(0, channels=(0, 1)),
            [FRAME, ValueType(2, 0, 1)],
            "channels must be in 0..0, not 1",
        ),
        (
            Residual(0, channel_hi=(1, 2)),
            [FRAME, ValueType(1, 0, 1)],
            "channel_hi must have 1 numbers, not 2",
        ),
    ],
)
def test_refused_where_it_stands(layer: Layer, types: Sequence[ValueType], text: str) -> None:
    with pytest.raises(ValueError, match="must") as caught:
        layer.output_type(types)
    assert text in str(caught.value)

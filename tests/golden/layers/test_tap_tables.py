"""Tap tables: entries, taps, borders, interpolation, ranges of codes, widths, refusals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lutscale.golden.layers import Layer, TapTables
from lutscale.golden.quantiser import Quantiser
from lutscale.golden.value import FRAME, ValueType
from tests.support.golden.layer_cases import both, ints, refused
from tests.support.random_programs import make_quantiser


def code_tables(kernel: tuple[int, int], *, tap: tuple[int, int]) -> TapTables:
    """One channel of 4-bit codes; only one tap counts, and its table is the code minus 8."""
    entries = np.zeros((1, *kernel, 16, 1), np.int32)
    entries[0, tap[0], tap[1], :, 0] = np.arange(16) - 8
    return TapTables(entries, entry_bits=4, code_bits=4)


def tables(**changed: Any) -> TapTables:
    """Small valid tap tables, but for what is changed."""
    given: dict[str, Any] = {"entries": np.zeros((1, 1, 1, 4, 1), np.int32), "entry_bits": 4}
    return TapTables(**{**given, "code_bits": 2, **changed})


def quantiser(**changed: Any) -> Quantiser:
    """A small valid quantiser, but for what is changed."""
    given = {"segment": ints(0, 1), "weight": ints(0, 1), "nodes": 3, "fraction_bits": 1}
    return Quantiser(**{**given, **changed})


def test_direct_table_reads_the_entry_of_the_code() -> None:
    layer = TapTables(ints(5, -7, 3, 1).reshape(1, 1, 1, 4, 1), 4, 2)
    np.testing.assert_array_equal(both(layer, ints([[0, 1], [2, 3]])), [[[5, -7], [3, 1]]])


def test_signed_codes_start_at_the_lowest() -> None:
    layer = TapTables(ints(5, -7, 3, 1).reshape(1, 1, 1, 4, 1), 4, 2, code_signed=True)
    np.testing.assert_array_equal(both(layer, ints([[-2, -1, 0, 1]])), [[[5, -7, 3, 1]]])


def test_channels_and_outputs_have_their_own_tables() -> None:
    # entries[c, i, j, level, o]: channel 0 gives 1 and 10, channel 1 gives 2 and 20 (code 1).
    entries = ints([[[[0, 0], [1, 10]]]], [[[[0, 0], [2, 20]]]])
    layer = TapTables(entries, 8, 1)
    out = both(layer, ints([[1, 0, 1]], [[0, 1, 1]]))
    np.testing.assert_array_equal(out, [[[1, 2, 3]], [[10, 20, 30]]])


@pytest.mark.parametrize(
    ("kernel", "tap", "offset"),
    [
        ((3, 3), (0, 0), (-1, -1)),
        ((3, 3), (1, 2), (0, 1)),
        ((2, 2), (0, 0), (0, 0)),
        ((2, 2), (1, 1), (1, 1)),
        ((4, 4), (0, 3), (-1, 2)),
        ((5, 1), (4, 0), (2, 0)),
        ((1, 3), (0, 0), (0, -1)),
    ],
)
def test_a_tap_reads_its_neighbour_and_borders_replicate(
    kernel: tuple[int, int], tap: tuple[int, int], offset: tuple[int, int]
) -> None:
    codes = np.arange(12, dtype=np.int32).reshape(1, 3, 4)
    rows = np.clip(np.arange(3) + offset[0], 0, 2)
    columns = np.clip(np.arange(4) + offset[1], 0, 3)
    out = both(code_tables(kernel, tap=tap), codes)
    np.testing.assert_array_equal(out[0], codes[0][np.ix_(rows, columns)] - 8)


def test_a_frame_smaller_than_the_kernel_is_its_edge() -> None:
    entries = np.zeros((1, 15, 15, 16, 1), np.int32)
    entries[..., 9, 0] = 1
    layer = TapTables(entries, entry_bits=2, code_bits=4)
    np.testing.assert_array_equal(both(layer, ints([[9]])), [[[225]]])


def test_interpolation_keeps_its_fraction_bits() -> None:
    # 2-bit codes, 3 nodes, f = 2: codes lie at 0, 3/4, 1 + 1/2 and 1 + 3/4 segments.
    quantiser = Quantiser(ints(0, 0, 1, 1), ints(0, 3, 2, 3), 3, 2)
    layer = TapTables(ints(4, -8, 100).reshape(1, 1, 1, 3, 1), 8, 2, False, quantiser)
    expected = [4 * 4, 4 * 4 + 3 * -12, -8 * 4 + 2 * 108, -8 * 4 + 3 * 108]
    np.testing.assert_array_equal(both(layer, ints([[0, 1, 2, 3]])), [[expected]])
    assert layer.fraction_bits == 2


def test_the_last_code_never_quite_reaches_the_last_node() -> None:
    # Its weight has f bits, so one step of 2**f is missing.
    quantiser = make_quantiser(np.random.default_rng(0), 8, 5, 6)
    layer = TapTables(ints(0, 0, 0, -100, 60).reshape(1, 1, 1, 5, 1), 8, 8, False, quantiser)
    assert (quantiser.segment[255], quantiser.weight[255]) == (3, 63)
    np.testing.assert_array_equal(both(layer, ints([[255]])), [[[-100 * 64 + 63 * 160]]])


def test_two_nodes_make_one_line() -> None:
    quantiser = Quantiser(ints(0, 0), ints(0, 1), 2, 1)
    layer = TapTables(ints(-3, 5).reshape(1, 1, 1, 2, 1), 4, 1, True, quantiser)
    np.testing.assert_array_equal(both(layer, ints([[-1, 0]])), [[[-6, 2]]])


def test_bits_of_tables_and_quantiser() -> None:
    quantiser = make_quantiser(np.random.default_rng(0), 6, 5, 4)
    layer = TapTables(np.zeros((2, 3, 3, 5, 7), np.int32), 6, 6, True, quantiser)
    assert layer.table_bits == 2 * 9 * 5 * 7 * 6
    assert (quantiser.segment_bits, quantiser.word_bits) == (2, 6)
    assert layer.quantiser_bits == 64 * 6
    assert layer.functions == 2 * 9 * 7
    direct = TapTables(np.zeros((2, 1, 1, 8, 3), np.int32), 4, 3)
    assert (direct.table_bits, direct.quantiser_bits, direct.functions) == (192, 0, 6)


@given(
    seed=st.integers(0, 999),
    entry_bits=st.integers(2, 8),
    code_bits=st.integers(1, 6),
    signed=st.booleans(),
)
def test_the_range_of_one_direct_table_is_attained(
    seed: int, entry_bits: int, code_bits: int, signed: bool
) -> None:
    half = 1 << (entry_bits - 1)
    table = np.random.default_rng(seed).integers(-half, half, 1 << code_bits, dtype=np.int32)
    layer = TapTables(table.reshape(1, 1, 1, -1, 1), entry_bits, code_bits, signed)
    codes = np.arange(1 << code_bits, dtype=np.int32) - layer.code_offset
    out = layer.fast([codes[None, None]])
    kind = layer.output_type([ValueType(1, int(codes[0]), int(codes[-1]))])
    assert (kind.lo, kind.hi) == (out.min(), out.max()) == (table.min(), table.max())


@given(seed=st.integers(0, 999), nodes=st.integers(3, 9), fraction_bits=st.integers(1, 8))
def test_the_range_of_one_interpolated_table_is_attained_at_a_node(
    seed: int, nodes: int, fraction_bits: int
) -> None:
    random = np.random.default_rng(seed)
    table = random.integers(-128, 128, nodes, dtype=np.int32)
    # Weight 0 at every node that has a segment; the last node has none, and no code meets it.
    table[-1] = table[-2]
    segment = np.arange(256, dtype=np.int32) % (nodes - 1)
    quantiser = Quantiser(segment, np.zeros(256, np.int32), nodes, fraction_bits)
    layer = TapTables(table.reshape(1, 1, 1, -1, 1), 8, 8, False, quantiser)
    out = layer.fast([np.arange(256, dtype=np.int32)[None, None]])
    kind = layer.output_type([FRAME])
    assert (kind.lo, kind.hi) == (out.min(), out.max())


def test_the_range_is_that_of_the_worst_output() -> None:
    # Two taps, one output with -1..2 and -3..4, another with 0..7 and 0..0.
    entries = np.zeros((1, 1, 2, 2, 2), np.int32)
    entries[0, 0, 0, :, 0], entries[0, 0, 1, :, 0] = (-1, 2), (4, -3)
    entries[0, 0, 0, :, 1] = 0, 7
    kind = TapTables(entries, 4, 1).output_type([ValueType(1, 0, 1)])
    assert kind == ValueType(2, -4, 7)


def test_float_sums_are_exact_where_they_no_longer_fit_float32() -> None:
    # 300 channels of large entries and fractions pass 2**24, where float32 has gaps.
    random = np.random.default_rng(1)
    entries = random.integers(100, 128, (300, 3, 3, 4, 1), dtype=np.int32)
    quantiser = make_quantiser(random, 8, 4, 8)
    layer = TapTables(entries, 8, 8, False, quantiser)
    assert layer.output_type([ValueType(300, 0, 255)]).lo > 1 << 24
    both(layer, random.integers(0, 256, (300, 2, 3)).astype(np.int32))


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


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (
            lambda: tables(entries=np.full((1, 1, 1, 4, 1), 8)),
            ValueError,
            "entries[0, 0, 0, 0, 0] must be in -8..7, not 8",
        ),
        (
            lambda: tables(entries=ints(0, 0, -9, 0).reshape(1, 1, 1, 4, 1)),
            ValueError,
            "entries[0, 0, 0, 2, 0] must be in -8..7, not -9",
        ),
        (
            lambda: tables(entries=np.zeros((1, 1, 1, 5, 1), int)),
            ValueError,
            "entries must have shape nxnxnx4xn, not 1x1x1x5x1",
        ),
        (
            lambda: tables(entries=np.zeros((1, 1, 4, 1), int)),
            ValueError,
            "entries must have shape nxnxnx4xn, not 1x1x4x1",
        ),
        (
            lambda: tables(entries=np.zeros((0, 1, 1, 4, 1), int)),
            ValueError,
            "entries must have shape nxnxnx4xn, not 0x1x1x4x1",
        ),
        (lambda: tables(entries=ints(1)[0]), ValueError, "not a scalar"),
        (
            lambda: tables(entries=np.zeros((1, 1, 1, 4, 1))),
            TypeError,
            "entries must be an integer array, not float64",
        ),
        (
            lambda: tables(entries=np.zeros((1, 16, 1, 4, 1), int)),
            ValueError,
            "kernel height must be in 1..15, not 16",
        ),
        (
            lambda: tables(entries=np.zeros((1, 1, 16, 4, 1), int)),
            ValueError,
            "kernel width must be in 1..15, not 16",
        ),
        (lambda: tables(entry_bits=1), ValueError, "entry_bits must be in 2..8, not 1"),
        (lambda: tables(entry_bits=9), ValueError, "entry_bits must be in 2..8, not 9"),
        (
            lambda: tables(entry_bits=4.0),
            TypeError,
            "entry_bits must be an integer in 2..8, not 4.0",
        ),
        (lambda: tables(code_bits=0), ValueError, "code_bits must be in 1..8, not 0"),
        (lambda: tables(code_bits=9), ValueError, "code_bits must be in 1..8, not 9"),
        (
            lambda: tables(code_bits=True),
            TypeError,
            "code_bits must be an integer in 1..8, not True",
        ),
        (
            lambda: tables(quantiser=quantiser()),
            ValueError,
            "segment must have 4 numbers, one a code, not 2",
        ),
        (
            lambda: tables(code_bits=1, quantiser=quantiser()),
            ValueError,
            "entries must have shape nxnxnx3xn, not 1x1x1x4x1",
        ),
        (
            lambda: TapTables(np.zeros((3, 1, 1, 4, 1), int), 8, 2, groups=2),
            ValueError,
            "groups must divide 3 channels, not 2",
        ),
        (
            lambda: TapTables(np.zeros((1, 1, 1, 4, 1), int), 8, 2, origin=(1, 0)),
            ValueError,
            "origin row must be in 0..0, not 1",
        ),
        (
            lambda: TapTables(np.ones((1, 1, 1, 2, 1), int), 8, 2, code_ranges=ints([0, 2])),
            ValueError,
            "entries must have 3 levels, the most that code_ranges give, not 2",
        ),
        (
            lambda: TapTables(
                np.ones((2, 1, 1, 3, 1), int), 8, 2, code_ranges=ints([0, 2], [1, 1])
            ),
            ValueError,
            "entries[1] must be 0 behind level 0",
        ),
        (
            lambda: TapTables(np.ones((1, 1, 1, 3, 1), int), 8, 2, code_ranges=ints([2, 0])),
            ValueError,
            "code_ranges[0] last must be in 2..3, not 0",
        ),
    ],
)
def test_refused_when_made(make: Callable[[], object], error: type[Exception], text: str) -> None:
    refused(error, text, make)


@pytest.mark.parametrize(
    ("layer", "types", "text"),
    [
        (tables(), [ValueType(2, 0, 3)], "tap_tables input must have 1 channels, not 2"),
        (tables(), [ValueType(1, 0, 4)], "tap_tables input must be in 0..3, not 0..4"),
        (tables(), [ValueType(1, -1, 3)], "tap_tables input must be in 0..3, not -1..3"),
        (
            tables(code_signed=True),
            [ValueType(1, 0, 2)],
            "tap_tables input must be in -2..1, not 0..2",
        ),
    ],
)
def test_refused_where_it_stands(layer: Layer, types: Sequence[ValueType], text: str) -> None:
    refused(ValueError, text, layer.output_type, types)


def test_arrays_of_a_layer_cannot_be_changed_from_outside() -> None:
    entries = np.zeros((1, 1, 1, 4, 1), np.int32)
    layer = tables(entries=entries)
    entries[:] = 7
    assert not layer.entries.any()
    with pytest.raises(ValueError, match="read-only"):
        layer.entries[0] = 1

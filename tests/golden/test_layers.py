"""The layers: small cases by hand, the fast forms against the reference, ranges, refusals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lutscale.golden.layers import KINDS, Layer, PixelShuffle, Requantise, Residual, TapTables
from lutscale.golden.layers.layer import Array
from lutscale.golden.layers.residual import bilinear_taps
from lutscale.golden.program import Program
from lutscale.golden.quantiser import Quantiser
from lutscale.golden.rounding import round_shift_clamp
from lutscale.golden.value import FRAME, ValueType
from tests.family_programs import FAMILIES
from tests.random_programs import (
    example_frame,
    example_program,
    frames,
    make_quantiser,
    programs,
)


def ints(*numbers: Any) -> npt.NDArray[np.int32]:
    """An int32 array of nested numbers."""
    return np.array(numbers, np.int32)


def both(layer: Layer, *values: Array) -> Array:
    """What a layer makes of the values, the same in both forms."""
    reference = layer.reference(values)
    fast = layer.fast(values)
    assert reference.dtype == fast.dtype == np.int32
    np.testing.assert_array_equal(fast, reference)
    return reference


def code_tables(kernel: tuple[int, int], *, tap: tuple[int, int]) -> TapTables:
    """One channel of 4-bit codes; only one tap counts, and its table is the code minus 8."""
    entries = np.zeros((1, *kernel, 16, 1), np.int32)
    entries[0, tap[0], tap[1], :, 0] = np.arange(16) - 8
    return TapTables(entries, entry_bits=4, code_bits=4)


# ---------------------------------------------------------------- fast == reference


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


def test_float_sums_are_exact_where_they_no_longer_fit_float32() -> None:
    # 300 channels of large entries and fractions pass 2**24, where float32 has gaps.
    random = np.random.default_rng(1)
    entries = random.integers(100, 128, (300, 3, 3, 4, 1), dtype=np.int32)
    quantiser = make_quantiser(random, 8, 4, 8)
    layer = TapTables(entries, 8, 8, False, quantiser)
    assert layer.output_type([ValueType(300, 0, 255)]).lo > 1 << 24
    both(layer, random.integers(0, 256, (300, 2, 3)).astype(np.int32))


# ---------------------------------------------------------------- tap tables


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


# ---------------------------------------------------------------- requantise


@pytest.mark.parametrize(
    ("acc", "expected"),
    [(-6, -1), (-5, -1), (-3, -1), (-2, 0), (-1, 0), (1, 0), (2, 1), (3, 1), (5, 1), (6, 2)],
)
def test_halves_round_up_below_zero_too(acc: int, expected: int) -> None:
    # Quarters: -6 / 4 = -1.5 becomes -1, and 6 / 4 = 1.5 becomes 2.
    layer = Requantise(ints(1), 2, -10, 10)
    np.testing.assert_array_equal(both(layer, ints([[acc]])), [[[expected]]])


def test_requantise_clamps_and_has_a_multiplier_a_channel() -> None:
    layer = Requantise(ints(1, 3, 0), 1, -3, 2)
    acc = np.tile(ints([-9, -2, 1, 9])[None], (3, 1, 1))
    expected = [[[-3, -1, 1, 2]], [[-3, -3, 2, 2]], [[0, 0, 0, 0]]]
    np.testing.assert_array_equal(both(layer, acc), expected)
    assert layer.output_type([ValueType(3, -9, 9, 2)]) == ValueType(3, -3, 2, 2)


@pytest.mark.parametrize("acc", [-(1 << 31), (1 << 31) - 1])
def test_requantise_is_exact_at_the_ends_of_its_operands(acc: int) -> None:
    layer = Requantise(ints(65535, 1), 16, -(1 << 31), (1 << 31) - 1)
    value = np.full((2, 1, 1), acc, np.int32)
    expected = [(acc * m + (1 << 15)) >> 16 for m in (65535, 1)]
    np.testing.assert_array_equal(both(layer, value).ravel(), expected)


@given(
    acc=st.integers(-(1 << 39), (1 << 39) - 1),
    multiplier=st.integers(0, 65535),
    shift=st.integers(1, 40),
    lo=st.integers(-300, 0),
    hi=st.integers(0, 300),
)
def test_the_rounding_rule(acc: int, multiplier: int, shift: int, lo: int, hi: int) -> None:
    got = round_shift_clamp(np.array([acc]), multiplier, shift, lo, hi)
    expected = min(max((acc * multiplier + (1 << (shift - 1))) >> shift, lo), hi)
    assert got.dtype == np.int32
    assert got[0] == expected


# ---------------------------------------------------------------- residual


@pytest.mark.parametrize(
    ("scale", "taps"),
    [
        (2, [[1, 3, 0], [0, 3, 1]]),
        (3, [[1, 2, 0], [0, 3, 0], [0, 2, 1]]),
        (4, [[3, 5, 0], [1, 7, 0], [0, 7, 1], [0, 5, 3]]),
    ],
)
def test_bilinear_taps(scale: int, taps: list[list[int]]) -> None:
    np.testing.assert_array_equal(bilinear_taps(scale), taps)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_bilinear_is_the_interpolation_between_pixel_centres(scale: int) -> None:
    frame = np.random.default_rng(scale).integers(0, 256, (1, 4, 5)).astype(np.int32)
    delta = np.zeros((scale**2, 4, 5), np.int32)
    patches = both(Residual(0, "bilinear", scale), frame, delta)
    plane = PixelShuffle(scale).fast([patches])[0]
    unit = (scale if scale % 2 else 2 * scale) ** 2
    # The textbook's formula, in floating point.
    places = [(np.arange(n * scale) + 0.5) / scale - 0.5 for n in (4, 5)]
    rows = [np.interp(places[1], np.arange(5), row) for row in frame[0]]
    expected = np.stack([np.interp(places[0], np.arange(4), c) for c in np.array(rows).T], axis=1)
    np.testing.assert_allclose(plane / unit, expected, atol=1e-9)


def test_bilinear_by_three_has_exact_thirds() -> None:
    delta = np.zeros((9, 1, 2), np.int32)
    out = both(Residual(0, "bilinear", 3), ints([[0, 10]]), delta)
    # Ninths: at -1/3, 0, 1/3, 2/3, 1 and 4/3 pixels, on each of three equal rows.
    line = [0, 0, 30, 60, 90, 90]
    np.testing.assert_array_equal(PixelShuffle(3).fast([out])[0], [line] * 3)


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("upsample", ["nearest", "bilinear"])
def test_upsampling_keeps_a_flat_frame(scale: int, upsample: str) -> None:
    layer = Residual(0, upsample, scale, gain=3)
    frame, delta = np.full((1, 2, 3), 7, np.int32), np.zeros((scale**2, 2, 3), np.int32)
    assert (both(layer, frame, delta) == 7 * layer.peak).all()


def test_nearest_repeats_the_pixel_for_each_channel() -> None:
    source = ints([[1, 2]], [[3, 4]])
    given = np.zeros((8, 1, 2), np.int32)
    given[5] = 100
    out = both(Residual(0, "nearest", 2, gain=10), source, given)
    expected = [[10, 20]] * 4 + [[30, 40], [130, 140], [30, 40], [30, 40]]
    np.testing.assert_array_equal(out[:, 0], expected)


def test_identity_residual_reads_its_source_and_clamps() -> None:
    values = ints([[9]]), ints([[-4, 0, 3]]), ints([[1, 2, -9]])
    out = both(Residual(1, gain=2, lo=-5, hi=4), *values)
    np.testing.assert_array_equal(out, [[[-5, 2, -3]]])


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (Residual(0, gain=2), (-5, 520)),
        (Residual(0, gain=2, lo=-1, hi=300), (-1, 300)),
        (Residual(0, gain=1, lo=500, hi=600), (500, 500)),
        (Residual(0, gain=1, lo=-9, hi=-7), (-7, -7)),
    ],
)
def test_range_of_a_residual(layer: Residual, expected: tuple[int, int]) -> None:
    assert layer.output_type([FRAME, ValueType(1, -5, 10)]) == ValueType(1, *expected)


def test_range_of_a_bilinear_residual_counts_its_unit() -> None:
    types = [FRAME, ValueType(16, -5, 10)]
    assert Residual(0, "bilinear", 4).output_type(types) == ValueType(16, -5, 10 + 64 * 255)
    assert Residual(0, "nearest", 4).output_type(types) == ValueType(16, -5, 10 + 255)


# ---------------------------------------------------------------- pixel shuffle


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_shuffle_order(scale: int) -> None:
    square = scale**2
    given = np.arange(2 * square * 6, dtype=np.int32).reshape(2 * square, 2, 3)
    out = both(PixelShuffle(scale), given)
    assert out.shape == (2, 2 * scale, 3 * scale)
    for c, y, x, i, j in np.ndindex(2, 2, 3, scale, scale):
        assert out[c, y * scale + i, x * scale + j] == given[c * square + i * scale + j, y, x]
    kind = PixelShuffle(scale).output_type([ValueType(2 * square, -1, 9)])
    assert kind == ValueType(2, -1, 9, scale)


def test_shuffle_by_hand() -> None:
    given = ints([[0, 4]], [[1, 5]], [[2, 6]], [[3, 7]])
    np.testing.assert_array_equal(both(PixelShuffle(2), given), [[[0, 1, 4, 5], [2, 3, 6, 7]]])


# ---------------------------------------------------------------- value types


@pytest.mark.parametrize(
    ("lo", "hi", "bits"),
    [(0, 0, 1), (0, 1, 1), (0, 255, 8), (0, 256, 9), (-1, 0, 1), (-128, 127, 8), (-129, 0, 9)],
)
def test_bits_of_a_range(lo: int, hi: int, bits: int) -> None:
    assert ValueType(1, lo, hi).bits == bits
    assert ValueType(1, lo, hi).signed == (lo < 0)


# ---------------------------------------------------------------- refusals


def tables(**changed: Any) -> TapTables:
    """Small valid tap tables, but for what is changed."""
    given: dict[str, Any] = {"entries": np.zeros((1, 1, 1, 4, 1), np.int32), "entry_bits": 4}
    return TapTables(**{**given, "code_bits": 2, **changed})


def quantiser(**changed: Any) -> Quantiser:
    """A small valid quantiser, but for what is changed."""
    given = {"segment": ints(0, 1), "weight": ints(0, 1), "nodes": 3, "fraction_bits": 1}
    return Quantiser(**{**given, **changed})


def requantise(**changed: Any) -> Requantise:
    """A small valid requantise, but for what is changed."""
    return Requantise(**{"multiplier": ints(1), "shift": 1, "lo": 0, "hi": 255, **changed})


REFUSALS: list[tuple[Callable[[], object], type[Exception], str]] = [
    (
        lambda: tables(entries=np.full((1, 1, 1, 4, 1), 8)),
        ValueError,
        r"entries\[0, 0, 0, 0, 0\] must be in -8\.\.7, not 8",
    ),
    (
        lambda: tables(entries=ints(0, 0, -9, 0).reshape(1, 1, 1, 4, 1)),
        ValueError,
        r"entries\[0, 0, 0, 2, 0\] must be in -8\.\.7, not -9",
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
        r"kernel height must be in 1\.\.15, not 16",
    ),
    (
        lambda: tables(entries=np.zeros((1, 1, 16, 4, 1), int)),
        ValueError,
        r"kernel width must be in 1\.\.15, not 16",
    ),
    (lambda: tables(entry_bits=1), ValueError, r"entry_bits must be in 2\.\.8, not 1"),
    (lambda: tables(entry_bits=9), ValueError, r"entry_bits must be in 2\.\.8, not 9"),
    (
        lambda: tables(entry_bits=4.0),
        TypeError,
        r"entry_bits must be an integer in 2\.\.8, not 4\.0",
    ),
    (lambda: tables(code_bits=0), ValueError, r"code_bits must be in 1\.\.8, not 0"),
    (lambda: tables(code_bits=9), ValueError, r"code_bits must be in 1\.\.8, not 9"),
    (
        lambda: tables(code_bits=True),
        TypeError,
        r"code_bits must be an integer in 1\.\.8, not True",
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
        lambda: requantise(multiplier=ints(65536)),
        ValueError,
        r"multiplier\[0\] must be in 0\.\.65535, not 65536",
    ),
    (
        lambda: requantise(multiplier=ints(-1)),
        ValueError,
        r"multiplier\[0\] must be in 0\.\.65535, not -1",
    ),
    (
        lambda: requantise(multiplier=ints()),
        ValueError,
        "multiplier must have shape n, not 0",
    ),
    (
        lambda: requantise(multiplier=np.array([0.5])),
        TypeError,
        "multiplier must be an integer array, not float64",
    ),
    (lambda: requantise(shift=0), ValueError, r"shift must be in 1\.\.40, not 0"),
    (lambda: requantise(shift=41), ValueError, r"shift must be in 1\.\.40, not 41"),
    (lambda: requantise(lo=1, hi=0), ValueError, r"hi must be in 1\.\.2147483647, not 0"),
    (lambda: requantise(lo=-(1 << 31) - 1), ValueError, "lo must be in -2147483648"),
    (lambda: Residual(-1), ValueError, r"source must be in 0\.\.4096, not -1"),
    (
        lambda: Residual(0, "cubic", 2),
        ValueError,
        "upsample must be one of bilinear, nearest, none, not 'cubic'",
    ),
    (lambda: Residual(0, "none", 2), ValueError, r"scale must be in 1\.\.1, not 2"),
    (lambda: Residual(0, "bilinear", 1), ValueError, r"scale must be in 2\.\.4, not 1"),
    (lambda: Residual(0, "nearest", 5), ValueError, r"scale must be in 2\.\.4, not 5"),
    (lambda: Residual(0, gain=0), ValueError, r"gain must be in 1\.\.65535, not 0"),
    (lambda: Residual(0, gain=1 << 16), ValueError, r"gain must be in 1\.\.65535, not 65536"),
    (lambda: Residual(0, lo=5, hi=4), ValueError, r"hi must be in 5\.\.2147483647, not 4"),
    (lambda: PixelShuffle(1), ValueError, r"scale must be in 2\.\.4, not 1"),
    (lambda: PixelShuffle(5), ValueError, r"scale must be in 2\.\.4, not 5"),
    (lambda: ValueType(0, 0, 1), ValueError, r"channels must be in 1\.\.4096, not 0"),
    (lambda: ValueType(1, 1, 0), ValueError, "hi must be in 1"),
]


@pytest.mark.parametrize(("make", "error", "text"), REFUSALS, ids=[r[2][:40] for r in REFUSALS])
def test_refused_when_made(make: Callable[[], object], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        make()


UNSUITED: list[tuple[Layer, Sequence[ValueType], str]] = [
    (tables(), [ValueType(2, 0, 3)], "tap_tables input must have 1 channels, not 2"),
    (tables(), [ValueType(1, 0, 4)], r"tap_tables input must be in 0\.\.3, not 0\.\.4"),
    (tables(), [ValueType(1, -1, 3)], r"tap_tables input must be in 0\.\.3, not -1\.\.3"),
    (
        tables(code_signed=True),
        [ValueType(1, 0, 2)],
        r"tap_tables input must be in -2\.\.1, not 0\.\.2",
    ),
    (
        requantise(),
        [ValueType(3, 0, 1)],
        "multiplier must have 3 numbers, one a channel, not 1",
    ),
    (
        Residual(2),
        [FRAME, FRAME],
        r"source must be the number of an earlier value \(0\.\.1\), not 2",
    ),
    (
        Residual(0),
        [FRAME, ValueType(1, 0, 1, 2)],
        "residual source must have its input's scale 2, not 1",
    ),
    (
        Residual(0, "bilinear", 2),
        [FRAME, ValueType(9, 0, 1)],
        "residual source must give 9 channels, not 4",
    ),
    (
        PixelShuffle(3),
        [ValueType(8, 0, 1)],
        "pixel_shuffle input must have a multiple of 9 channels, not 8",
    ),
]


@pytest.mark.parametrize(("layer", "types", "text"), UNSUITED, ids=[u[2][:40] for u in UNSUITED])
def test_refused_where_it_stands(layer: Layer, types: Sequence[ValueType], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        layer.output_type(types)


def test_arrays_of_a_layer_cannot_be_changed_from_outside() -> None:
    entries = np.zeros((1, 1, 1, 4, 1), np.int32)
    layer = tables(entries=entries)
    entries[:] = 7
    assert not layer.entries.any()
    with pytest.raises(ValueError, match="read-only"):
        layer.entries[0] = 1


# ---------------------------------------------------------------- the strategies themselves


def test_kinds_carry_their_names() -> None:
    assert {kind: made.kind for kind, made in KINDS.items()} == {kind: kind for kind in KINDS}


def test_random_programs_cover_every_kind_and_mostly_do_not_clamp() -> None:
    seen: set[str] = set()
    clamped = []
    for seed in range(60):
        program = example_program(seed, 1 + seed % 4)
        out = program.run(example_frame(seed, 9, 7))
        clamped.append(np.isin(out, (program.types[-1].lo, program.types[-1].hi)).mean())
        for layer in program.layers:
            seen.add(layer.kind)
            if isinstance(layer, Residual):
                seen.add(layer.upsample)
            if isinstance(layer, TapTables):
                seen.add("interpolated" if layer.quantiser else "direct")
    seen |= {layer.kind for make in FAMILIES.values() for layer in make(1).layers}
    assert seen == {*KINDS, "none", "nearest", "bilinear", "interpolated", "direct"}
    assert np.median(clamped) < 0.5


def test_example_programs_are_the_same_for_the_same_seed() -> None:
    frame = example_frame(3, 6, 5)
    first, again = (example_program(5, 3).run(frame) for _ in range(2))
    np.testing.assert_array_equal(first, again)

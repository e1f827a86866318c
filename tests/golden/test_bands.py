"""Bands of rows give what the whole frame gives."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lutscale.golden import bands
from lutscale.golden.bands import Band, last_uses, rows_around, run_bands, split
from lutscale.golden.layers import PixelShuffle, Requantise, Residual
from lutscale.golden.program import Program
from lutscale.golden.value import FRAME, ValueType
from tests.support.family_programs import FAMILIES, family_programs, hklut_like
from tests.support.random_programs import example_frame, example_program, frames, programs


@contextmanager
def low_bands(rows: int = 1) -> Iterator[None]:
    """Bands of so few rows that small frames have several."""

    def low(height: int, width: int, types: object, around: int, share: int = 1) -> list[Band]:
        edges = [*range(0, height, rows), height]
        return [
            Band(first, end, max(first - around, 0), min(end + around, height))
            for first, end in pairwise(edges)
        ]

    with patch.object(bands, "split", low):
        yield


def whole(program: Program, frame: np.ndarray) -> np.ndarray:
    return program.trace(frame)[-1][0].astype(np.uint8)


# ---------------------------------------------------------------- what is cut


@given(
    st.integers(1, 3000),
    st.integers(1, 20_000),
    st.integers(0, 40),
    st.integers(1, 512),
    st.integers(1, 8),
)
def test_bands_tile_the_frame(
    height: int, width: int, around: int, channels: int, share: int
) -> None:
    cut = split(height, width, [FRAME, ValueType(channels, 0, 1)], around, share)
    assert [row for band in cut for row in range(band.first, band.end)] == list(range(height))
    for first, end, top, bottom in cut:
        assert top == max(first - around, 0)
        assert bottom == min(end + around, height)
    rows = [band.end - band.first for band in cut]
    assert max(rows) - min(rows) <= 1
    most = max(band.bottom - band.top for band in cut)
    assert max(rows) == 1 or 4 * most * width * channels <= bands._MOST_BYTES


def test_bands_are_as_few_as_the_memory_allows_unless_threads_share_them() -> None:
    types = [FRAME, ValueType(16, -1, 1)]
    assert len(split(270, 480, types, 4)) == 1
    # Bands of 90 rows, 12 times the 8 that are read beyond, would be three.
    assert len(split(270, 480, types, 4, 2)) == 4
    assert len(split(270, 480, types, 4, 3)) == 3
    # A low frame is not cut into strips.
    assert len(split(30, 480, types, 4, 8)) == 1
    assert len(split(2160, 3840, types, 4)) == 17


def test_rows_that_a_program_reads() -> None:
    program = hklut_like(4)
    # Two rows of the frame, and two of the plane of twice the size.
    assert rows_around(program.layers, program.types) == 3
    bilinear = (PixelShuffle(2), Residual(0, "bilinear", 2))
    assert rows_around(bilinear[1:], [FRAME]) == 1
    assert rows_around(bilinear[:1], [FRAME]) == 0


def test_values_are_dropped_behind_their_last_use() -> None:
    layers = (Residual(0), Residual(0), Residual(1), Residual(3))
    assert last_uses(layers) == [[], [0], [1, 2], [3]]


# ---------------------------------------------------------------- what is computed


@settings(max_examples=60, deadline=None)
@given(programs(), frames(), st.integers(1, 3))
def test_any_program_in_low_bands(program: Program, frame: np.ndarray, rows: int) -> None:
    with low_bands(rows):
        np.testing.assert_array_equal(program.run(frame), whole(program, frame))


@settings(max_examples=60, deadline=None)
@given(family_programs(), frames(), st.integers(1, 3))
def test_any_family_in_low_bands(program: Program, frame: np.ndarray, rows: int) -> None:
    with low_bands(rows):
        np.testing.assert_array_equal(program.run(frame), whole(program, frame))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_row_too_few_shows(family: str) -> None:
    """The rows beyond a band are those that matter, not more of them than needed."""
    shown = 0
    for seed in range(4):
        program = FAMILIES[family](seed)
        around = rows_around(program.layers, program.types)
        frame = example_frame(seed, 3 * around + 5, 9)
        with low_bands(), patch.object(bands, "rows_around", lambda *_, n=around: max(n - 1, 0)):
            shown += bool((program.run(frame) != whole(program, frame)).any())
    assert shown


@pytest.mark.parametrize("threads", [0, 1, 2, 5])
def test_threads_put_every_band_in_its_place(threads: int) -> None:
    program = example_program(3)
    planes = [example_frame(seed, 14, 9) for seed in range(3)]
    planes = [plane if plane.shape == (14, 9) else plane.T.copy() for plane in planes]
    steps = [layer.fast for layer in program.layers]
    with low_bands(2):
        found = run_bands(planes, steps, program.layers, program.types, threads)
    for plane, result in zip(planes, found, strict=True):
        np.testing.assert_array_equal(result, whole(program, plane))


def test_an_image_is_its_planes() -> None:
    program = example_program(1)
    image = np.random.default_rng(0).integers(0, 256, (7, 6, 3)).astype(np.uint8)
    planes = [whole(program, np.ascontiguousarray(image[..., p])) for p in range(3)]
    np.testing.assert_array_equal(program.run_image(image), np.stack(planes, axis=-1))


def test_an_error_of_a_thread_is_raised() -> None:
    program = example_program(1)

    def fail(_: object) -> np.ndarray:
        raise MemoryError("of a band")

    with low_bands(), pytest.raises(MemoryError, match="of a band"):
        run_bands([example_frame(0, 9, 9)] * 2, [fail], program.layers[:1], [FRAME, FRAME], 2)


def test_bands_take_less_memory_than_the_whole() -> None:
    frame = np.zeros((600, 40), np.uint8)
    program = Program("long", 1, (Requantise(np.array([1]), 1, 0, 255),) * 20)
    peaks = []
    for run, most in ((program.trace, 1 << 30), (program.run, 1 << 30), (program.run, 1 << 13)):
        with patch.object(bands, "_MOST_BYTES", most):
            tracemalloc.start()
            run(frame)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    # Dropped values first, then bands.
    assert peaks[1] < peaks[0] / 3
    assert peaks[2] < peaks[1] / 3


def test_the_band_of_a_low_frame_is_the_frame() -> None:
    assert split(5, 7, [FRAME], 30) == [Band(0, 5, 0, 5)]

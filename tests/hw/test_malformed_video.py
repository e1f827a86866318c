"""Streams that break the rules, through a whole pipeline.

Whatever arrives, every frame that starts must end: complete, well-formed, and followed by
frames as good as if nothing had happened. A simulation that does not end fails.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from lutscale.golden.mending import STOP, Beat, Stop
from lutscale.golden.program import Program
from lutscale.hw.build import Build
from lutscale.hw.pipeline import Pipeline
from tests.support.hw.streams import STALLS, Bench, Run, Stalls
from tests.support.hw.video_frames import Picture, beat_count, check_beats, sent
from tests.support.hw.video_streams import (
    BROKEN,
    GOOD,
    LONE,
    MAX_HEIGHT,
    MAX_WIDTH,
    beats,
    mended,
    stream_of,
)
from tests.support.random_programs import example_frame, example_program
from tests.support.random_streams import damaged_stream, good_frame


@pytest.fixture(scope="module")
def program() -> Program:
    """With windows, a bilinear residual, and several pixels a clock to wait for."""
    return example_program(7, 2, max_taps=1, kernels=((3, 3),), frame_residual="bilinear")


PATIENCE, PAUSE = 150, 1500
"""In clocks. A stop is long enough for all that waits inside to come out."""


def make_bench(program: Program, patience: int = PATIENCE) -> Bench:
    pipeline = Pipeline(
        program,
        Build(
            clocks_per_pixel=2,
            pixels_per_beat=2,
            max_width=MAX_WIDTH,
            max_height=MAX_HEIGHT,
            patience=patience,
        ),
    )
    beside = (pipeline.width, pipeline.height)
    return Bench(pipeline, beside=beside, watch=(pipeline.malformed,))


@pytest.fixture(scope="module")
def bench(program: Program) -> Bench:
    return make_bench(program)


def send(
    bench: Bench,
    program: Program,
    stream: Sequence[Beat | Stop],
    frames: Sequence[Picture],
    stalls: Stalls,
) -> Run:
    """Send a stream; the HR of ``frames`` must come out, and nothing else."""
    expected = [program.run(frame) for frame in frames]
    items, pauses = sent(stream, PAUSE)
    run = bench.run(
        items,
        count=beat_count(expected, 2),
        stalls=stalls,
        pauses=pauses,
        limit=5000,
        linger=100,
    )
    check_beats(expected, run.items, 2)
    return run


@pytest.mark.parametrize(
    ("stalls", "height", "width"),
    [
        ("none", 3, 5),
        pytest.param("random sink", 2, 5, marks=pytest.mark.slow),
        ("both", 4, 4),
    ],
)
@pytest.mark.parametrize("broken", [*BROKEN, *LONE])
def test_a_broken_frame_is_mended_and_the_next_is_exact(
    bench: Bench, program: Program, broken: str, stalls: str, height: int, width: int
) -> None:
    good = example_frame(1, height, width)
    text = BROKEN[broken] if broken in BROKEN else LONE[broken]
    stream = [*beats(text, 5, 3), *good_frame(good), *good_frame(good)]
    frames = mended(stream).frames
    shapes = [(3, 5)] * (broken in BROKEN) + [good.shape, good.shape]
    assert [frame.shape for frame in frames] == shapes
    np.testing.assert_array_equal(frames[-2], good)
    assert send(bench, program, stream, frames, STALLS[stalls]).watched == [1]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_random_damage_is_mended_as_golden_mends_it(
    bench: Bench, program: Program, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    good = example_frame(seed, *rng.integers(1, 6, 2))
    stream = [*damaged_stream(rng, 5, 5), *good_frame(good), STOP]
    result = mended(stream)
    np.testing.assert_array_equal(result.frames[-1], good)
    run = send(bench, program, stream, result.frames, STALLS["both"])
    assert run.watched == [int(result.malformed)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "height"), [(0, 3), (5, 0), (MAX_WIDTH + 1, 3), (5, MAX_HEIGHT + 1), (0, 0)]
)
def test_a_frame_of_impossible_size_is_dropped(program: Program, width: int, height: int) -> None:
    bench = make_bench(program)
    good = example_frame(1, 3, 5)
    dropped = beats(GOOD, width, height)
    for before in ([], good_frame(good)):
        stream = [*before, *dropped, *good_frame(good)]
        frames = [good] * (len(before) // 15 + 1)
        assert send(bench, program, stream, frames, STALLS["none"]).watched == [1]


def test_the_largest_frame_is_let_in(bench: Bench, program: Program) -> None:
    frames = [example_frame(k, MAX_HEIGHT, MAX_WIDTH) for k in range(2)]
    assert send(bench, program, stream_of(frames), frames, STALLS["none"]).watched == [0]


@pytest.mark.parametrize("missed", [1, 4, 5, 11, 14])
def test_a_stream_that_starts_in_mid_frame_is_no_error(
    bench: Bench, program: Program, missed: int
) -> None:
    good = example_frame(1, 3, 5)
    stream = [*beats(GOOD, 5, 3)[missed:], *stream_of([good, good])]
    assert send(bench, program, stream, [good, good], STALLS["none"]).watched == [0]


def test_pixels_between_frames_are_an_error(bench: Bench, program: Program) -> None:
    good = example_frame(1, 3, 5)
    for stray in ("L", ".", "..L"):
        stream = [*good_frame(good), *beats(stray, 5, 3), *good_frame(good)]
        assert send(bench, program, stream, [good, good], STALLS["none"]).watched == [1]


@pytest.mark.parametrize("what", ["F", "."])
def test_pixels_without_end_do_not_keep_a_frame_inside(
    bench: Bench, program: Program, what: str
) -> None:
    """Its last lines are flushed while the source goes on to send what begins no frame."""
    good = example_frame(1, 3, 5)
    run = send(
        bench, program, [*good_frame(good), *beats(what * 400, 5, 3)], [good], STALLS["none"]
    )
    assert run.clocks[-1] < run.accepted[-1] - 100


def test_good_frames_are_no_error(bench: Bench, program: Program) -> None:
    frames = [example_frame(k, *size) for k, size in enumerate([(3, 5), (1, 1), (4, 1), (2, 1)])]
    for stalls in STALLS.values():
        assert send(bench, program, stream_of(frames), frames, stalls).watched == [0]

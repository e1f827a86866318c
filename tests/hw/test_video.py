"""Video in by itself: void rows between frames, and the rule of mending. Video out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from lutscale.golden.mending import STOP
from lutscale.golden.value import FRAME
from lutscale.hw.build import Build
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.slots import Latency, Track, value_track
from lutscale.hw.video_in import VideoIn
from lutscale.hw.video_out import VideoOut
from tests.support.hw.streams import STALLS, Bench, Run, Stalls, join, split
from tests.support.hw.video_frames import Picture, sent, video
from tests.support.hw.video_streams import (
    BROKEN,
    LONE,
    MAX_HEIGHT,
    MAX_WIDTH,
    Stream,
    beats,
    mended,
    stream_of,
)
from tests.support.random_programs import example_frame, example_program
from tests.support.random_streams import damaged_stream, good_frame


def slots_of(flush: Latency, frames: Sequence[Picture]) -> list[dict[str, int]]:
    """What a VideoIn sends for frames in a row, until it owes nothing more."""
    dut = VideoIn(value_track("v0", FRAME), max_width=8, max_height=8, flush=flush)
    widths = [frame.shape[1] for frame in frames]
    flushed = [w for w, following in zip(widths, [*widths[1:], 0], strict=True) if w != following]
    count = sum(frame.size for frame in frames)
    count += sum(w * (flush.rows + -(-flush.slots // w)) for w in flushed)
    bench = Bench(dut, beside=(dut.width, dut.height))
    run = bench.run(video(frames), count=count, limit=5000)
    return [split(dut.o.payload.shape(), item) for item in run.items]


@pytest.mark.parametrize(
    ("rows", "slots", "width", "void_rows"),
    [(0, 0, 4, 0), (1, 0, 4, 1), (2, 1, 4, 3), (1, 4, 4, 2), (1, 5, 4, 3), (2, 3, 1, 5)],
)
def test_void_rows_cover_what_the_windows_lag(
    rows: int, slots: int, width: int, void_rows: int
) -> None:
    frame = example_frame(0, 3, width)
    sent = slots_of(Latency(rows, slots), [frame])
    assert [slot["void"] for slot in sent] == [0] * frame.size + [1] * (void_rows * width)
    assert [slot["v0"] for slot in sent[: frame.size]] == frame.reshape(-1).tolist()
    assert [slot["last"] for slot in sent] == ([0] * (width - 1) + [1]) * (3 + void_rows)
    assert [k for k, slot in enumerate(sent) if slot["first"]] == [0]


def test_a_frame_as_wide_follows_at_once_and_others_wait() -> None:
    sizes = [(2, 4), (3, 4), (1, 2), (1, 1), (2, 1), (2, 4)]
    frames = [example_frame(k, *size) for k, size in enumerate(sizes)]
    sent = slots_of(Latency(rows=2, slots=1), frames)
    rows, row = [], []
    for slot in sent:
        row.append(slot)
        if slot["last"]:
            rows.append((len(row), row[0]["first"], row[0]["void"]))
            row = []
    wanted = []
    for n, (height, width) in enumerate(sizes):
        wanted += [(width, int(y == 0), 0) for y in range(height)]
        if n + 1 == len(sizes) or sizes[n + 1][1] != width:
            wanted += [(width, 0, 1)] * 3
    assert rows == wanted
    assert not row


@pytest.mark.parametrize("relaxed", [False, True], ids=["", "relaxed"])
@pytest.mark.parametrize("lines", [1, 2])
def test_the_bottom_lines_of_a_frame_are_marked_and_no_void_row(lines: int, relaxed: bool) -> None:
    dut = VideoIn(
        value_track("v0", FRAME),
        max_width=4,
        max_height=2,
        flush=Latency(rows=2, slots=1),
        multiple=(2, lines),
        bottom=Track("bottom", 1, 1),
        relaxed=relaxed,
    )
    # Each is flushed, as the next is of another width.
    frames = [example_frame(k, *size) for k, size in enumerate([(2, 2), (2, 4), (2, 2)])]
    wanted = []
    for height, width in (frame.shape for frame in frames):
        marks = [0] * (height - lines) + [1] * lines + [0] * 3
        wanted += [mark for mark in marks for _ in range(width)]
    for stalls in STALLS.values():
        bench = Bench(dut, beside=(dut.width, dut.height))
        run = bench.run(video(frames), count=len(wanted), limit=5000, stalls=stalls)
        slots = [split(dut.o.payload.shape(), item) for item in run.items]
        assert [slot["bottom"] for slot in slots] == wanted


def alone(patience: int = 64, relaxed: bool = False) -> Bench:
    """A VideoIn that flushes nothing: only pixels of frames come out."""
    dut = VideoIn(
        value_track("v0", FRAME),
        max_width=MAX_WIDTH,
        max_height=MAX_HEIGHT,
        flush=Latency(),
        patience=patience,
        relaxed=relaxed,
    )
    return Bench(dut, beside=(dut.width, dut.height), watch=(dut.malformed,))


@pytest.fixture(scope="module", params=[False, True], ids=["", "relaxed"])
def video_in(request: pytest.FixtureRequest) -> Bench:
    return alone(relaxed=request.param)


def slots(frames: Sequence[Picture]) -> list[dict[str, int]]:
    """What a VideoIn makes of whole frames."""
    return [
        {
            "first": int(x == y == 0),
            "last": int(x == frame.shape[1] - 1),
            "void": 0,
            "v0": int(frame[y, x]),
        }
        for frame in frames
        for y, x in np.ndindex(*frame.shape)
    ]


def check_alone(bench: Bench, stream: Stream, stalls: Stalls, pause: int = 600) -> Run:
    """Send a stream to a VideoIn; what comes out must be what golden makes of it."""
    result = mended(stream)
    expected = slots(result.frames)
    items, pauses = sent(stream, pause)
    limit = 20 * (len(items) + len(expected)) + 2 * pause
    run = bench.run(items, count=len(expected), stalls=stalls, pauses=pauses, limit=limit)
    got = [split(bench.dut.o.payload.shape(), item) for item in run.items]
    assert got == expected
    assert run.watched == [int(result.malformed)]
    return run


@pytest.mark.parametrize("stalls", STALLS)
@pytest.mark.parametrize("seed", range(80))
def test_any_damage_is_mended_as_golden_mends_it(video_in: Bench, seed: int, stalls: str) -> None:
    rng = np.random.default_rng([seed, *stalls.encode()])
    check_alone(video_in, damaged_stream(rng, MAX_WIDTH, MAX_HEIGHT), STALLS[stalls])


@pytest.mark.parametrize("broken", [*BROKEN, *LONE])
def test_each_fault_is_mended_as_golden_mends_it(video_in: Bench, broken: str) -> None:
    text = BROKEN[broken] if broken in BROKEN else LONE[broken]
    check_alone(video_in, beats(text + "s", 5, 3), STALLS["both"])


@pytest.mark.parametrize("place", [1, 2, 4, 5, 8, 14])
@pytest.mark.parametrize("patience", [1, 7])
def test_patience_ends_after_so_many_clocks_and_not_before(patience: int, place: int) -> None:
    bench = alone(patience)
    good = good_frame(example_frame(3, 3, 5))
    items, _ = sent(good, 0)
    for silent in (patience - 1, patience):
        stream = [*good[:place], *[STOP] * (silent == patience), *good[place:], STOP]
        expected = slots(mended(stream).frames)
        run = bench.run(items, count=len(expected), pauses={place: silent})
        got = [split(bench.dut.o.payload.shape(), item) for item in run.items]
        assert got == expected
        assert run.watched == [int(silent == patience)]


def test_without_patience_a_frame_waits_for_ever() -> None:
    bench = alone(patience=0)
    frame = example_frame(3, 3, 5)
    items, _ = sent(good_frame(frame), 0)
    for place in (1, 7, 14):
        run = bench.run(items, pauses={place: 5000})
        assert run.watched == [0]
        # A pixel is held back until the next is there.
        assert run.clocks[place - 1] >= run.accepted[place] > 5000
    bench.run(items[:7], count=6, linger=5000, limit=6000)


def test_a_sink_that_stalls_costs_no_patience() -> None:
    """While a pixel waits to be taken the source cannot give another."""
    bench = alone(patience=3)
    frames = [example_frame(k, 3, 5) for k in range(2)]
    items, _ = sent(stream_of(frames), 0)
    run = bench.run(items, stalls=Stalls(sink=0.1))
    assert [split(bench.dut.o.payload.shape(), item) for item in run.items] == slots(frames)
    assert run.watched == [0]


def test_a_pipeline_has_the_patience_of_its_build() -> None:
    program = example_program(7, 2)
    assert Build.patience == 1 << 20
    for build in (Build(), Build(patience=150)):
        assert Pipeline(program, build).plan.source.patience == build.patience


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("patience", -1, "patience must be in 0..4294967296, not -1"),
        ("patience", 1 << 33, "patience must be in 0..4294967296, not 8589934592"),
        ("flush_after", 0, "flush_after must be in 1..65536, not 0"),
        ("max_width", 0, "max_width must be in 1..16384, not 0"),
        ("max_height", 0, "max_height must be in 1..16384, not 0"),
    ],
)
def test_arguments_are_checked(name: str, value: int, message: str) -> None:
    arguments = {"max_width": 4, "max_height": 4, "flush": Latency(), name: value}
    with pytest.raises(ValueError, match=f"^{message}$"):
        VideoIn(value_track("v0", FRAME), **arguments)  # type: ignore[arg-type]


# -------------------------------------------------------------------------- VideoOut by itself


@pytest.mark.parametrize("beat", [1, 2, 4])
def test_video_out_gives_each_field_its_axis_name(beat: int) -> None:
    dut = VideoOut(pixels_per_beat=beat)
    given = [
        {
            "pixels": k * 0x01020304 % (1 << (8 * beat)),
            "keep": (1 << (beat - k % beat)) - 1,
            "last": k >> 2 & 1,
            "first": k >> 3 & 1,
        }
        for k in range(16)
    ]
    items = [join(dut.i.payload.shape(), fields) for fields in given]
    bench = Bench(dut)
    for stalls in STALLS.values():
        run = bench.run(items, stalls=stalls)
        got = [split(dut.o.payload.shape(), item) for item in run.items]
        assert got == [
            {
                "data": fields["pixels"],
                "keep": fields["keep"],
                "user": fields["first"],
                "last": fields["last"],
            }
            for fields in given
        ]
    run = bench.run(items)
    assert run.clocks == [clock + dut.latency.clocks for clock in run.accepted]
    assert dut.memories == ()

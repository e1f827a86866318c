"""Video in: void rows between frames, and streams that break the rules.

Whatever arrives, every frame that starts must end: complete, well-formed, and followed by
frames as good as if nothing had happened. A simulation that does not end fails.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from lutscale.golden.mending import STOP, Beat, Mended, Stop, mend
from lutscale.golden.program import Program
from lutscale.golden.value import FRAME
from lutscale.hw.build import Build
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.slots import Latency, value_track
from lutscale.hw.video import VideoIn, VideoOut
from tests.support.hw.streams import STALLS, Bench, Run, Stalls, join, split
from tests.support.hw.video_frames import Picture, beat_count, check_beats, sent, video
from tests.support.random_programs import example_frame, example_program
from tests.support.random_streams import damaged_stream, good_frame

MAX_WIDTH, MAX_HEIGHT = 9, 6

Stream = list[Beat | Stop]


def beats(text: str, width: int, height: int, seed: int = 0) -> Stream:
    """Pixels of a frame, one a character: ``F`` first, ``L`` last, ``B`` both, ``.`` neither;
    ``s`` is a stop."""
    noise = np.random.default_rng(seed).integers(0, 256, len(text)).tolist()
    return [
        STOP if mark == "s" else Beat(noise[k], mark in "FB", mark in "LB", width, height)
        for k, mark in enumerate(text.replace(" ", ""))
    ]


def mended(stream: Sequence[Beat | Stop]) -> Mended:
    return mend(stream, max_width=MAX_WIDTH, max_height=MAX_HEIGHT)


GOOD = "F...L ....L ....L"
"""A frame of 5 x 3."""

BROKEN = {
    "line too short": "F...L ..L ....L",
    "first line too short": "F.L ....L ....L",
    "line of one pixel": "F...L L ....L",
    "first pixel is last": "B ....L ....L",
    "last line too short": "F...L ....L ...L",
    "line too long": "F...L ......L ....L",
    "first line too long": "F....L ....L ....L",
    "last line too long": "F...L ....L .......L",
    "last line without an end": "F...L ....L .....",
    "no ends at all": "F.... ..... .....",
    "a line too many": "F...L ....L ....L ....L",
    "many lines too many": "F...L ....L ....L ....L ....L ....L",
    "early tuser in the first line": "F..",
    "early tuser behind a line": "F...L",
    "early tuser in the last line": "F...L ....L ..",
    "early tuser behind the last pixel": "F...L ....L ....",
    "short, long and early": "F.L ........L .L",
    "stop in the first line": "F.s",
    "stop behind the first pixel": "Fs",
    "stop behind a line": "F...Ls",
    "stop in mid frame, and the rest later": "F...L ..s..L ....L",
    "stop in a line too long": "F...L .....s.L ....L",
    "stop before the last pixel": "F...L ....L ....s",
    "start marks that are stuck in mid frame": "F...L FFFFF",
}
"""Each makes one frame, mended."""

LONE = {
    "a frame of one pixel only": "F",
    "one pixel, both marks": "B",
    "start marks on a whole frame": "FFFFB FFFFB FFFFB",
    "and nothing else, ever": "FFFFF FFFFF FFFFF FFFFF",
}
"""Each makes none: its start marks have no pixel behind them."""


@pytest.fixture(scope="module")
def program() -> Program:
    """With windows, a bilinear residual, and several pixels a clock to wait for."""
    return example_program(7, 2, max_taps=1, kernels=((3, 3),), frame_residual="bilinear")


def stream_of(frames: Sequence[Picture]) -> Stream:
    """Frames with the marks that belong to them, in a row."""
    return [beat for frame in frames for beat in good_frame(frame)]


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
    ("stalls", "height", "width"), [("none", 3, 5), ("random sink", 2, 5), ("both", 6, 4)]
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


# --------------------------------------------------------------------------- VideoIn by itself


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


def alone(patience: int = 64) -> Bench:
    """A VideoIn that flushes nothing: only pixels of frames come out."""
    dut = VideoIn(
        value_track("v0", FRAME),
        max_width=MAX_WIDTH,
        max_height=MAX_HEIGHT,
        flush=Latency(),
        patience=patience,
    )
    return Bench(dut, beside=(dut.width, dut.height), watch=(dut.malformed,))


@pytest.fixture(scope="module")
def video_in() -> Bench:
    return alone()


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


def test_a_pipeline_has_the_patience_of_its_build(program: Program) -> None:
    assert make_bench(program).dut.plan.source.patience == PATIENCE
    assert Pipeline(program, Build()).plan.source.patience == Build.patience == 1 << 20


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

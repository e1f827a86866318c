"""Video in: void rows between frames, and streams that break the rules.

Whatever arrives, every frame that starts must end: complete, well-formed, and followed by
frames as good as if nothing had happened. A simulation that does not end fails.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from lutscale.golden.program import Program
from lutscale.golden.value import FRAME
from lutscale.hw.build import Build
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.slots import Latency, value_track
from lutscale.hw.video import VideoIn, VideoOut
from tests.hw.streams import STALLS, Bench, Run, Stalls, join, split
from tests.hw.video_frames import Picture, beat_count, check_beats, video
from tests.random_programs import example_frame, example_program

MAX_WIDTH, MAX_HEIGHT = 9, 6

Item = tuple[int, int, int]
FIRST, LAST = 1 << 8, 1 << 9


def beats(text: str, width: int, height: int, seed: int = 0) -> list[Item]:
    """Pixels of a frame, one a character: ``F`` first, ``L`` last, ``B`` both, ``.`` neither."""
    marks = {"F": FIRST, "L": LAST, "B": FIRST | LAST, ".": 0}
    kinds = [marks[c] for c in text if c != " "]
    noise = np.random.default_rng(seed).integers(0, 256, len(kinds)).tolist()
    return [(pixel | mark, width, height) for pixel, mark in zip(noise, kinds, strict=True)]


def mended(items: Sequence[Item]) -> list[Picture]:
    """The frames that must come of a stream: filled with the last pixel, or cut."""
    frames = []
    k = 0
    while k < len(items):
        word, width, height = items[k]
        if not word & FIRST or not (0 < width <= MAX_WIDTH and 0 < height <= MAX_HEIGHT):
            k += 1
            continue
        frame = np.zeros((height, width), np.uint8)
        started, pixel = False, 0
        for y in range(height):
            ended = False
            for x in range(width):
                early = k < len(items) and items[k][0] & FIRST and started
                if not ended and not early:
                    pixel, ended, started = items[k][0] & 255, bool(items[k][0] & LAST), True
                    k += 1
                frame[y, x] = pixel
            while not ended and k < len(items) and not items[k][0] & FIRST:
                ended = bool(items[k][0] & LAST)
                k += 1
        frames.append(frame)
    return frames


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
    "a frame of one pixel only": "F",
    "one pixel, both marks": "B",
    "short, long and early": "F.L ........L .L",
}


@pytest.fixture(scope="module")
def program() -> Program:
    """With windows, a bilinear residual, and several pixels a clock to wait for."""
    return example_program(7, 2, max_taps=1, kernels=((3, 3),), frame_residual="bilinear")


@pytest.fixture(scope="module")
def bench(program: Program) -> Bench:
    pipeline = Pipeline(
        program,
        Build(clocks_per_pixel=2, pixels_per_beat=2, max_width=MAX_WIDTH, max_height=MAX_HEIGHT),
    )
    beside = (pipeline.width, pipeline.height)
    return Bench(pipeline, beside=beside, watch=(pipeline.malformed,))


def send(
    bench: Bench, program: Program, items: Sequence[Item], frames: Sequence[Picture], stalls: Stalls
) -> Run:
    """Send a stream; the HR of ``frames`` must come out, and nothing else."""
    expected = [program.run(frame) for frame in frames]
    run = bench.run(items, count=beat_count(expected, 2), stalls=stalls, limit=5000, linger=100)
    check_beats(expected, run.items, 2)
    return run


@pytest.mark.parametrize(
    ("stalls", "height", "width"), [("none", 3, 5), ("random sink", 2, 5), ("both", 6, 4)]
)
@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_frame_is_mended_and_the_next_is_exact(
    bench: Bench, program: Program, broken: str, stalls: str, height: int, width: int
) -> None:
    good = example_frame(1, height, width)
    items = [*beats(BROKEN[broken], 5, 3), *video([good, good])]
    frames = mended(items)
    assert [frame.shape for frame in frames] == [(3, 5), good.shape, good.shape]
    np.testing.assert_array_equal(frames[1], good)
    assert send(bench, program, items, frames, STALLS[stalls]).watched == [1]


def test_the_model_of_mending_itself() -> None:
    items = [(10 + k | mark, 3, 2) for k, mark in enumerate((FIRST, LAST, 0, 0, 0, LAST))]
    (frame,) = mended(items)
    assert frame.tolist() == [[10, 11, 11], [12, 13, 14]]
    (good,) = mended(video([np.arange(15, dtype=np.uint8).reshape(3, 5)]))
    assert good.reshape(-1).tolist() == list(range(15))


@pytest.mark.parametrize(
    ("width", "height"), [(0, 3), (5, 0), (MAX_WIDTH + 1, 3), (5, MAX_HEIGHT + 1), (0, 0)]
)
def test_a_frame_of_impossible_size_is_dropped(program: Program, width: int, height: int) -> None:
    pipeline = Pipeline(
        program,
        Build(clocks_per_pixel=2, pixels_per_beat=2, max_width=MAX_WIDTH, max_height=MAX_HEIGHT),
    )
    bench = Bench(pipeline, beside=(pipeline.width, pipeline.height), watch=(pipeline.malformed,))
    good = example_frame(1, 3, 5)
    dropped = beats(GOOD, width, height)
    for before in ([], video([good])):
        items = [*before, *dropped, *video([good])]
        frames = [good] * (len(before) // 15 + 1)
        assert send(bench, program, items, frames, STALLS["none"]).watched == [1]


def test_the_largest_frame_is_let_in(bench: Bench, program: Program) -> None:
    frames = [example_frame(k, MAX_HEIGHT, MAX_WIDTH) for k in range(2)]
    assert send(bench, program, video(frames), frames, STALLS["none"]).watched == [0]


@pytest.mark.parametrize("missed", [1, 4, 5, 11, 14])
def test_a_stream_that_starts_in_mid_frame_is_no_error(
    bench: Bench, program: Program, missed: int
) -> None:
    good = example_frame(1, 3, 5)
    items = [*beats(GOOD, 5, 3)[missed:], *video([good, good])]
    assert send(bench, program, items, [good, good], STALLS["none"]).watched == [0]


def test_pixels_between_frames_are_an_error(bench: Bench, program: Program) -> None:
    good = example_frame(1, 3, 5)
    for stray in ("L", ".", "..L"):
        items = [*video([good]), *beats(stray, 5, 3), *video([good])]
        assert send(bench, program, items, [good, good], STALLS["none"]).watched == [1]


def test_good_frames_are_no_error(bench: Bench, program: Program) -> None:
    frames = [example_frame(k, *size) for k, size in enumerate([(3, 5), (1, 1), (4, 1), (2, 1)])]
    for stalls in STALLS.values():
        assert send(bench, program, video(frames), frames, stalls).watched == [0]


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

# amaranth: UnusedElaboratable=no
"""Line buffers and columns against a padded array: every border, every size, every stall."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest

from lutscale.hw import spans as cut
from lutscale.hw.slots import Latency, Stage, Track
from lutscale.hw.spans import Span
from lutscale.hw.targets.ecp5 import ECP5
from lutscale.hw.window import Columns, LineBuffer
from tests.support.hw.netlist import check_memories
from tests.support.hw.slot_frames import (
    Frame,
    check_stage,
    measured_latency,
    planes,
    random_frames,
    rasters,
)
from tests.support.hw.streams import STALLS, Bench, Stalls

SIZES = [(height, width) for height in range(1, 8) for width in range(1, 8)]
"""(height, width) of frames."""

EQUAL_WIDTHS = [(3, 4), (1, 4), (1, 4), (2, 4), (1, 1), (1, 1), (4, 1), (2, 1), (1, 7), (5, 7)]
"""Frames that follow each other without void rows."""

KERNELS = (1, 2, 3, 4, 5)


def shuffled_sizes(seed: int) -> list[tuple[int, int]]:
    """All sizes in random order, then some of equal width."""
    sizes = SIZES.copy()
    random.Random(seed).shuffle(sizes)
    return sizes + EQUAL_WIDTHS


def windows(frame: Frame, spans: Sequence[Span], axis: int) -> Frame:
    """What the spans must cut along ``axis`` (-2 lines, -1 columns)."""
    cut = {}
    for span in spans:
        given = frame[span.source]
        if span.length == 1:
            cut[span.name] = given
            continue
        pads = [(0, 0)] * 5
        pads[axis] = (span.before, span.after)
        padded = np.pad(given, pads, mode="reflect" if span.border == "reflect" else "edge")
        size = given.shape[axis]
        parts = [np.take(padded, range(k, k + size), axis) for k in range(span.length)]
        cut[span.name] = np.concatenate(parts, axis=1 if axis == -2 else 2)
    return cut


def line_buffer(kernel: int, max_width: int = 7) -> LineBuffer:
    """A window ``kernel`` high, a carried track and the 3 high halo of another."""
    above, below = (kernel - 1) // 2, kernel // 2
    return LineBuffer(
        [Track("v1", 2, 5, signed=True), Track("v0", 1, 3), Track("v2", 1, 2)],
        [Span("v1", "window", above, below), Span("v0", "v0_3x3", 1, 1), Span("v2", "v2")],
        delay=max(below, 1),
        max_width=max_width,
        name="lines",
        layer=3,
        target=ECP5,
    )


def columns(kernel: int) -> Columns:
    """A window ``kernel`` wide and 3 high, a carried track and the 3 x 3 halo of another."""
    left, right = (kernel - 1) // 2, kernel // 2
    return Columns(
        [Track("w", 2, 5, signed=True, rows=3), Track("h", 1, 3, rows=3), Track("v2", 1, 2)],
        [Span("w", "window", left, right), Span("h", "v0_3x3", 1, 1), Span("v2", "v2")],
        delay=max(right, 1),
    )


EXTENTS = [(1, 1), (2, 2), (0, 1), (1, 0), (2, 1), (1, 3), (3, 0), (4, 4)]
"""(before, after) of reflecting spans."""


def reflecting_spans(before: int, after: int) -> list[Span]:
    """Windows of one source: mirrored, replicated, another extent; and one that is carried."""
    return [
        Span("v1", "mirror", before, after, "reflect"),
        Span("v1", "edge", 1, 1),
        Span("v1", "low", 0, 2),
        Span("v0", "v0_mirror", 1, 1, "reflect"),
        Span("v0", "v0"),
    ]


def reflecting_lines(before: int, after: int) -> LineBuffer:
    return LineBuffer(
        [Track("v1", 2, 3, signed=True), Track("v0", 1, 3)],
        reflecting_spans(before, after),
        delay=max(before, after, 2),
        max_width=7,
        name="lines",
        layer=3,
        target=ECP5,
    )


def reflecting_columns(before: int, after: int) -> Columns:
    return Columns(
        [Track("v1", 2, 3, signed=True, rows=2), Track("v0", 1, 3)],
        reflecting_spans(before, after),
        delay=max(before, after, 2),
    )


def check(
    bench: Bench, sizes: Sequence[tuple[int, int]], stalls: Stalls, *, eager: bool = True
) -> None:
    """Frames of these sizes in a row must give the model's windows."""
    stage: Stage = bench.dut
    axis = -2 if isinstance(stage, LineBuffer) else -1
    frames = random_frames(stage.inputs, sizes)
    expected = [windows(frame, stage.spans, axis) for frame in frames]
    check_stage(bench, frames, expected, stalls=stalls, eager=eager)


@pytest.mark.parametrize("make", [line_buffer, columns])
@pytest.mark.parametrize("kernel", KERNELS)
def test_every_size_and_stall(make: type[Stage], kernel: int) -> None:
    bench = Bench(make(kernel))
    sizes = shuffled_sizes(kernel)
    check(bench, sizes, STALLS["none"])
    for n, stalls in enumerate(STALLS.values()):
        check(bench, sizes[n * 12 : (n + 1) * 12], stalls)
    check(bench, EQUAL_WIDTHS, STALLS["both"], eager=False)


def relaxed_lines(kernel: int, clocks: int = 6) -> LineBuffer:
    """As `line_buffer`, for slots of so many clocks in front of a stage that can wait."""
    plain = line_buffer(kernel)
    return LineBuffer(
        plain.inputs,
        plain.spans,
        delay=plain.delay,
        max_width=7,
        name="lines",
        layer=3,
        target=ECP5,
        clocks_per_pixel=clocks,
        relaxed=True,
    )


def foreseeing_columns(kernel: int, clocks: int = 6) -> Columns:
    made = columns(kernel)
    made.foresee(clocks)
    return made


@pytest.mark.parametrize("make", [relaxed_lines, foreseeing_columns])
@pytest.mark.parametrize("kernel", KERNELS)
def test_a_register_that_moves(make: type[Stage], kernel: int) -> None:
    """Every stall, and the latency; what nobody tells ahead is a clock later, and no other slot."""
    bench = Bench(make(kernel))
    sizes = shuffled_sizes(kernel)
    for n, stalls in enumerate(STALLS.values()):
        check(bench, sizes[n * 12 : (n + 1) * 12], stalls)
    check(bench, EQUAL_WIDTHS, STALLS["both"], eager=False)
    made = make(kernel)
    assert measured_latency(made, 5, 6) == made.latency.total(5, 6)


def test_a_register_moves_only_where_there_are_the_clocks() -> None:
    assert relaxed_lines(3).latency.clocks == 4
    assert relaxed_lines(3, clocks=5).latency.clocks == 3
    assert foreseeing_columns(3).foresees
    assert not foreseeing_columns(3, clocks=5).foresees


@pytest.mark.slow
@pytest.mark.parametrize("make", [reflecting_lines, reflecting_columns])
@pytest.mark.parametrize("extent", EXTENTS)
def test_reflected_borders(make: type[Stage], extent: tuple[int, int]) -> None:
    bench = Bench(make(*extent))
    sizes = shuffled_sizes(sum(extent))
    check(bench, sizes, STALLS["none"])
    for n, stalls in enumerate(STALLS.values()):
        check(bench, sizes[n * 10 : (n + 1) * 10], stalls)
    check(bench, EQUAL_WIDTHS, STALLS["both"], eager=False)


@pytest.mark.parametrize("extent", EXTENTS)
def test_a_mirror_keeps_as_many_lines_on_either_side(extent: tuple[int, int]) -> None:
    stage = reflecting_lines(*extent)
    check_memories(stage)
    most, delay = max(extent), stage.delay
    # v1 has 6 bits and v0 has 3; the other windows of v1 take at most one line above.
    assert stage.ram.use.width == 6 * (delay + most) + 3 * (delay + 1)
    assert reflecting_columns(*extent).kept == {"v1": delay + 1 + most, "v0": delay + 2}


@pytest.mark.parametrize("size", range(1, 7))
@pytest.mark.parametrize("reach", range(5))
def test_mirrored_lines_are_those_of_numpy(size: int, reach: int) -> None:
    padded = np.pad(np.arange(size), reach, mode="reflect").tolist()
    for centre in range(size):
        # What lies beyond the reach changes nothing.
        before, after = min(centre, reach), min(size - 1 - centre, reach)
        places = [cut._mirrored(d, before, after) for d in range(-reach, reach + 1)]
        assert [centre + place for place in places] == padded[centre : centre + 2 * reach + 1]


@pytest.mark.parametrize("width", [1, 2, 3])
def test_the_longest_line_is_max_width(width: int) -> None:
    sizes = [(4, width), (1, width), (3, 1), (2, 1), (1, width)]
    check(Bench(line_buffer(3, max_width=width)), sizes, STALLS["none"])


def test_columns_need_no_line_end_before_the_first_frame() -> None:
    """A first layer one pixel high has no line buffer, so no void row, in front of it."""
    for kernel in KERNELS:
        check(Bench(columns(kernel)), [(1, 1), (2, 3)], STALLS["none"])


@pytest.mark.parametrize("stalls", STALLS.values(), ids=STALLS)
def test_frames_one_pixel_wide_read_what_is_being_written(stalls: Stalls) -> None:
    """A slot a clock: every row reads the RAM word that the row before is still writing."""
    bench = Bench(line_buffer(3))
    check(bench, [(7, 1), (1, 1), (1, 1), (1, 1), (5, 1), (1, 2), (1, 1)], stalls)
    check(bench, [(1, 1)] * 6, stalls, eager=False)


@pytest.mark.parametrize("make", [reflecting_lines, reflecting_columns])
@pytest.mark.parametrize("fault", ["replicates", "repeats the edge", "one fold"])
def test_a_wrong_mirror_is_caught(
    make: type[Stage], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(distance: int, before: int, after: int) -> int:
        if -before <= distance <= after:
            return distance
        edge = after if distance > 0 else -before
        if fault == "replicates":
            return edge
        if fault == "repeats the edge":
            place = (before + distance) % (2 * (before + after + 1))
            return min(place, 2 * (before + after) + 1 - place) - before
        return max(min(2 * edge - distance, after), -before)

    monkeypatch.setattr(cut, "_mirrored", wrong)
    bench = Bench(make(3, 3))
    sizes = [(2, 2), (2, 2)] if fault == "one fold" else [(5, 5), (5, 5)]
    with pytest.raises(AssertionError, match=r"x \d y \d channel \d: expected (mirror|v0_mirror)"):
        check(bench, sizes, STALLS["none"])


@pytest.mark.parametrize("make", [line_buffer, columns])
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("period", [1, 3])
def test_latency_is_as_stated(make: type[Stage], kernel: int, period: int) -> None:
    stage = make(kernel)
    assert measured_latency(stage, 5, period) == stage.latency.total(5, period)


@pytest.mark.parametrize("kernel", KERNELS)
def test_memories_are_as_stated(kernel: int) -> None:
    stage = line_buffer(kernel, max_width=40)
    check_memories(stage)
    (use,) = stage.memories
    # Lines of v1 (10 bits), the two of the halo (3 bits) and those that only wait (2 bits).
    delay = max(kernel // 2, 1)
    assert use.width == 10 * (delay + (kernel - 1) // 2) + 3 * (delay + 1) + 2 * delay
    assert (use.name, use.layer, use.purpose, use.depth) == ("lines", 3, "line_buffer", 40)
    check_memories(columns(kernel))


@pytest.mark.parametrize("make", [line_buffer, columns])
@pytest.mark.parametrize("border", ["zero", "wrap", "one-sided"])
def test_a_wrong_border_is_caught(
    make: type[Stage], border: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    replicate = cut._clamp

    def wrong(lines, centre, breaks):  # type: ignore[no-untyped-def]
        if border == "wrap":
            return dict(enumerate(lines))
        if border == "one-sided":
            return {**replicate(lines, centre, breaks), 0: lines[0]}
        return {
            k: line if k == centre else (~breaks[k]).replicate(len(line)) & line
            for k, line in enumerate(lines)
        }

    monkeypatch.setattr(cut, "_clamp", wrong)
    bench = Bench(make(3))
    with pytest.raises(AssertionError, match=r"frame 0 x \d y \d channel \d: expected (window|v0)"):
        check(bench, [(4, 4), (4, 4)], STALLS["none"])


def test_void_rows_are_what_ends_a_frame() -> None:
    """Without them the checker finds the last rows missing."""
    stage = line_buffer(3)
    frames = random_frames(stage.inputs, [(3, 3)])
    run = Bench(stage).run(rasters(frames, stage, Latency()))
    with pytest.raises(AssertionError, match="expected 9 slots with pixels, got 6"):
        planes(stage, run.items, [(3, 3)])


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: LineBuffer(
                [Track("a", 1, 1)],
                [Span("a", "b", 0, 2)],
                delay=1,
                max_width=4,
                name="n",
                layer=0,
                target=ECP5,
            ),
            "delay must be in 2..15, not 1",
        ),
        (lambda: line_buffer(3, max_width=0), "max_width must be in 1..65536, not 0"),
        (
            lambda: Columns([Track("a", 1, 1)], [Span("a", "b", 0, 2)], delay=1),
            "delay must be in 2..15, not 1",
        ),
        (
            lambda: Columns([Track("a", 1, 1)], [Span("a", "b", 3, 1, "reflect")], delay=2),
            "delay must be in 3..15, not 2",
        ),
        (
            lambda: Span("a", "b", 1, 1, "wrap"),
            "border must be one of reflect, replicate, not 'wrap'",
        ),
    ],
)
def test_misuse_fails_at_construction(make, text: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=text):
        make()

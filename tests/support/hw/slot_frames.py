"""Frames as streams of slots, in front of a stage and behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lutscale.hw.slots import Latency, Stage, Track
from lutscale.sim.compare import Mismatch
from tests.support.hw.streams import SEED, STALLS, Bench, Stalls, join, split

__all__ = [
    "Frame",
    "Numbers",
    "bundle",
    "check_planes",
    "check_stage",
    "measured_latency",
    "planes",
    "random_frames",
    "rasters",
    "unbundle",
]

Numbers = npt.NDArray[np.integer]

Frame = Mapping[str, Numbers]
"""One frame's values by track: (channels, rows, cols, height, width) each."""


def bundle(track: Track, numbers: Numbers) -> int:
    """A track's word from its numbers (channels, rows, cols)."""
    word, mask = 0, (1 << track.bits) - 1
    # Column by column, in a column row by row, in a pixel by channel.
    for k, number in enumerate(numbers.transpose(2, 1, 0).reshape(-1).tolist()):
        word |= (number & mask) << (k * track.bits)
    return word


def unbundle(track: Track, word: int) -> Numbers:
    """The inverse of `bundle`."""
    mask, sign = (1 << track.bits) - 1, int(track.signed) << (track.bits - 1)
    flat = [
        ((word >> (k * track.bits) & mask) ^ sign) - sign
        for k in range(track.channels * track.rows * track.cols)
    ]
    return np.array(flat).reshape(track.cols, track.rows, track.channels).transpose(2, 1, 0)


def random_frames(
    tracks: Sequence[Track], sizes: Sequence[tuple[int, int]], seed: int = 0
) -> list[dict[str, Numbers]]:
    """Frames (height, width) of random numbers, anything that the tracks can hold."""
    rng = np.random.default_rng(seed)
    frames = []
    for size in sizes:
        frame = {}
        for track in tracks:
            low = -(1 << (track.bits - 1)) if track.signed else 0
            shape = (track.channels, track.rows, track.cols, *size)
            frame[track.name] = rng.integers(low, low + (1 << track.bits), shape)
        frames.append(frame)
    return frames


def _size(frame: Frame) -> tuple[int, int]:
    height, width = next(iter(frame.values())).shape[-2:]
    return height, width


def rasters(
    frames: Sequence[Frame], stage: Any, flush: Latency, *, eager: bool = True
) -> list[int]:
    """Items for ``stage.i``: frames in a row, with void rows where a VideoIn puts them.

    Args:
        flush: the rows and slots that void rows have to push out.
        eager: a frame as wide as the one before follows without void rows.
    """
    layout = stage.i.payload.shape()
    items: list[int] = []
    for n, frame in enumerate(frames):
        items += (join(layout, fields) for fields in _raster(frame, stage.inputs))
        width = _size(frame)[1]
        if eager and n + 1 < len(frames) and _size(frames[n + 1])[1] == width:
            continue
        # Tracks of a void slot mean nothing: ones would show where they leak.
        noise = {track.name: (1 << track.width) - 1 for track in stage.inputs}
        for _ in range(flush.rows + -(-flush.slots // width)):
            marks = [{"first": 0, "last": int(x == width - 1), "void": 1} for x in range(width)]
            items += (join(layout, fields | noise) for fields in marks)
    return items


def _raster(frame: Frame, tracks: Sequence[Track]) -> Iterator[dict[str, int]]:
    height, width = _size(frame)
    for y, x in np.ndindex(height, width):
        fields = {"first": int(x == y == 0), "last": int(x == width - 1), "void": 0}
        for track in tracks:
            fields[track.name] = bundle(track, frame[track.name][..., y, x])
        yield fields


def planes(
    stage: Stage, items: Sequence[int], sizes: Sequence[tuple[int, int]]
) -> list[dict[str, Numbers]]:
    """The frames of these (height, width) that came out of ``stage.o``; their marks are checked."""
    layout = stage.o.payload.shape()
    slots = [fields for item in items if not (fields := split(layout, item))["void"]]
    count = sum(height * width for height, width in sizes)
    assert len(slots) == count, f"expected {count} slots with pixels, got {len(slots)}"
    frames, queue = [], iter(slots)
    for n, (height, width) in enumerate(sizes):
        frame = {
            track.name: np.zeros((track.channels, track.rows, track.cols, height, width), np.int64)
            for track in stage.outputs
        }
        for y, x in np.ndindex(height, width):
            slot = next(queue)
            expected, got = (x == y == 0, x == width - 1), (slot["first"], slot["last"])
            if got != expected:
                marks = (f"first {expected[0]:d} last {expected[1]:d}", "first {} last {}")
                raise AssertionError(Mismatch(n, x, y, 0, marks[0], marks[1].format(*got)))
            for track in stage.outputs:
                frame[track.name][..., y, x] = unbundle(track, slot[track.name])
        frames.append(frame)
    return frames


def check_planes(expected: Sequence[Frame], got: Sequence[Frame], *, seed: int = SEED) -> None:
    """Fail at the first number that differs, by frame, x, y and channel."""
    for n, (want, have) in enumerate(zip(expected, got, strict=True)):
        assert set(want) == set(have)
        for name, numbers in want.items():
            differs = np.argwhere(np.moveaxis(have[name] != numbers, (-2, -1), (0, 1)))
            if not len(differs):
                continue
            y, x, channel, row, col = map(int, differs[0])
            place = (channel, row, col, y, x)
            wanted = f"{name}[{row},{col}] = {numbers[place]}"
            mismatch = Mismatch(n, x, y, channel, wanted, str(have[name][place]))
            raise AssertionError(f"{mismatch} (seed {seed})")


def check_stage(
    bench: Bench,
    frames: Sequence[Frame],
    expected: Sequence[Frame],
    *,
    stalls: Stalls = STALLS["none"],
    period: int = 1,
    eager: bool = True,
) -> None:
    """Send frames in a row through a stage and compare."""
    stage = bench.dut
    items = rasters(frames, stage, stage.latency, eager=eager)
    run = bench.run(items, stalls=stalls, period=period)
    check_planes(expected, planes(stage, run.items, [_size(frame) for frame in frames]))


def measured_latency(stage: Any, width: int, period: int) -> int:
    """Clocks from a frame's first slot offered to its first slot at ``o``.

    Args:
        width: of the frame.
        period: clocks from one slot to the next.
    """
    frames = random_frames(stage.inputs, [(stage.latency.rows + 3, width)])
    run = Bench(stage).run(rasters(frames, stage, stage.latency), period=period)
    void = stage.o.payload.shape()["void"].offset
    pixels = (c for c, item in zip(run.clocks, run.items, strict=True) if not item >> void & 1)
    return next(pixels) - run.offered[0]

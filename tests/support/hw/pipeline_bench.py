"""Whole pipelines in Amaranth's simulator, compared with golden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lutscale.golden.program import Program
from lutscale.hw.build import Build
from lutscale.hw.pipeline import Pipeline
from tests.support.hw.streams import STALLS, Bench, Run, Stalls
from tests.support.hw.video_frames import Picture, beat_count, check_beats, video

__all__ = ["bench_of", "check", "make_bench"]


def make_bench(
    program: Program, clocks_per_pixel: int, beat: int, side: int = 20, **options: Any
) -> Bench:
    """A pipeline for frames up to ``side`` x ``side``."""
    build = Build(
        clocks_per_pixel=clocks_per_pixel,
        pixels_per_beat=beat,
        max_width=side,
        max_height=side,
        **options,
    )
    return bench_of(Pipeline(program, build))


def bench_of(pipeline: Pipeline) -> Bench:
    """The size of a frame goes in beside its pixels; malformed is watched."""
    return Bench(pipeline, beside=(pipeline.width, pipeline.height), watch=(pipeline.malformed,))


def check(
    bench: Bench,
    pictures: Sequence[Picture],
    *,
    stalls: Stalls = STALLS["none"],
    period: int = 1,
    expected: Sequence[Picture] | None = None,
) -> Run:
    """Send frames in a row; what comes out must be what golden makes of them, or ``expected``."""
    pipeline: Pipeline = bench.dut
    if expected is None:
        expected = [pipeline.program.run(picture) for picture in pictures]
    count = beat_count(expected, pipeline.build.pixels_per_beat)
    # A slot takes F clocks; between frames there may be as many void rows as stages.
    flush = pipeline.plan.source.flush
    lag = sum(p.shape[1] * (flush.rows + 1) + flush.slots for p in pictures)
    work = (sum(p.size for p in pictures) + lag) * max(pipeline.build.clocks_per_pixel, period)
    run = bench.run(
        video(pictures), count=count, stalls=stalls, period=period, limit=2000 + 8 * (work + count)
    )
    check_beats(expected, run.items, pipeline.build.pixels_per_beat)
    assert run.watched == [0]
    return run

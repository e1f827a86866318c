"""Whole pipelines for colour: golden's integers, the stated latency and pace, under stalls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lutscale.golden.colour import Colour, run_colour, unpack
from lutscale.golden.mending import STOP, Beat, Stop, mend
from lutscale.golden.program import Program
from lutscale.hw.colour import parts
from lutscale.hw.pipeline import Pipeline
from tests.support.family_programs import hklut_like
from tests.support.hw.colour_bench import beats, check, colour_bench
from tests.support.hw.streams import STALLS
from tests.support.random_programs import example_program

TINY = [(2, 4), (2, 2), (2, 2), (4, 2), (2, 6)]
"""Frames smaller than what lies in the pipeline, of sizes that change."""


def small(scale: int) -> Program:
    return example_program(7, scale, max_taps=1, kernels=((3, 3),), frame_residual="bilinear")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("colour", "scale", "clocks", "beat"),
    [
        (Colour("ycbcr444"), 4, 4, 4),
        (Colour("ycbcr422"), 4, 4, 4),
        (Colour("ycbcr420"), 2, 2, 2),
        (Colour("rgb", "bt601", "full"), 2, 2, 2),
        (Colour("ycbcr422", siting="centre"), 3, 5, 2),
        (Colour("ycbcr444"), 3, 9, 1),
    ],
    ids=lambda value: getattr(value, "format", value),
)
def test_every_format(colour: Colour, scale: int, clocks: int, beat: int) -> None:
    """Golden's pixels, the stated latency, and F clocks a pixel, however small the frames."""
    bench = colour_bench(small(scale), colour, clocks, beat)
    pipeline: Pipeline = bench.dut
    run = check(bench, [(4, 8)] * 4, period=clocks)
    latency = pipeline.plan.latency
    assert latency is not None
    assert run.clocks[0] - run.offered[0] == latency.total(8, clocks)
    assert run.accepted[-1] - run.accepted[64] == clocks * 63
    check(bench, TINY, stalls=STALLS["both"])


@pytest.mark.slow
@pytest.mark.parametrize("stalls", list(STALLS.values())[1:4], ids=list(STALLS)[1:4])
def test_no_stall_changes_a_pixel(stalls: Any, benches: dict[str, Any]) -> None:
    if not benches:
        benches["420"] = colour_bench(small(2), Colour("ycbcr420"), 2, 2)
    check(benches["420"], [(6, 8), (2, 4), *TINY], stalls=stalls)


@pytest.fixture(scope="module")
def benches() -> dict[str, Any]:
    return {}


@pytest.mark.slow
def test_luma_at_two_scales_and_luma_without_a_window() -> None:
    two = hklut_like(0)
    bench = colour_bench(two, Colour("ycbcr422"), 8, 2, (4, 6))
    assert bench.dut.latency is None
    check(bench, [(4, 6), (2, 2)])
    flat = example_program(7, 2, max_taps=1, kernels=((1, 1),), frame_residual="nearest")
    bench = colour_bench(flat, Colour("ycbcr420"), 2, 2)
    lines = [use for use in bench.dut.memories if use.name == "luma_line"]
    assert [(use.depth, use.width, use.purpose) for use in lines] == [(8, 8, "line_buffer")]
    check(bench, [(4, 8), *TINY])


@pytest.mark.slow
def test_a_store_that_is_too_small_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """One word fewer stops the stream for ever: what is stated is what is needed."""
    check(colour_bench(small(4), Colour("ycbcr444"), 4, 4, (4, 20)), [(4, 20)], limit=2000)
    stated = parts.bank_depth
    monkeypatch.setattr(parts, "bank_depth", lambda *given: stated(*given) - 1)
    bench = colour_bench(small(4), Colour("ycbcr444"), 4, 4, (4, 20))
    with pytest.raises(AssertionError, match="no end within 2001 clocks"):
        check(bench, [(4, 20)], limit=2000)


BREAKS = (
    "F...L ..L ....L ....L",
    "F...L ......L ....L ....L",
    "F...L ....L ..",
    "F...L ..s..L ....L ....L",
    "F...L FFFFF",
)
"""Frames of 5 x 4, as in tests/support/hw/video_streams.py, each followed by a good one."""

GOOD = "F...L ....L ....L ....L"


@pytest.mark.slow
@pytest.mark.parametrize("colour", [Colour("ycbcr444"), Colour("ycbcr420")], ids=lambda c: c.format)
def test_frames_that_break_the_rules_are_mended(colour: Colour) -> None:
    """As golden's mending has it; and an odd width makes no frame where two pixels share chroma."""
    program, bits = small(2), colour.pixel_bits
    noise = np.random.default_rng(5)
    stream: list[Beat | Stop] = []
    for k, text in enumerate([GOOD, *(t for b in BREAKS for t in (b, GOOD))]):
        # Every third one is as wide as its marks say; the others are odd, or as wide as it.
        width = 5 if colour.across == 1 or k % 4 == 2 else 6
        for mark in text.replace(" ", "").replace("L", "L" if width == 5 else ".L"):
            if mark == "s":
                stream.append(STOP)
            else:
                pixel = int(noise.integers(1 << bits))
                stream.append(Beat(pixel, mark == "F", mark == "L", width, 4))
    stream.append(STOP)
    shares = (colour.across, colour.down)
    mended = mend(stream, max_width=8, max_height=6, multiple=shares, dtype=np.uint32)
    assert mended.malformed
    assert len(mended.frames) > 6
    frames = [run_colour(program, unpack(words, colour), colour) for words in mended.frames]
    wanted = beats(frames, colour, 2)
    items, pauses = [], {}
    for beat in stream:
        if isinstance(beat, Stop):
            pauses[len(items)] = 1500
        else:
            word = beat.pixel | beat.first << bits | beat.last << (bits + 1)
            items.append((word, beat.width, beat.height))
    bench = colour_bench(program, colour, 2, 2, patience=150)
    run = bench.run(items, count=len(wanted), pauses=pauses, limit=12_000)
    assert run.items == wanted
    assert run.watched == [1]

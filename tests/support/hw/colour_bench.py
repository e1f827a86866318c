"""Pipelines for colour in Amaranth's simulator, compared with golden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lutscale.golden.colour import Colour, from_rgb, pack, run_colour
from lutscale.golden.pictures.image import sample_photo
from lutscale.golden.program import Program
from lutscale.hw.build import Build
from lutscale.hw.pipeline import Pipeline
from tests.support.hw.streams import STALLS, Bench, Run, Stalls

__all__ = ["beats", "check", "colour_bench", "crops", "pixels"]

Planes = tuple[npt.NDArray[np.uint8], ...]


def crops(colour: Colour, sizes: Sequence[tuple[int, int]]) -> list[Planes]:
    """Frames (height, width), cut out of a photograph, as planes."""
    photo = sample_photo("astronaut")
    return [
        from_rgb(photo[100 + 20 * k : 100 + 20 * k + height, 200 : 200 + width], colour)
        for k, (height, width) in enumerate(sizes)
    ]


def pixels(frames: Sequence[Planes], colour: Colour) -> list[tuple[int, int, int]]:
    """What goes into a pipeline: a pixel with its marks, and the frame's width and height."""
    bits = colour.pixel_bits
    return [
        (
            int(words[y, x]) | (x == y == 0) << bits | (x == words.shape[1] - 1) << (bits + 1),
            words.shape[1],
            words.shape[0],
        )
        for words in (pack(planes, colour) for planes in frames)
        for y, x in np.ndindex(*words.shape)
    ]


def beats(frames: Sequence[Planes], colour: Colour, pixels_per_beat: int) -> list[int]:
    """The beats that must come out, marks and all."""
    found = []
    bits, size = colour.pixel_bits, pixels_per_beat
    kept = bits * size // 8
    for words in (pack(planes, colour) for planes in frames):
        height, width = words.shape
        for y, x in np.ndindex(height, width // size):
            row = words[y, x * size : (x + 1) * size].tolist()
            beat = sum(word << (bits * k) for k, word in enumerate(row))
            beat |= ((1 << kept) - 1) << (bits * size)
            beat |= (x == y == 0) << (bits * size + kept)
            found.append(beat | (x == width // size - 1) << (bits * size + kept + 1))
    return found


def colour_bench(
    program: Program,
    colour: Colour,
    clocks_per_pixel: int,
    beat: int,
    size: tuple[int, int] = (6, 8),
    **options: Any,
) -> Bench:
    """A pipeline for frames up to ``size``."""
    build = Build(
        clocks_per_pixel=clocks_per_pixel,
        pixels_per_beat=beat,
        max_height=size[0],
        max_width=size[1],
        colour=colour,
        **options,
    )
    pipeline = Pipeline(program, build)
    return Bench(pipeline, beside=(pipeline.width, pipeline.height), watch=(pipeline.malformed,))


def check(
    bench: Bench,
    sizes: Sequence[tuple[int, int]],
    *,
    stalls: Stalls = STALLS["none"],
    period: int = 1,
    limit: int = 12_000,
) -> Run:
    """Send crops in a row; what comes out must be what golden makes of them."""
    pipeline: Pipeline = bench.dut
    build, program = pipeline.build, pipeline.program
    assert build.colour is not None
    frames = crops(build.colour, sizes)
    made = [run_colour(program, planes, build.colour) for planes in frames]
    wanted = beats(made, build.colour, build.pixels_per_beat)
    sent = pixels(frames, build.colour)
    run = bench.run(sent, count=len(wanted), stalls=stalls, period=period, limit=limit)
    wrong = [k for k, (got, want) in enumerate(zip(run.items, wanted, strict=True)) if got != want]
    shown = "; ".join(f"beat {k}: {run.items[k]:x}, not {wanted[k]:x}" for k in wrong[:3])
    assert not wrong, f"{len(wrong)} beats differ: {shown}"
    assert run.watched == [0]
    return run

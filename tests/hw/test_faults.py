"""Faults on purpose, in tables and in streams: the tests of pipelines see each."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from lutscale.golden.layers import Requantise, Residual, TapTables
from lutscale.golden.program import Program
from lutscale.hw.build import Build
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.rom_formats import RomImage
from tests.support.hw.pipeline_bench import bench_of, check, make_bench
from tests.support.hw.video_frames import Picture, check_beats, video
from tests.support.random_programs import example_frame


def transparent_program() -> Program:
    """Every entry of every table moves some pixel: nothing saturates, nothing is rounded off."""
    rng = np.random.default_rng(2)
    first = TapTables(rng.integers(-20, 20, (1, 1, 2, 16, 1)), entry_bits=8, code_bits=4)
    second = TapTables(rng.integers(-8, 8, (1, 2, 1, 256, 1)), entry_bits=8, code_signed=True)
    return Program(
        "transparent",
        1,
        (
            Requantise(np.array([1]), 4, 0, 15),
            first,
            Requantise(np.array([2]), 1, -128, 127),
            second,
            Requantise(np.array([2]), 1, -128, 127),
            Residual(0, lo=0, hi=255),
        ),
    )


def read_words(program: Program, picture: Picture) -> dict[str, set[int]]:
    """The ROM words of each tap tables layer, at F = 1, that a frame reads."""
    found = {}
    values = program.trace(picture)
    for k, layer in enumerate(program.layers):
        if isinstance(layer, TapTables):
            codes = values[k] + layer.code_offset
            for n in range(layer.kernel[0] * layer.kernel[1]):
                found[f"layer{k}_bank{n}"] = set(codes.reshape(-1).tolist())
    return found


@pytest.mark.parametrize("seed", range(8))
def test_a_flipped_rom_bit_is_caught(seed: int) -> None:
    program = transparent_program()
    # Bright and dark pixels would hide small changes behind the clamp.
    picture = np.random.default_rng(seed).integers(112, 144, (9, 9), dtype=np.uint8)
    rng = np.random.default_rng(seed)
    pipeline = Pipeline(
        program, Build(clocks_per_pixel=1, pixels_per_beat=1, max_width=9, max_height=9)
    )
    roms = [rom for stage in pipeline.plan.stages for rom in stage.roms]
    rom = roms[int(rng.integers(len(roms)))]
    words = list(rom.image.words)
    words[int(rng.choice(sorted(read_words(program, picture)[rom.use.name])))] ^= 1 << 4
    rom.image = dataclasses.replace(rom.image, words=tuple(words))
    with pytest.raises(AssertionError, match=r"frame 0 x \d y \d channel 0: expected \d+.*, got"):
        check(bench_of(pipeline), [picture])


def test_a_pixel_dropped_at_the_source_is_caught() -> None:
    bench = make_bench(transparent_program(), 1, 1)
    picture = example_frame(0, 5, 6)
    expected = [bench.dut.program.run(picture)]
    items = video([picture, picture])
    for k in (1, 5, 8, 28):
        run = bench.run([*items[:k], *items[k + 1 :]], count=2 * picture.size)
        with pytest.raises(AssertionError, match="frame 0 x"):
            check_beats(expected * 2, run.items, 1)
        assert run.watched == [1]


def test_a_beat_too_few_or_too_many_is_caught() -> None:
    bench = make_bench(transparent_program(), 1, 1)
    picture = example_frame(0, 3, 4)
    expected = [bench.dut.program.run(picture)]
    run = bench.run(video([picture]), count=12)
    check_beats(expected, run.items, 1)
    with pytest.raises(AssertionError, match="frame 0 x 3 y 2 channel 0: .* got no beat"):
        check_beats(expected, run.items[:-1], 1)
    with pytest.raises(AssertionError, match="expected no beat"):
        check_beats(expected, [*run.items, run.items[0]], 1)
    with pytest.raises(AssertionError, match="no end within"):
        bench.run(video([picture])[:-1], count=12, limit=500)


def test_rom_images_are_what_the_tables_say() -> None:
    pipeline = make_bench(transparent_program(), 1, 1).dut
    image: RomImage = pipeline.roms[0]
    layer = pipeline.program.layers[1]
    assert isinstance(layer, TapTables)
    assert image.words == tuple(int(entry) & 255 for entry in layer.entries[0, 0, 0, :, 0])

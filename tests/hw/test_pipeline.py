"""Whole pipelines: any program at any fold is exact, on time, and as fast as promised."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from lutscale.golden.layers import Layer, PixelShuffle, Requantise, Residual, TapTables
from lutscale.golden.program import Program
from lutscale.hw.build import BEATS, Build
from lutscale.hw.forms import FORMS
from lutscale.hw.forms.choose import choose
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.plan import carried_tracks
from lutscale.hw.rom_formats import RomImage
from lutscale.hw.targets import TARGETS, Target
from tests.hw.netlist import check_memories
from tests.hw.streams import STALLS, Bench, Run, Stalls
from tests.hw.video_frames import Picture, beat_count, check_beats, video
from tests.random_programs import (
    THIN_KERNELS,
    example_frame,
    example_program,
    frames,
    make_quantiser,
    programs,
)


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


# -------------------------------------------------------------------------- exact, whatever


def folds(program: Program) -> list[tuple[int, int]]:
    """(clocks_per_pixel, pixels_per_beat) that a program may be built at."""
    return [
        (clocks, beat)
        for clocks in (1, 2, 3, 4, 5, 8, 9, 16, 25)
        for beat in BEATS
        if clocks * beat >= program.scale**2
    ]


Case = tuple[Program, tuple[int, int], dict[str, Any], list[Picture], str]


@st.composite
def cases(draw: st.DrawFn, max_side: int) -> Case:
    """A program, a build, frames in a row and a pattern of stalls."""
    twice = draw(st.sampled_from((False, False, True)))
    program = draw(programs((1, 2, 3, 4), max_taps=2, max_channels=3, twice=twice))
    fold = draw(st.sampled_from(folds(program)))
    pictures = draw(st.lists(frames(max_side), min_size=1, max_size=3))
    # Frames of equal width follow each other without void rows.
    if draw(st.booleans()):
        pictures.append(np.ascontiguousarray(pictures[-1][::-1]))
    target = TARGETS[draw(st.sampled_from(("ecp5", "ecp5-25f", "ice40-hx8k")))]
    form = draw(st.sampled_from((None, *fitting_forms(program, fold[0]))))
    options = {"target": target, "form": form}
    return program, fold, options, pictures, draw(st.sampled_from(tuple(STALLS)))


def fitting_forms(program: Program, clocks_per_pixel: int) -> list[str]:
    """Those that every layer of a program can take."""
    found = []
    for form in FORMS:
        with contextlib.suppress(ValueError):
            choose(program, clocks_per_pixel=clocks_per_pixel, target=TARGETS["ecp5"], form=form)
            found.append(form)
    return found


def check_case(case: Case) -> None:
    program, (clocks_per_pixel, beat), options, pictures, stalls = case
    event(f"stalls: {stalls}")
    event(f"form: {options['form']}, target: {options['target'].name}")
    event(f"scale {program.scale}, F {clocks_per_pixel}, {beat} pixels a beat")
    event(f"{sum(layer.kind == 'pixel_shuffle' for layer in program.layers)} pixel shuffles")
    bench = make_bench(program, clocks_per_pixel, beat, **options)
    check(bench, pictures, stalls=STALLS[stalls])


@settings(max_examples=15, deadline=None)
@given(case=cases(6))
def test_random_pipelines_are_exact(case: Any) -> None:
    check_case(case)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(4))
def test_every_form_is_exact(form: str, seed: int) -> None:
    program = example_program(seed, 2, max_taps=3, kernels=((3, 3), (1, 3), (1, 1)))
    fold = next(f for f in (16, 9, 8, 5) if form in fitting_forms(program, f))
    pictures = [example_frame(k, *size) for k, size in enumerate([(4, 5), (3, 5), (1, 1)])]
    check(make_bench(program, fold, 1, form=form), pictures, stalls=STALLS["both"])


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(case=cases(20))
def test_more_random_pipelines_are_exact(case: Any) -> None:
    check_case(case)


@pytest.mark.parametrize("clocks_per_pixel", [1, 4])
@pytest.mark.parametrize("stalls", STALLS)
def test_frames_one_pixel_wide(clocks_per_pixel: int, stalls: str) -> None:
    """At a slot a clock every line buffer reads the word that is being written."""
    bench = make_bench(example_program(7, 2, kernels=((3, 3),)), clocks_per_pixel, 4)
    sizes = [(5, 1), (1, 1), (1, 1), (1, 1), (3, 1), (2, 2), (1, 1)]
    pictures = [example_frame(k, *size) for k, size in enumerate(sizes)]
    check(bench, pictures, stalls=STALLS[stalls])


@pytest.mark.parametrize(("scale", "kernel"), list(zip((2, 3, 4, 2, 3), THIN_KERNELS, strict=True)))
def test_a_bilinear_residual_with_a_window_of_its_own(scale: int, kernel: tuple[int, int]) -> None:
    program = example_program(4, scale, max_taps=2, kernels=(kernel,), frame_residual="bilinear")
    assert any(carried_tracks(program)[1])
    pictures = [example_frame(k, *size) for k, size in enumerate([(3, 4), (2, 4), (1, 1)])]
    bench = make_bench(program, scale**2, 1)
    for stalls in ("none", "both"):
        check(bench, pictures, stalls=STALLS[stalls])


@pytest.mark.parametrize("kernel", [(1, 3), (1, 2), (1, 1)])
def test_a_first_layer_one_pixel_high_needs_no_row_before_its_first(
    kernel: tuple[int, int],
) -> None:
    """Nothing precedes the first frame after a reset, not even void rows."""
    layers = dense_layers(2, kernels=(kernel, (3, 3)))
    bench = make_bench(Program("thin", 2, layers), 4, 1)
    check(bench, [example_frame(k, 3, 4) for k in range(2)])


# ------------------------------------------------------------------------ speed and latency


def dense_layers(
    scale: int, kernels: Sequence[tuple[int, int]] = ((4, 4), (2, 2)), nodes: int | None = 5
) -> tuple[Layer, ...]:
    """Two layers, of 16 tables each by default, so that F up to 16 is used in full."""
    rng = np.random.default_rng(5)
    square = scale**2
    first, last = (
        TapTables(
            rng.integers(-128, 128, (channels, *kernel, nodes or 256, out)),
            code_signed=signed,
            quantiser=make_quantiser(rng, 8, nodes, 6) if nodes else None,
        )
        for kernel, channels, out, signed in (
            (kernels[0], 1, 4, False),
            (kernels[1], 4, square, True),
        )
    )
    fraction = 6 if nodes else 0
    unit = (scale if scale % 2 else 2 * scale) ** 2
    return (
        first,
        Requantise(np.full(4, 300), 10 + fraction, -128, 127),
        last,
        Requantise(np.full(square, 300), 8 + fraction, -255 * unit, 255 * unit),
        Residual(0, "bilinear", scale, lo=-510 * unit, hi=510 * unit),
        Requantise(np.full(square, 65536 // unit), 16, 0, 255),
        PixelShuffle(scale),
    )


SPEEDS = [(1, 2, 4), (2, 2, 2), (4, 2, 1), (4, 4, 4), (8, 3, 2), (16, 4, 1)]
"""(F, scale, pixels a beat), most with an output that is never idle."""


@pytest.mark.parametrize(("clocks_per_pixel", "scale", "beat"), SPEEDS)
def test_a_pixel_every_f_clocks_and_the_stated_latency(
    clocks_per_pixel: int, scale: int, beat: int
) -> None:
    """One every F clocks, also across the boundary of frames of equal width: there is no gap."""
    bench = make_bench(Program("dense", scale, dense_layers(scale)), clocks_per_pixel, beat, 12)
    pipeline: Pipeline = bench.dut
    steps = [getattr(stage, "steps", 1) for stage in pipeline.plan.stages]
    width = 7 if beat == 1 else 8
    pictures = [example_frame(k, 6, width) for k in range(3)]

    # A source that is just fast enough never waits, from the first pixel of the first frame to
    # the last of the last: it is given no void row in between.
    run = check(bench, pictures, period=clocks_per_pixel)
    assert run.accepted == run.offered
    assert set(np.diff(run.offered)) == {clocks_per_pixel}
    latency = pipeline.latency
    assert latency is not None
    assert run.clocks[0] - run.offered[0] == latency.total(width, clocks_per_pixel)
    beats = 6 * scale * -(-width * scale // beat)
    for k in range(3):
        took = run.clocks[k * beats] - run.offered[k * 6 * width]
        assert took <= pipeline.plan.latency_bound(width)

    # A source that is always ready is let in as often once all registers and buffers are full.
    run = check(bench, pictures)
    steady = np.diff(run.accepted)[12 * width :]
    assert set(steady) == {max(*steps, -(-(scale**2) // beat))}


@pytest.mark.parametrize(
    ("clocks_per_pixel", "scale", "beat", "width", "clocks"),
    [
        (4, 2, 1, 5, 6 * 5 * 4),
        # 10 pixels a line are 3 beats of 4, for 5 slots: the output is slower than the input.
        (1, 2, 4, 5, 6 * 2 * 3),
        (2, 2, 4, 5, 6 * 5 * 2),
        (1, 2, 4, 3, 6 * 2 * 2),
        (5, 3, 2, 3, 6 * 3 * 5),
        (4, 4, 4, 3, 6 * 3 * 4),
    ],
)
def test_frames_take_the_stated_clocks(
    clocks_per_pixel: int, scale: int, beat: int, width: int, clocks: int
) -> None:
    bench = make_bench(Program("dense", scale, dense_layers(scale)), clocks_per_pixel, beat, 6)
    run = check(bench, [example_frame(k, 6, width) for k in range(16)], period=clocks_per_pixel)
    assert bench.dut.plan.frame_clocks(width, 6) == clocks
    # Behind the first frames the buffers neither fill nor empty.
    starts = run.accepted[:: 6 * width]
    assert [int(n) for n in np.diff(starts)[-3:]] == [clocks] * 3


@pytest.mark.parametrize("width", [1, 3, 10])
def test_latency_grows_with_the_line(width: int) -> None:
    bench = make_bench(Program("dense", 2, dense_layers(2)), 4, 1, 12)
    # High enough that the first beat leaves while pixels still come, and nothing is flushed.
    run = check(bench, [example_frame(0, 8, width)], period=4)
    assert run.clocks[0] - run.offered[0] == bench.dut.latency.total(width, 4)


@pytest.mark.parametrize(("clocks_per_pixel", "scale", "beat"), SPEEDS[::3])
@pytest.mark.parametrize("nodes", [None, 5])
def test_memories_are_as_stated(
    nodes: int | None, clocks_per_pixel: int, scale: int, beat: int
) -> None:
    program = Program("dense", scale, dense_layers(scale, nodes=nodes))
    pipeline = make_bench(program, clocks_per_pixel, beat, 100).dut
    check_memories(pipeline)
    tables = [use for use in pipeline.memories if use.purpose == "table"]
    assert sum(use.bits for use in tables) == program.table_bits
    assert pipeline.plan.on_chip_bytes == -(-sum(use.bits for use in pipeline.memories) // 8)
    assert [rom.name for rom in pipeline.roms] == [u.name for u in pipeline.memories if u.rom]


# ------------------------------------------------------------------- two scales in one stream


def two_stages(
    kernels: Sequence[tuple[int, int]] = ((3, 3), (3, 3)), ending: str = "shuffle"
) -> Program:
    """Two x2 stages, with residuals; or an ``ending`` without the second pixel shuffle.

    "plain" ends in a layer at scale 2, "shuffled" in nothing but two pixel shuffles in a row.
    """
    rng = np.random.default_rng(6)

    def tables(channels: int, kernel: tuple[int, int], out: int) -> TapTables:
        return TapTables(rng.integers(-128, 128, (channels, *kernel, 16, out)), code_bits=4)

    first: tuple[Layer, ...] = (
        Requantise(np.array([1]), 4, 0, 15),
        tables(1, kernels[0], 4),
        Requantise(np.full(4, 200), 9, -128, 127),
        Residual(0, "nearest", 2, lo=0, hi=255),
        PixelShuffle(2),
    )
    if ending == "shuffled":
        wide = (tables(1, kernels[0], 16), Requantise(np.full(16, 300), 8, 0, 255))
        return Program("shuffled", 4, (first[0], *wide, PixelShuffle(2), PixelShuffle(2)))
    codes = Requantise(np.array([1]), 4, 0, 15)
    if ending == "plain":
        last = Requantise(np.array([300]), 8, -128, 127)
        same = Residual(5, lo=0, hi=255)
        return Program("plain", 2, (*first, codes, tables(1, kernels[1], 1), last, same))
    return Program(
        "two-stages",
        4,
        (
            *first,
            codes,
            tables(1, kernels[1], 4),
            Requantise(np.full(4, 200), 9, -128, 127),
            Residual(5, "nearest", 2, lo=0, hi=255),
            PixelShuffle(2),
        ),
    )


TWO_STAGES = {
    "3x3, 3x3": two_stages(),
    "5x5, 2x2": two_stages(((5, 5), (2, 2))),
    "1x1, 5x5": two_stages(((1, 1), (5, 5))),
    "1x3, 4x1": two_stages(((1, 3), (4, 1))),
    "plain": two_stages(ending="plain"),
    "shuffled": two_stages(ending="shuffled"),
}


@pytest.mark.parametrize(("clocks_per_pixel", "beat"), [(4, 4), (16, 1)])
@pytest.mark.parametrize("name", TWO_STAGES)
def test_two_scales_are_exact_at_any_size(name: str, clocks_per_pixel: int, beat: int) -> None:
    bench = make_bench(TWO_STAGES[name], clocks_per_pixel, beat, 6)
    sizes = [(1, 1), (1, 1), (2, 2), (3, 2), (5, 1), (1, 5), (3, 4), (1, 4), (6, 6), (2, 3)]
    pictures = [example_frame(k, *size) for k, size in enumerate(sizes)]
    for stalls in STALLS.values():
        check(bench, pictures, stalls=stalls)
        pictures.append(pictures.pop(0))


@settings(max_examples=10, deadline=None)
@given(
    program=programs(max_taps=2, max_channels=2, twice=True),
    clocks_per_pixel=st.sampled_from((4, 5, 9, 16)),
    sizes=st.lists(st.tuples(*2 * [st.integers(1, 6)]), min_size=1, max_size=3),
    stalls=st.sampled_from(tuple(STALLS)),
)
def test_random_programs_of_two_scales_are_exact(
    program: Program, clocks_per_pixel: int, sizes: list[tuple[int, int]], stalls: str
) -> None:
    pictures = [example_frame(k, *size) for k, size in enumerate([*sizes, sizes[-1]])]
    check(make_bench(program, clocks_per_pixel, 4, 6), pictures, stalls=STALLS[stalls])


@pytest.mark.parametrize(("clocks_per_pixel", "beat"), [(4, 4), (5, 4), (8, 2), (16, 1), (17, 1)])
@pytest.mark.parametrize("name", TWO_STAGES)
def test_two_scales_at_a_pixel_every_f_clocks(name: str, clocks_per_pixel: int, beat: int) -> None:
    """Within a frame and across frames of equal width; and the first beat is never late."""
    program = TWO_STAGES[name]
    bench = make_bench(program, clocks_per_pixel, beat, 9)
    pipeline: Pipeline = bench.dut
    assert pipeline.latency is None
    for height, width in ((5, 9), (9, 2), (8, 1)):
        pictures = [example_frame(k, height, width) for k in range(4)]
        run = check(bench, pictures, period=clocks_per_pixel)
        assert run.accepted == run.offered
        scale = program.scale
        beats = height * scale * -(-width * scale // beat)
        for k in range(4):
            took = run.clocks[k * beats] - run.offered[k * height * width]
            assert took <= pipeline.plan.latency_bound(width)
    # The bound is close where the output is never idle.
    if clocks_per_pixel == scale**2 // beat:
        assert took >= pipeline.plan.latency_bound(width) - 2


def test_memories_at_two_scales_are_as_stated() -> None:
    pipeline = make_bench(two_stages(), 4, 4, 100).dut
    check_memories(pipeline)
    shapes = {use.name: (use.depth, use.width) for use in pipeline.memories if not use.rom}
    assert shapes == {
        # Two lines of codes, and the frame that waits for its residual.
        "layer1_lines": (100, 2 * 4 + 8),
        "layer4_reorder0": (104, 9),
        "layer4_reorder1": (204, 9),
        "layer4_rows": (8, 2),
        # Twice as long; then FIFOs of beats of four pixels.
        "layer6_lines": (200, 2 * 4 + 8),
        "layer9_reorder0": (54, 35),
        "layer9_reorder1": (104, 35),
        "layer9_rows": (8, 1),
    }


def test_layers_behind_a_pixel_shuffle_have_fewer_clocks() -> None:
    """9 tables in 16 clocks take one bank; at four times the pixels, in 4 clocks, they take 3."""
    pipeline = make_bench(two_stages(), 16, 1, 8).dut
    banks = [use.layer for use in pipeline.memories if use.purpose == "table"]
    assert (banks.count(1), banks.count(6)) == (1, 3)


@pytest.mark.parametrize(
    ("name", "flush"),
    # (rows, slots) of the stage at scale 2 count half, rounded up.
    [
        ("3x3, 3x3", (2, 2)),
        ("5x5, 2x2", (3, 3)),
        ("1x1, 5x5", (1, 1)),
        ("1x3, 4x1", (1, 1)),
        ("shuffled", (1, 1)),
    ],
)
def test_void_rows_flush_both_scales(name: str, flush: tuple[int, int]) -> None:
    source = make_bench(TWO_STAGES[name], 16, 4).dut.plan.source
    assert (source.flush.rows, source.flush.slots) == flush


# ----------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("scale", "beat", "text"),
    [
        (2, 4, "clocks_per_pixel must be at least 4 for a layer at scale 2, not 3"),
        (2, 1, "clocks_per_pixel must be at least 4 for scale 2 with 1 pixels a beat, not 3"),
        (4, 4, "clocks_per_pixel must be at least 4 for scale 4 with 4 pixels a beat, not 3"),
    ],
)
def test_a_layer_behind_a_pixel_shuffle_needs_a_clock_a_pixel(
    scale: int, beat: int, text: str
) -> None:
    program = two_stages() if scale == 4 else two_stages(ending="plain")
    assert program.scale == scale
    with pytest.raises(ValueError, match=f"^{text}$"):
        Pipeline(program, Build(clocks_per_pixel=3, pixels_per_beat=beat))


# ---------------------------------------------------------------------------- injected faults


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


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
@pytest.mark.parametrize("program", [TWO_STAGES["3x3, 3x3"], example_program(7, 2)])
def test_the_target_decides_for_every_memory(target: Target, program: Program) -> None:
    build = Build(
        clocks_per_pixel=16, pixels_per_beat=1, max_width=300, target=target, form="lanes"
    )
    pipeline = Pipeline(program, build)
    for use in pipeline.memories:
        pays = (target.rom_pays if use.rom else target.ram_pays)(use.depth, use.width)
        assert use.style == ("block" if pays and use.purpose != "quantiser" else "logic")
    assert len({use.style for use in pipeline.memories}) == 2

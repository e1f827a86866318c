"""Whole pipelines: any program at any fold is exact, on time, and as fast as promised."""

from __future__ import annotations

import contextlib
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
from lutscale.hw.targets import TARGETS, Target
from tests.support.hw.netlist import check_memories
from tests.support.hw.pipeline_bench import check, make_bench
from tests.support.hw.streams import STALLS
from tests.support.hw.two_scales import TWO_STAGES
from tests.support.hw.video_frames import Picture
from tests.support.random_programs import (
    THIN_KERNELS,
    example_frame,
    example_program,
    frames,
    make_quantiser,
    programs,
)


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


@settings(max_examples=10, deadline=None)
@given(case=cases(5))
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
@settings(max_examples=12, deadline=None)
@given(case=cases(12))
def test_more_random_pipelines_are_exact(case: Any) -> None:
    check_case(case)


@pytest.mark.slow
@pytest.mark.parametrize("clocks_per_pixel", [1, 4])
@pytest.mark.parametrize("stalls", STALLS)
def test_frames_one_pixel_wide(clocks_per_pixel: int, stalls: str) -> None:
    """At a slot a clock every line buffer reads the word that is being written."""
    bench = make_bench(example_program(7, 2, kernels=((3, 3),)), clocks_per_pixel, 4)
    sizes = [(5, 1), (1, 1), (1, 1), (1, 1), (3, 1), (2, 2), (1, 1)]
    pictures = [example_frame(k, *size) for k, size in enumerate(sizes)]
    check(bench, pictures, stalls=STALLS[stalls])


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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
    run = check(bench, [example_frame(k, 6, width) for k in range(12)], period=clocks_per_pixel)
    assert bench.dut.plan.frame_clocks(width, 6) == clocks
    # Behind the first frames the buffers neither fill nor empty.
    starts = run.accepted[:: 6 * width]
    assert [int(n) for n in np.diff(starts)[-3:]] == [clocks] * 3


@pytest.mark.slow
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

"""Pipelines with layers behind a pixel shuffle: exact, on time, with the stated memories."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lutscale.golden.program import Program
from lutscale.hw.build import Build
from lutscale.hw.pipeline import Pipeline
from tests.support.hw.netlist import check_memories
from tests.support.hw.pipeline_bench import check, make_bench
from tests.support.hw.streams import STALLS
from tests.support.hw.two_scales import TWO_STAGES, two_stages
from tests.support.random_programs import example_frame, programs


@pytest.mark.slow
@pytest.mark.parametrize(("clocks_per_pixel", "beat"), [(4, 4), (16, 1)])
@pytest.mark.parametrize("name", TWO_STAGES)
def test_two_scales_are_exact_at_any_size(name: str, clocks_per_pixel: int, beat: int) -> None:
    bench = make_bench(TWO_STAGES[name], clocks_per_pixel, beat, 6)
    sizes = [(1, 1), (1, 1), (3, 2), (1, 6), (3, 4), (2, 4), (4, 1)]
    pictures = [example_frame(k, *size) for k, size in enumerate(sizes)]
    for stalls in ("none", "both"):
        check(bench, pictures, stalls=STALLS[stalls])
        pictures.append(pictures.pop(0))


@pytest.mark.slow
@settings(max_examples=6, deadline=None)
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


@pytest.mark.slow
@pytest.mark.parametrize(("clocks_per_pixel", "beat"), [(4, 4), (5, 4), (16, 1)])
@pytest.mark.parametrize("name", TWO_STAGES)
def test_two_scales_at_a_pixel_every_f_clocks(name: str, clocks_per_pixel: int, beat: int) -> None:
    """Within a frame and across frames of equal width; and the first beat is never late."""
    program = TWO_STAGES[name]
    bench = make_bench(program, clocks_per_pixel, beat, 7)
    pipeline: Pipeline = bench.dut
    assert pipeline.latency is None
    for height, width in ((5, 7), (6, 2), (6, 1)):
        pictures = [example_frame(k, height, width) for k in range(3)]
        run = check(bench, pictures, period=clocks_per_pixel)
        assert run.accepted == run.offered
        scale = program.scale
        beats = height * scale * -(-width * scale // beat)
        for k in range(3):
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

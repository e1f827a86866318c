"""Bytes, fold and work of programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from lutscale.golden.program import Program
from lutscale.golden.program_file import load
from lutscale.hw.pipeline import Pipeline
from lutscale.reports.costs import costs, least_clocks
from tests.family_programs import hklut_like, simplex_like, tinylut_like

ZOO = Path(__file__).parents[2] / "model" / "zoo"


def of(program: Program, clocks: int = 4, beat: int = 4, width: int = 64) -> dict[str, object]:
    return costs(program, line_width=width, clocks_per_pixel=clocks, pixels_per_beat=beat)


def test_costs_are_those_of_the_pipeline() -> None:
    program = load(ZOO / "iqlut-hd-x4.npz")
    assert of(program, width=960) == {
        "table_bytes": 35_280,
        "table_bytes_with_quantiser": 36_304,
        "on_chip_bytes": 159_595,
        "line_width": 960,
        "clocks_per_pixel": 4,
        "pixels_per_beat": 4,
        "fits": False,
        "functions": 7_056,
        "reads": 441,
    }
    assert of(program, width=480)["fits"]


@pytest.mark.parametrize("make", [hklut_like, tinylut_like, simplex_like])
@pytest.mark.parametrize("beat", [1, 2, 4])
def test_the_fold_is_as_small_as_a_program_allows(make: object, beat: int) -> None:
    for seed in range(4):
        program: Program = make(seed)  # type: ignore[operator]
        least = least_clocks(program, beat)
        assert of(program, 1, beat)["clocks_per_pixel"] == least
        assert of(program, 99, beat)["clocks_per_pixel"] == 99
        options = {"pixels_per_beat": beat, "max_width": 64}
        assert Pipeline(program, clocks_per_pixel=least, **options)
        if least > 1:
            with pytest.raises(ValueError, match="clocks_per_pixel must be at least"):
                Pipeline(program, clocks_per_pixel=least - 1, **options)


def test_a_stage_at_an_inner_scale_sets_the_fold() -> None:
    two_stages = hklut_like(0)
    assert [layer.kind for layer in two_stages.layers].count("pixel_shuffle") == 2
    assert least_clocks(two_stages, 4) == 4
    assert of(two_stages, 1)["clocks_per_pixel"] == 4


def test_bad_shapes_are_told() -> None:
    with pytest.raises(ValueError, match="max_width must be in 1..16384, not 0"):
        of(tinylut_like(1), width=0)

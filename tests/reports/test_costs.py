"""Bytes, fold and work of programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from lutscale.golden.program import Program
from lutscale.golden.program_file import load
from lutscale.hw.build import Build
from lutscale.reports.costs import costs
from tests.support.family_programs import hklut_like, simplex_like, tinylut_like

ZOO = Path(__file__).parents[2] / "model" / "zoo"


def of(program: Program, clocks: int = 4, beat: int = 4, width: int = 64) -> dict[str, object]:
    build = Build(clocks_per_pixel=clocks, pixels_per_beat=beat, max_width=width)
    return costs(program, build)


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
        least = Build(pixels_per_beat=beat).least_clocks(program)
        assert of(program, 1, beat)["clocks_per_pixel"] == least
        assert of(program, 99, beat)["clocks_per_pixel"] == 99


def test_a_stage_at_an_inner_scale_sets_the_fold() -> None:
    two_stages = hklut_like(0)
    assert [layer.kind for layer in two_stages.layers].count("pixel_shuffle") == 2
    assert of(two_stages, 1)["clocks_per_pixel"] == 4

"""What a program costs: bytes of tables and on-chip, and work for each LR pixel."""

from __future__ import annotations

from typing import Any

from lutscale.golden.program import Program
from lutscale.hw.build import Build
from lutscale.hw.plan import Plan
from lutscale.reports.account import BUDGET_BITS

__all__ = ["costs"]


def costs(program: Program, build: Build) -> dict[str, Any]:
    """Count a program and the pipeline built from it.

    Args:
        build: with more clocks a pixel where the program cannot do with so few.

    Returns:
        "table_bytes" (tables alone), "table_bytes_with_quantiser", "on_chip_bytes" with the
        "line_width", "clocks_per_pixel" and "pixels_per_beat" it holds for, whether that "fits"
        the budget, and "functions" and "reads" for each LR pixel.
    """
    build = build.slowed_for(program)
    plan = Plan(program, build)
    return {
        "table_bytes": -(-program.table_bits // 8),
        "table_bytes_with_quantiser": program.table_bytes,
        "on_chip_bytes": plan.on_chip_bytes,
        "line_width": build.max_width,
        "clocks_per_pixel": build.clocks_per_pixel,
        "pixels_per_beat": build.pixels_per_beat,
        "fits": plan.on_chip_bytes <= BUDGET_BITS // 8,
        "functions": program.functions,
        "reads": program.reads,
    }

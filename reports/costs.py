"""What a program costs: bytes of tables and on-chip, and work for each LR pixel."""

from __future__ import annotations

from typing import Any

from lutscale.golden.layers import PixelShuffle
from lutscale.golden.program import Program
from lutscale.hw.pipeline import Pipeline
from lutscale.reports.account import BUDGET_BITS

__all__ = ["costs", "least_clocks"]


def least_clocks(program: Program, pixels_per_beat: int) -> int:
    """The fewest clocks for an LR pixel: the output must keep up, and so must every layer."""
    ends = isinstance(program.layers[-1], PixelShuffle)
    inner = program.types[: len(program.types) - ends]
    return max(-(-(program.scale**2) // pixels_per_beat), *(kind.scale**2 for kind in inner))


def costs(
    program: Program, *, line_width: int, clocks_per_pixel: int, pixels_per_beat: int
) -> dict[str, Any]:
    """Count a program and the pipeline built from it.

    Args:
        line_width: the longest line of the LR frame in pixels.
        clocks_per_pixel: F; more where the program cannot do with so few.
        pixels_per_beat: of the output, 1, 2 or 4.

    Returns:
        "table_bytes" (tables alone), "table_bytes_with_quantiser", "on_chip_bytes" with the
        "line_width", "clocks_per_pixel" and "pixels_per_beat" it holds for, whether that "fits"
        the budget, and "functions" and "reads" for each LR pixel.

    Raises:
        TypeError, ValueError: "X must be ..., not ...", also when no pipeline can be built.
    """
    pipeline = Pipeline(
        program,
        clocks_per_pixel=max(clocks_per_pixel, least_clocks(program, pixels_per_beat)),
        pixels_per_beat=pixels_per_beat,
        max_width=line_width,
    )
    return {
        "table_bytes": -(-program.table_bits // 8),
        "table_bytes_with_quantiser": program.table_bytes,
        "on_chip_bytes": pipeline.on_chip_bytes,
        "line_width": line_width,
        "clocks_per_pixel": pipeline.clocks_per_pixel,
        "pixels_per_beat": pixels_per_beat,
        "fits": pipeline.on_chip_bytes <= BUDGET_BITS // 8,
        "functions": program.functions,
        "reads": program.reads,
    }

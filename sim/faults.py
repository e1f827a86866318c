"""What is wrong with a simulation, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["TILES", "faults"]

TILES = {"part": "pixel", "whole": "tile"}
"""Words of `faults` where tiles go through a tile processor."""


def faults(
    run: Mapping[str, Any], pattern: str = "none", *, part: str = "beat", whole: str = "frame"
) -> list[str]:
    """A line for each fault of what a job's run found, under that pattern of stalls.

    Args:
        part, whole: what comes out in a clock, and what goes in.
    """
    found = [f"mismatch: {line}" for line in run["first_mismatches"]]
    if run["timeout"]:
        found.append(f"timeout: no last {part} within {run['clocks']} clocks")
    if run["unstable"]:
        found.append(f"m_axis: a {part} changed or went away before tready")
    if run["malformed"]:
        found.append(f"malformed: high, though every {whole} was well-formed")
    return found if pattern == "none" else [f"{pattern}: {fault}" for fault in found]

"""What a design takes, before synthesis: COMB and flip-flops on ECP5, multipliers, blocks.

Blocks and multipliers are counted from the plan. Logic and flip-flops are what `hw.features` counts
for each component, times factors that were fitted to netlists: estimates.json, written by

    python -m benchmarks.estimates --fit

which prints how far it is off, too; docs/fpga.md has the table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lutscale.hw.features import features
from lutscale.hw.plan import Plan

__all__ = ["FACTORS", "Estimate", "estimate", "weighed"]

FACTORS = Path(__file__).with_name("estimates.json")
"""Factors by kind of component, by figure and feature, and how they were made."""

_FAMILY = "ecp5"


@dataclass(frozen=True)
class Estimate:
    """Predicted figures.

    Attributes:
        comb: places of a lookup table, as in `flow.cells.Cells`; None for other families than ECP5.
        ff: flip-flops; None likewise.
        dsp: multipliers.
        blocks: block memories, exactly.
        parts: comb and ff of each component, by name.
    """

    comb: int | None
    ff: int | None
    dsp: int
    blocks: int
    parts: Mapping[str, tuple[float, float]]

    def as_dict(self) -> dict[str, int | None]:
        """The four figures."""
        return {"comb": self.comb, "ff": self.ff, "dsp": self.dsp, "blocks": self.blocks}


@lru_cache(maxsize=1)
def _factors() -> Mapping[str, Mapping[str, Mapping[str, float]]]:
    return json.loads(FACTORS.read_text())["factors"]


def weighed(counts: Mapping[str, float], factors: Mapping[str, float]) -> float:
    """Features times their factors; 1 for a feature that was never fitted."""
    return sum(count * factors.get(name, 1.0) for name, count in counts.items())


def estimate(plan: Plan, factors: Mapping[str, Any] | None = None) -> Estimate:
    """Predict what a plan takes.

    Args:
        plan: what would be built.
        factors: others than those of `FACTORS`.
    """
    factors = _factors() if factors is None else factors
    dsp = sum(choice.cost.dsp for choice in plan.choices.values())
    if plan.build.target.family != _FAMILY:
        return Estimate(None, None, dsp, plan.blocks, {})
    parts = {}
    for name, kind, counts in features(plan):
        own = factors.get(kind, {})
        comb, ff = (weighed(counts[figure], own.get(figure, {})) for figure in ("comb", "ff"))
        parts[name] = (comb, ff)
    comb, ff = (round(sum(part[k] for part in parts.values())) for k in range(2))
    return Estimate(comb, ff, dsp, plan.blocks, parts)

"""HKLUT."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lutscale.model.layers import (
    PatternTablesTwin,
    PixelShuffleTwin,
    RequantiseTwin,
    ResidualTwin,
    Twin,
)
from lutscale.model.layers.pattern_tables import PatternShape
from lutscale.model.network import Network
from lutscale.model.released.hklut import HKLUT_PATTERNS

__all__ = ["hklut"]


def hklut(stages: Sequence[int] = (2, 2), *, width: int = 64, depth: int = 4) -> Network:
    """HKLUT (IJCAI 2024): stages that add what patterns of high and of low bits say to the
    nearest pixel. Values are sixths of a level, also between the stages.

    Args:
        stages: the scale of each stage; (2, 2) is HKLUT-S, (2, 1, 2) HKLUT-L.
        width, depth: of the networks behind the tables.
    """
    sixths = 6  # sums are means of 3 and of 2 patterns
    layers: list[Twin] = []
    for number, scale in enumerate(stages):
        source = len(layers)
        if number:
            # The floor, which is what codes are read from.
            layers.append(RequantiseTwin(0, 255, divisor=sixths, bias=-(sixths // 2)))
        shapes = [
            PatternShape(
                offsets,
                shift=4 if branch == "MSB" else 0,
                gain=2 if branch == "MSB" else 3,
                border="reflect" if branch == "MSB" else "replicate",
            )
            for branch, letters in HKLUT_PATTERNS.items()
            for offsets in letters.values()
        ]
        gain = 1 if number else sixths
        layers += [
            PatternTablesTwin(shapes, scale, width=width, depth=depth),
            ResidualTwin(source, 0, 255 * sixths, "nearest" if scale > 1 else "none", scale, gain),
        ]
        if number == len(stages) - 1:
            layers.append(RequantiseTwin(0, 255, divisor=sixths))
        if scale > 1:
            layers.append(PixelShuffleTwin(scale))
    return Network(math.prod(stages), layers)

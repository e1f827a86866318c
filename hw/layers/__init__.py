"""The stages of each layer kind, by the name it carries in golden/layers.

A pixel shuffle that ends a program turns slots into beats: hw/raster.py, placed by hw/plan.py.
"""

from __future__ import annotations

from collections.abc import Callable

from lutscale.hw.layers import (
    channel_shift,
    ensemble,
    pattern_tables,
    pixel_shuffle,
    requantise,
    residual,
    split,
    tap_tables,
)
from lutscale.hw.layers.context import Context
from lutscale.hw.slots import Stage

__all__ = ["KINDS", "Context"]

KINDS: dict[str, Callable[[Context], list[Stage]]] = {
    "channel_shift": channel_shift.build,
    "ensemble": ensemble.build,
    "pattern_tables": pattern_tables.build,
    "pixel_shuffle": pixel_shuffle.build,
    "requantise": requantise.build,
    "residual": residual.build,
    "split": split.build,
    "tap_tables": tap_tables.build,
}

"""The stages of each layer kind, by the name it carries in golden/layers.

The pixel shuffle turns slots into beats and so ends a pipeline; hw/pipeline.py places it.
"""

from __future__ import annotations

from collections.abc import Callable

from hw.layers import requantise, residual, tap_tables
from hw.layers.context import Context
from hw.slots import Stage

__all__ = ["KINDS", "Context"]

KINDS: dict[str, Callable[[Context], list[Stage]]] = {
    "requantise": requantise.build,
    "residual": residual.build,
    "tap_tables": tap_tables.build,
}

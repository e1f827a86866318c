"""What must hold of tap tables whose codes have ranges, or that are tied under a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lutscale.golden.layers.passes import ROLES
from lutscale.golden.symmetry import GROUPS
from lutscale.golden.validate import require_array, require_choice, require_int

if TYPE_CHECKING:
    from lutscale.golden.layers.tap_tables import TapTables

__all__ = ["check_tied", "checked_ranges"]


def checked_ranges(layer: TapTables) -> npt.NDArray[np.int32]:
    """The code ranges of a layer, when they suit its entries."""
    if layer.quantiser is not None:
        raise ValueError("code_ranges must be None for interpolated tables")
    low = -layer.code_offset
    high = low + (1 << layer.code_bits) - 1
    shape = (layer.in_channels, 2)
    ranges = require_array("code_ranges", layer.code_ranges, shape, low, high)
    for c, (first, last) in enumerate(ranges):
        require_int(f"code_ranges[{c}] last", last, first, high)
    levels = ranges[:, 1] - ranges[:, 0] + 1
    if layer.entries.shape[3] != levels.max():
        raise ValueError(
            f"entries must have {levels.max()} levels, the most that code_ranges give, not "
            f"{layer.entries.shape[3]}"
        )
    for c, count in enumerate(levels):
        if layer.entries[c, :, :, count:].any():
            raise ValueError(f"entries[{c}] must be 0 behind level {count - 1}")
    return ranges


def check_tied(layer: TapTables) -> None:
    """Refuse what a symmetry does not go with."""
    if layer.symmetry is None:
        if layer.role is not None:
            raise ValueError(f"role must be None without a symmetry, not {layer.role!r}")
        return
    require_choice("symmetry", layer.symmetry, GROUPS)
    require_choice("role", layer.role, ROLES)
    height, width = layer.kernel
    if height != width or height % 2 == 0:
        raise ValueError(
            "kernel must be square with an odd side, or a turn would move its middle, not "
            f"{height}x{width}"
        )
    for name, untied in (("groups", 1), ("rotations", 1), ("origin", None), ("code_ranges", None)):
        given = getattr(layer, name)
        if given is not None and not (isinstance(given, int) and given == untied):
            raise ValueError(f"{name} must be {untied} for tied tables")
    order = GROUPS[layer.symmetry]
    if layer.role == "mix" and layer.in_channels % order:
        raise ValueError(
            f"entries must have a multiple of {order} channels, the shares of {layer.symmetry}, "
            f"not {layer.in_channels}"
        )
    if layer.role == "end" and round(layer.outputs**0.5) ** 2 != layer.outputs:
        raise ValueError(f"entries must have r*r outputs, a patch, not {layer.outputs}")

"""The layer kinds, by the name they carry in a program, in golden/, model/ and hw/."""

from __future__ import annotations

from golden.layers.layer import Layer
from golden.layers.pixel_shuffle import PixelShuffle
from golden.layers.requantise import Requantise
from golden.layers.residual import Residual
from golden.layers.tap_tables import TapTables

__all__ = ["KINDS", "Layer", "PixelShuffle", "Requantise", "Residual", "TapTables"]

KINDS: dict[str, type[Layer]] = {
    kind.kind: kind
    for kind in (
        PixelShuffle,
        Requantise,
        Residual,
        TapTables,
    )
}

"""The layer kinds, by the name they carry in a program, in golden/, model/ and hw/."""

from __future__ import annotations

from golden.layers.channel_shift import ChannelShift
from golden.layers.ensemble import Ensemble
from golden.layers.layer import Layer
from golden.layers.pattern_tables import PatternTables
from golden.layers.pixel_shuffle import PixelShuffle
from golden.layers.requantise import Requantise
from golden.layers.residual import Residual
from golden.layers.split import Split
from golden.layers.tap_tables import TapTables

__all__ = [
    "KINDS",
    "ChannelShift",
    "Ensemble",
    "Layer",
    "PatternTables",
    "PixelShuffle",
    "Requantise",
    "Residual",
    "Split",
    "TapTables",
]

KINDS: dict[str, type[Layer]] = {
    kind.kind: kind
    for kind in (
        ChannelShift,
        Ensemble,
        PatternTables,
        PixelShuffle,
        Requantise,
        Residual,
        Split,
        TapTables,
    )
}

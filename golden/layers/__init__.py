"""The layer kinds, by the name they carry in a program, in golden/, model/ and hw/."""

from __future__ import annotations

from lutscale.golden.layers.channel_shift import ChannelShift
from lutscale.golden.layers.ensemble import Ensemble
from lutscale.golden.layers.layer import Layer
from lutscale.golden.layers.pattern_tables import PatternTables
from lutscale.golden.layers.pixel_shuffle import PixelShuffle
from lutscale.golden.layers.requantise import Requantise
from lutscale.golden.layers.residual import Residual
from lutscale.golden.layers.split import Split
from lutscale.golden.layers.tap_tables import TapTables

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

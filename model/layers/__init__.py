"""The differentiable twins, by the name their layer kind carries in golden/layers."""

from __future__ import annotations

from model.layers.channel_shift import ChannelShiftTwin
from model.layers.ensemble import EnsembleTwin
from model.layers.pattern_tables import PatternTablesTwin
from model.layers.pixel_shuffle import PixelShuffleTwin
from model.layers.requantise import DiscretiseTwin, RequantiseTwin
from model.layers.residual import ResidualTwin
from model.layers.split import SplitTwin
from model.layers.tap_tables import TapTablesTwin
from model.layers.twin import Twin

__all__ = [
    "KINDS",
    "ChannelShiftTwin",
    "DiscretiseTwin",
    "EnsembleTwin",
    "PatternTablesTwin",
    "PixelShuffleTwin",
    "RequantiseTwin",
    "ResidualTwin",
    "SplitTwin",
    "TapTablesTwin",
    "Twin",
]

KINDS: dict[str, type[Twin]] = {
    "channel_shift": ChannelShiftTwin,
    "ensemble": EnsembleTwin,
    "pattern_tables": PatternTablesTwin,
    "pixel_shuffle": PixelShuffleTwin,
    "requantise": RequantiseTwin,
    "residual": ResidualTwin,
    "split": SplitTwin,
    "tap_tables": TapTablesTwin,
}

"""The differentiable twins, by the name their layer kind carries in golden/layers."""

from __future__ import annotations

from lutscale.model.layers.channel_shift import ChannelShiftTwin
from lutscale.model.layers.ensemble import EnsembleTwin
from lutscale.model.layers.pattern_tables import PatternTablesTwin
from lutscale.model.layers.pixel_shuffle import PixelShuffleTwin
from lutscale.model.layers.requantise import DiscretiseTwin, RequantiseTwin
from lutscale.model.layers.residual import ResidualTwin
from lutscale.model.layers.split import SplitTwin
from lutscale.model.layers.tap_tables import TapTablesTwin
from lutscale.model.layers.twin import Twin

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

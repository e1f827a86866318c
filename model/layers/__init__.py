"""The differentiable twins, by the name their layer kind carries in golden/layers."""

from __future__ import annotations

from model.layers.pixel_shuffle import PixelShuffleTwin
from model.layers.requantise import RequantiseTwin
from model.layers.residual import ResidualTwin
from model.layers.tap_tables import TapTablesTwin
from model.layers.twin import Twin

__all__ = [
    "KINDS",
    "PixelShuffleTwin",
    "RequantiseTwin",
    "ResidualTwin",
    "TapTablesTwin",
    "Twin",
]

KINDS: dict[str, type[Twin]] = {
    "pixel_shuffle": PixelShuffleTwin,
    "requantise": RequantiseTwin,
    "residual": ResidualTwin,
    "tap_tables": TapTablesTwin,
}

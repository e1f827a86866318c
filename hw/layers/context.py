"""What a layer is built from: itself and its place in the pipeline."""

from __future__ import annotations

from dataclasses import dataclass

from lutscale.golden.layers import Layer
from lutscale.golden.value import ValueType
from lutscale.hw.forms.choose import Choice
from lutscale.hw.slots import Track
from lutscale.hw.targets import Target

__all__ = ["HALO", "Context", "value_name"]

HALO = "_3x3"
"""Suffix of a track that holds a value's 3 x 3 neighbourhood."""


def value_name(number: int) -> str:
    """Track of value ``number`` (0 the frame, k + 1 the output of layer k)."""
    return f"v{number}"


@dataclass(frozen=True)
class Context:
    """One layer and its place in the pipeline.

    Attributes:
        layer, number: the golden layer and its position.
        tracks: those that arrive: its input, and what it or a later layer adds.
        keep: names of the tracks that must leave beside the result; a name that ends in
            `HALO` and does not arrive is cut here, from the plain track.
        output_type: of the result.
        own_window: whether a bilinear residual must make its neighbourhood itself.
        clocks_per_pixel: F, of the layer's input.
        max_width: the longest line built for, in pixels of the layer's input.
        target: what the pipeline is built for.
        choice: how the layer becomes gates; None for lanes, with multipliers where there are any.
    """

    layer: Layer
    number: int
    tracks: tuple[Track, ...]
    keep: tuple[str, ...]
    output_type: ValueType
    own_window: bool
    clocks_per_pixel: int
    max_width: int
    target: Target
    choice: Choice | None = None

    @property
    def dsp(self) -> bool:
        """Whether the layer's products are multiplier blocks."""
        return self.target.multiplier[0] > 0 if self.choice is None else self.choice.dsp

    @property
    def input(self) -> str:
        """Name of the layer's input track."""
        return value_name(self.number)

    @property
    def result(self) -> str:
        """Name of the layer's output track."""
        return value_name(self.number + 1)

    def kept(self) -> list[Track]:
        """The tracks that pass unchanged."""
        return [track for track in self.tracks if track.name in self.keep]

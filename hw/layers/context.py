"""What a layer is built from, and the stages that give it a neighbourhood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from amaranth import Module

from golden.layers import Layer
from golden.value import ValueType
from hw.slots import MARKS, Latency, Stage, Track
from hw.window import Columns, LineBuffer, Span

__all__ = ["HALO", "Context", "Select", "value_name", "window_stages"]

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
        clocks_per_pixel: F.
        max_width: the longest line built for, LR pixels.
    """

    layer: Layer
    number: int
    tracks: tuple[Track, ...]
    keep: tuple[str, ...]
    output_type: ValueType
    own_window: bool
    clocks_per_pixel: int
    max_width: int

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


class Select(Stage):
    """Wires only: renames, copies and drops tracks.

    Args:
        inputs: the tracks at ``i``.
        chosen: (input name, output name) pairs.
    """

    def __init__(self, inputs: Sequence[Track], chosen: Sequence[tuple[str, str]]) -> None:
        known = {track.name: track for track in inputs}
        outputs = [Span(source, name).cut(known[source], "rows") for source, name in chosen]
        super().__init__(inputs, outputs)
        self.chosen = tuple(chosen)
        self.latency = Latency()

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.d.comb += [self.o.valid.eq(self.i.valid), self.i.ready.eq(self.o.ready)]
        m.d.comb += [self.o.payload[mark].eq(self.i.payload[mark]) for mark in MARKS]
        m.d.comb += [self.o.payload[new].eq(self.i.payload[old]) for old, new in self.chosen]
        return m


def window_stages(
    context: Context,
    *,
    source: str,
    window: str,
    above: int,
    below: int,
    left: int,
    right: int,
    ahead: Callable[[Sequence[Track]], Stage] | None = None,
    between: Callable[[Sequence[Track]], Stage] | None = None,
) -> tuple[list[Stage], tuple[Track, ...]]:
    """Stages after which track ``window`` holds the neighbourhood of track ``source``.

    Args:
        ahead: makes a stage to put in front of the line buffer.
        between: makes a stage for the column of new pixels, before columns join to a window.

    Returns:
        the stages, and the tracks behind them: the window and all that `context` keeps.
    """
    arriving = {track.name for track in context.tracks}
    spans = [(source, window, above, below, left, right)]
    for name in context.keep:
        if name in arriving:
            spans.append((name, name, 0, 0, 0, 0))
        else:
            spans.append((name.removesuffix(HALO), name, 1, 1, 1, 1))
    stages: list[Stage] = []
    tracks = context.tracks
    if ahead:
        stages.append(ahead(tracks))
        tracks = stages[-1].outputs
    if above or below:
        rows = LineBuffer(
            tracks,
            [Span(old, new, up, down) for old, new, up, down, _, _ in spans],
            delay=below,
            max_width=context.max_width,
            name=f"layer{context.number}_lines",
            layer=context.number,
        )
        stages.append(rows)
    else:
        stages.append(Select(tracks, [(old, new) for old, new, *_ in spans]))
    tracks = stages[-1].outputs
    if between:
        stages.append(between(tracks))
        tracks = stages[-1].outputs
    if left or right:
        columns = [Span(new, new, before, after) for _, new, _, _, before, after in spans]
        stages.append(Columns(tracks, columns, delay=right))
        tracks = stages[-1].outputs
    return stages, tracks

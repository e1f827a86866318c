"""What a layer is built from, and the stages that give it a neighbourhood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from amaranth import Module

from lutscale.golden.layers import Layer
from lutscale.golden.value import ValueType
from lutscale.hw.slots import MARKS, Latency, Stage, Track
from lutscale.hw.targets import Target
from lutscale.hw.window import Columns, LineBuffer, Span

__all__ = ["HALO", "Context", "Select", "Window", "cuts_halo", "value_name", "window_stages"]

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


def cuts_halo(layer: Layer) -> bool:
    """Whether a layer's stages can cut a 3 x 3 neighbourhood of a track on its way.

    They can where they have a line buffer and columns anyway, made by `window_stages`.
    """
    above, below, left, right = layer.reach
    return max(above, below) > 0 and max(left, right) > 0


@dataclass(frozen=True)
class Window:
    """A neighbourhood to cut out of a track.

    Attributes:
        source, name: of the track that arrives, and of the one that holds the neighbourhood.
        above, below, left, right: pixels on each side of the centre.
        border: one of `golden.neighbourhood.BORDERS`.
    """

    source: str
    name: str
    above: int = 0
    below: int = 0
    left: int = 0
    right: int = 0
    border: str = "replicate"

    @property
    def rows(self) -> Span:
        """Its lines, out of the track that arrives."""
        return Span(self.source, self.name, self.above, self.below, self.border)

    @property
    def columns(self) -> Span:
        """Its columns, once its lines are there."""
        return Span(self.name, self.name, self.left, self.right, self.border)


def window_stages(
    context: Context,
    windows: Sequence[Window],
    *,
    ahead: Callable[[Sequence[Track]], Stage] | None = None,
    between: Callable[[Sequence[Track]], Stage] | None = None,
) -> tuple[list[Stage], tuple[Track, ...]]:
    """Stages behind which there is a track for each of ``windows``, all round the same pixel.

    Windows of one source share its stored lines, whatever their extents and borders.

    Args:
        ahead: makes a stage to put in front of the line buffer.
        between: makes a stage for the columns of new pixels, before they join to windows.

    Returns:
        the stages, and the tracks behind them: the windows and all that `context` keeps.
    """
    arriving = {track.name for track in context.tracks}
    wanted = list(windows)
    for name in context.keep:
        if name in arriving:
            wanted.append(Window(name, name))
        else:
            wanted.append(Window(name.removesuffix(HALO), name, 1, 1, 1, 1))
    rows, columns = [w.rows for w in wanted], [w.columns for w in wanted]
    stages: list[Stage] = []
    tracks = context.tracks
    if ahead:
        stages.append(ahead(tracks))
        tracks = stages[-1].outputs
    if any(span.length > 1 for span in rows):
        lines = LineBuffer(
            tracks,
            rows,
            delay=max(1, *(span.reach[1] for span in rows)),
            max_width=context.max_width,
            name=f"layer{context.number}_lines",
            layer=context.number,
            target=context.target,
        )
        stages.append(lines)
    else:
        stages.append(Select(tracks, [(span.source, span.name) for span in rows]))
    tracks = stages[-1].outputs
    if between:
        stages.append(between(tracks))
        tracks = stages[-1].outputs
    if any(span.length > 1 for span in columns):
        delay = max(1, *(span.reach[1] for span in columns))
        stages.append(Columns(tracks, columns, delay=delay))
        tracks = stages[-1].outputs
    return stages, tracks

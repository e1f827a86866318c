"""The stages that give a layer a neighbourhood, of its input and of what travels beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from amaranth import Module

from lutscale.golden.layers import Layer
from lutscale.hw.layers.context import HALO, Context
from lutscale.hw.slots import MARKS, Latency, Stage, Track
from lutscale.hw.spans import Span
from lutscale.hw.window import Columns, LineBuffer

__all__ = ["Select", "Window", "cuts_halo", "window_stages"]


class Select(Stage):
    """Wires only: renames, copies and drops tracks.

    Args:
        inputs: the tracks at ``i``.
        chosen: (input name, output name) pairs.
    """

    wires = True

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
            clocks_per_pixel=context.clocks_per_pixel,
            bursts=context.output_type.scale > 1,
            # Columns have a register of their own.
            relaxed=between is None and any(span.length > 1 for span in columns),
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

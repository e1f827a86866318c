"""Neighbourhoods that are cut out of lines or columns that stand side by side, borders included.

Borders replicate the edge pixel, or reflect: they mirror the frame and do not repeat its edge, as
numpy's ``mode="reflect"``. Marks tell where a frame ends, so it may be smaller than what is cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from amaranth import Cat, Mux, Value

from lutscale.golden.neighbourhood import BORDERS, border_index
from lutscale.golden.validate import require_choice, require_int
from lutscale.hw.slots import Track

__all__ = ["Span", "neighbourhood", "require_delay", "stored_lines"]


@dataclass(frozen=True)
class Span:
    """An output track cut out of an input track's neighbourhood.

    Attributes:
        source: name of the input track.
        name: name of the output track.
        before, after: lines (or columns) above and below (left and right of) the centre.
        border: one of `golden.neighbourhood.BORDERS`; spans of one source may differ.
    """

    source: str
    name: str
    before: int = 0
    after: int = 0
    border: str = "replicate"

    def __post_init__(self) -> None:
        require_choice("border", self.border, BORDERS)

    @property
    def reach(self) -> tuple[int, int]:
        """Lines before and after the centre that it takes: a mirror needs those opposite, too."""
        if self.border == "reflect":
            return (max(self.before, self.after),) * 2
        return self.before, self.after

    @property
    def length(self) -> int:
        return self.before + 1 + self.after

    def cut(self, source: Track, axis: str) -> Track:
        """The output track; a bundle that is carried whole keeps its own extent."""
        extent = self.length if self.length > 1 else getattr(source, axis)
        if axis == "rows":
            return replace(source, name=self.name, rows=extent)
        return replace(source, name=self.name, cols=extent)


def _clamp(lines: Sequence[Value], centre: int, breaks: Sequence[Value]) -> dict[int, Value]:
    """Replicate outwards from ``centre`` wherever ``breaks[k]`` says k lies in another frame.

    ``breaks`` are cumulative: once set, all further out are set too. The order of ``lines``
    is oldest first.
    """
    clamped: dict[int, Value] = {centre: lines[centre]}
    for k in range(centre + 1, len(lines)):
        clamped[k] = Mux(breaks[k], clamped[k - 1], lines[k])
    for k in range(centre - 1, -1, -1):
        clamped[k] = Mux(breaks[k], clamped[k + 1], lines[k])
    return clamped


def _mirrored(distance: int, before: int, after: int) -> int:
    """Which line stands ``distance`` behind the centre of ``before + 1 + after`` lines."""
    place = border_index(before + distance, before + 1 + after, "reflect")
    return int(place) - before


def _reflect(
    lines: Sequence[Value], centre: int, breaks: Sequence[Value], reach: int
) -> dict[int, Value]:
    """Mirror at the frame's borders within ``reach`` of ``centre``; ``breaks`` as for `_clamp`.

    A line that is mirrored is at most as far from the centre as the one it stands for, so
    borders further away than ``reach`` do not matter.
    """
    counts = range(reach + 1)
    above, below = ([breaks[centre + way * k] for k in counts[1:]] for way in (-1, 1))

    def chosen(distance: int, after: int) -> Value:
        choices = [_mirrored(distance, before, after) for before in counts]
        return _nearest_break([lines[centre + k] for k in choices], choices, above)

    reflected = {}
    for distance in range(-reach, reach + 1):
        keys = [[_mirrored(distance, before, after) for before in counts] for after in counts]
        values = [chosen(distance, after) for after in counts]
        reflected[centre + distance] = _nearest_break(values, keys, below)
    return reflected


def _nearest_break(values: Sequence[Value], keys: Sequence[Any], breaks: Sequence[Value]) -> Value:
    """``values[k]`` for the first k that is set in ``breaks``, else the last.

    Values whose neighbours in ``keys`` are equal need no choice between them.
    """
    picked = values[-1]
    for k in range(len(breaks) - 1, -1, -1):
        if any(key != keys[k] for key in keys[k + 1 :]):
            picked = Mux(breaks[k], values[k], picked)
    return picked


def neighbourhood(
    own: Sequence[Value], length: int, centre: int, breaks: Sequence[Value], span: Span
) -> Value:
    """The lines of a span, in one bundle.

    Args:
        own: the lines there are of its source, up to the newest.
        length: of the longest window, to which ``centre`` and ``breaks`` refer.
    """
    lowest = length - len(own)
    lines = [own[max(k - lowest, 0)] for k in range(length)]
    if span.border == "reflect":
        found = _reflect(lines, centre, breaks, max(span.reach))
    else:
        found = _clamp(lines, centre, breaks)
    return Cat(*(found[k] for k in range(centre - span.before, centre + span.after + 1)))


def require_delay(delay: int, spans: Sequence[Span]) -> None:
    """Refuse a ``delay`` that does not cover what every span takes after the centre."""
    require_int("delay", delay, max(1, *(span.reach[1] for span in spans)), 15)


def stored_lines(inputs: Sequence[Track], spans: Sequence[Span]) -> dict[str, int]:
    """By input track that a span takes: lines before the centre that one of them needs."""
    return {
        track.name: max(span.reach[0] for span in spans if span.source == track.name)
        for track in inputs
        if any(span.source == track.name for span in spans)
    }

"""Hardware of golden/layers/channel_shift.py: channels of one offset share a window.

Channels are sorted into bundles by how far they reach up or down, so that each bundle stores
only the lines it needs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from amaranth import Cat, Module

from lutscale.golden.layers import ChannelShift
from lutscale.hw.layers.context import HALO, Context
from lutscale.hw.layers.windows import Window, window_stages
from lutscale.hw.slots import MARKS, Latency, Stage, Track, value_track

__all__ = ["Gather", "build"]


def _bundles(layer: ChannelShift) -> dict[str, list[int]]:
    """Channels by the name of the track they travel in: those of one row offset."""
    bundles: dict[str, list[int]] = defaultdict(list)
    for channel, (down, _) in enumerate(layer.offsets):
        bundles[f"row{down:+d}"].append(channel)
    return dict(bundles)


def build(context: Context) -> list[Stage]:
    """Bundles out of the value, a window for each, and one number of each channel's window."""
    layer = context.layer
    assert isinstance(layer, ChannelShift)
    given = next(track for track in context.tracks if track.name == context.input)
    bundles = _bundles(layer)
    parts = [
        replace(given, name=name, channels=len(channels)) for name, channels in bundles.items()
    ]
    sources = {
        (name, k): (context.input, channel, 0, 0)
        for name, channels in bundles.items()
        for k, channel in enumerate(channels)
    }
    # A residual that adds this layer's input still needs it whole.
    wanted = {name.removesuffix(HALO) for name in context.keep}
    passing = [track for track in context.tracks if track.name in wanted]
    split = Gather(context.tracks, [*passing, *parts], sources)
    windows, places = [], {}
    for name, channels in bundles.items():
        offsets = [layer.offsets[channel] for channel in channels]
        down = offsets[0][0]
        left = max(0, *(-right for _, right in offsets))
        ahead = max(0, *(right for _, right in offsets))
        above, below = max(0, -down), max(0, down)
        windows.append(Window(name, name, above, below, left, ahead, layer.border))
        for k, (channel, (_, right)) in enumerate(zip(channels, offsets, strict=True)):
            places[context.result, channel] = (name, k, above + down, left + right)
    stages, tracks = window_stages(replace(context, tracks=split.outputs), windows)
    result = value_track(context.result, context.output_type)
    kept = [track for track in tracks if track.name not in bundles]
    return [split, *stages, Gather(tracks, [*kept, result], places)]


class Gather(Stage):
    """Wires only: puts output tracks together from single numbers of the input tracks.

    Args:
        inputs, outputs: tracks; an output that is an input too passes whole.
        places: (output track, channel) -> (input track, channel, row, column).
    """

    wires = True

    def __init__(
        self,
        inputs: Sequence[Track],
        outputs: Sequence[Track],
        places: dict[tuple[str, int], tuple[str, int, int, int]],
    ) -> None:
        super().__init__(inputs, outputs)
        self.places = places
        self.latency = Latency()

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.d.comb += [self.o.valid.eq(self.i.valid), self.i.ready.eq(self.o.ready)]
        m.d.comb += [self.o.payload[mark].eq(self.i.payload[mark]) for mark in MARKS]
        for track in self.outputs:
            if (track.name, 0) not in self.places:
                m.d.comb += self.o.payload[track.name].eq(self.i.payload[track.name])
                continue
            numbers = []
            for c in range(track.channels):
                name, channel, row, column = self.places[track.name, c]
                word = self.i.payload[name]
                numbers.append(self.track(name).element(word, channel, row, column))
            m.d.comb += self.o.payload[track.name].eq(Cat(*numbers))
        return m

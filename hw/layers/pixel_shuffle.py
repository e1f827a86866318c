"""Hardware of golden/layers/pixel_shuffle.py where other layers follow.

Patches become slots of a frame that is r times as large, in raster order (hw/raster.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth import Cat, Module

from lutscale.golden.layers import PixelShuffle
from lutscale.golden.validate import require_int
from lutscale.hw.layers.context import Context
from lutscale.hw.raster import LineOrder
from lutscale.hw.slots import Stage, Track, value_track
from lutscale.hw.targets import Target

__all__ = ["InnerShuffleStage", "build"]


def build(context: Context) -> list[Stage]:
    """A pixel shuffle that other layers follow. Nothing else passes: it has another scale."""
    layer = context.layer
    assert isinstance(layer, PixelShuffle)
    assert not context.keep
    stage = InnerShuffleStage(
        context.tracks,
        given=context.input,
        result=value_track(context.result, context.output_type),
        scale=layer.scale,
        max_width=context.max_width,
        layer=context.number,
        target=context.target,
    )
    return [stage]


class InnerShuffleStage(Stage):
    """Slots with a patch in at ``i``, slots of ``scale`` times the lines, as much longer, at ``o``.

    Void rows pass on, as ``scale`` void rows each, since later line buffers wait for them. A slot
    every ``scale**2`` clocks is taken without a stop, where one is taken from ``o`` every clock.

    Args:
        inputs: the tracks at ``i``.
        given: name of the track with the patches; the others end here.
        result: the track at ``o``.
        scale: r, at least 2.
        max_width: the longest line, in slots at ``i``.
        layer: number in the program, for the account of memory.
        target: whose block memories there are.
    """

    def __init__(
        self,
        inputs: Sequence[Track],
        *,
        given: str,
        result: Track,
        scale: int,
        max_width: int,
        layer: int,
        target: Target,
    ) -> None:
        super().__init__(inputs, [result])
        require_int("scale", scale, 2, 4)
        self.given, self.scale = given, scale
        self.order = LineOrder(
            scale=scale,
            pixel_bits=result.width,
            pixels_per_beat=1,
            mark_bits=2,
            max_width=max_width,
            layer=layer,
            target=target,
        )
        self.latency, self.memories = self.order.latency, self.order.memories

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.order = order = self.order
        track, (result,) = self.track(self.given), self.outputs
        slot, square = self.i.payload, self.scale**2
        # From channel by channel to pixel by pixel.
        numbers = [
            track.element(slot[track.name], c * square + k)
            for k in range(square)
            for c in range(result.channels)
        ]
        made, marks = order.o.payload, order.o.payload.marks
        m.d.comb += [
            order.i.payload.pixels.eq(Cat(numbers)),
            order.i.payload.marks.eq(Cat(slot.first, slot.void)),
            order.i.payload.last.eq(slot.last),
            order.i.valid.eq(self.i.valid),
            self.i.ready.eq(order.i.ready),
            self.o.valid.eq(order.o.valid),
            order.o.ready.eq(self.o.ready),
            self.o.payload[result.name].eq(made.pixels),
            self.o.payload.first.eq(made.start & marks[0]),
            self.o.payload.void.eq(marks[1]),
            self.o.payload.last.eq(made.last),
        ]
        return m

"""Hardware of golden/layers/residual.py: an addition, or a bilinear patch and an addition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from amaranth import Cat, Module, Signal, Value

from lutscale.golden.layers import Residual
from lutscale.golden.layers.residual import bilinear_taps
from lutscale.hw.layers.context import HALO, Context, value_name
from lutscale.hw.layers.requantise import clamp
from lutscale.hw.layers.windows import Window, window_stages
from lutscale.hw.pointwise import Pointwise
from lutscale.hw.slots import Stage, Track, value_track

__all__ = ["ResidualStage", "build"]


def build(context: Context) -> list[Stage]:
    """The addition; with its own window where no earlier layer could cut one on its way."""
    layer = context.layer
    assert isinstance(layer, Residual)
    source = value_name(layer.source)
    stages: list[Stage] = []
    tracks = context.tracks
    kept = [track.name for track in context.kept()]
    if layer.upsample == "bilinear":
        if context.own_window:
            # The input has to wait for the row below the source's centre, too.
            waiting = Context(**{**vars(context), "keep": (*kept, context.input)})
            halo = Window(source, source + HALO, 1, 1, 1, 1)
            stages, tracks = window_stages(waiting, [halo])
        source += HALO
    result = value_track(context.result, context.output_type)
    passing = [track for track in tracks if track.name in kept]
    stages.append(
        ResidualStage(layer, tracks, [*passing, result], given=context.input, source=source)
    )
    return stages


class ResidualStage(Pointwise):
    """``clamp(in + gain * up(source), lo, hi)``.

    Args:
        inputs, outputs: tracks; the result is the last output.
        given, source: names of the two input tracks.
    """

    def __init__(
        self,
        layer: Residual,
        inputs: Sequence[Track],
        outputs: Sequence[Track],
        *,
        given: str,
        source: str,
    ) -> None:
        super().__init__(inputs, outputs, depth=2 if layer.upsample == "bilinear" else 1)
        self.layer, self.given, self.source = layer, given, source
        self.result = outputs[-1]

    def compute(self, m: Module, fields: Mapping[str, Value], enable: Value) -> dict[str, Value]:
        layer, given = self.layer, self.track(self.given)
        square = layer.scale**2
        word: Value = fields[self.given]
        if self.depth == 2:
            waiting = Signal(len(word), name="waiting", reset_less=True)
            with m.If(enable):
                m.d.sync += waiting.eq(word)
            word = waiting
        numbers = []
        sources = layer.channels or range(given.channels // square)
        for c, source in enumerate(sources):
            added = self._upsampled(m, fields[self.source], source, enable)
            for k, value in enumerate(added):
                o = c * square + k
                number = Signal(self.result.bits, name=f"number{o}", reset_less=True)
                total = given.element(word, o) + layer.gain * value
                low, high = layer.range_of(o)
                # Said in the fewest bits, so that what a narrow channel cannot reach is no logic.
                narrow = Signal(range(low, high + 1), name=f"narrow{o}")
                m.d.comb += narrow.eq(clamp(total, low, high))
                with m.If(enable):
                    m.d.sync += number.eq(narrow)
                numbers.append(number)
        return {self.result.name: Cat(*numbers)}

    def _upsampled(self, m: Module, word: Value, channel: int, enable: Value) -> list[Value]:
        """The r*r numbers of one source channel; bilinear ones lie behind one register."""
        layer, track = self.layer, self.track(self.source)
        if layer.upsample != "bilinear":
            return [track.element(word, channel)] * layer.scale**2
        taps = [[int(tap) for tap in row] for row in bilinear_taps(layer.scale)]
        rows = []
        for i, weights in enumerate(taps):
            columns = []
            for j in range(3):
                value: Value = sum(
                    (track.element(word, channel, d, j) * w for d, w in enumerate(weights) if w),
                    start=track.element(word, channel, 0, j) * 0,
                )
                column = Signal.like(value, name=f"column{channel}_{i}_{j}", reset_less=True)
                with m.If(enable):
                    m.d.sync += column.eq(value)
                columns.append(column)
            rows.append(columns)
        return [
            sum(
                (column * w for column, w in zip(columns, weights, strict=True) if w),
                start=columns[0] * 0,
            )
            for columns in rows
            for weights in taps
        ]

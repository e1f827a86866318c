# amaranth: UnusedElaboratable=no
"""Hardware of golden/layers/residual.py: an addition, or a bilinear patch and an addition."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from amaranth import Value

from lutscale.golden.layers import Residual
from lutscale.golden.layers.residual import bilinear_taps
from lutscale.hw.arithmetic import times
from lutscale.hw.channelwise import ChannelOp, Channelwise, Unit, clamp_registers
from lutscale.hw.layers.context import HALO, Context, value_name
from lutscale.hw.layers.windows import Window, window_stages
from lutscale.hw.slots import Stage, Track, value_track

__all__ = ["ResidualOp", "build"]

# Registers of an interpolation along one axis.
_BETWEEN = 4


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
    by_name = {track.name: track for track in tracks}
    result = value_track(context.result, context.output_type)
    stage = Channelwise(
        tracks,
        [*(track for track in tracks if track.name in kept), result],
        given=context.input,
        ops=[ResidualOp(layer, by_name[context.input], by_name[source])],
        clocks_per_pixel=context.clocks_per_pixel,
        reads=[source],
    )
    return [*stages, stage]


class ResidualOp(ChannelOp):
    """``clamp(in + gain * up(source), lo, hi)``.

    Registers: those that pick the source's number, or twice the four of `_between`; its product
    with the gain; the sum; and where a sum may leave ``lo..hi``, those of its clamp.

    Args:
        layer: what to compute.
        given, source: the two input tracks; the source's is a 3 x 3 neighbourhood for "bilinear".
    """

    def __init__(self, layer: Residual, given: Track, source: Track) -> None:
        self.layer, self.source = layer, source
        self._square = layer.scale**2
        low, high = _range(given)
        least, most = _range(source)
        unit = 1
        if layer.upsample == "bilinear":
            unit = _denominator(layer.scale) ** 2
        peak = layer.gain * unit
        self._sum = range(low + min(least, 0) * peak, high + max(most, 0) * peak + 1)
        self._clamped = any(
            self._sum[0] < layer.range_of(o)[0] or self._sum[-1] > layer.range_of(o)[1]
            for o in range(given.channels)
        )
        self.picks = layer.upsample != "bilinear"
        self.lead = (0 if self.picks else 2 * _BETWEEN) + int(layer.gain > 1)
        ranges = map(layer.range_of, range(given.channels))
        self._clamp = clamp_registers(ranges) if self._clamped else 0
        self.registers = 1 + self._clamp

    def build(self, unit: Unit, value: Value, at: int) -> Value:
        layer = self.layer
        added = self._bilinear(unit) if layer.upsample == "bilinear" else self._plain(unit)
        if layer.gain > 1:
            added = unit.register(times(added, layer.gain), "gained")
        added = unit.delayed(added, at - unit.lead(self), "added")
        total: Value = unit.register(value + added, "total", self._sum)
        if not self._clamped:
            return total
        ranges = [layer.range_of(o) for o in unit.channels]
        return unit.clamped(total, ranges, "clamped", at + 1, self._clamp)

    def _plain(self, unit: Unit) -> Value:
        """The source's number of each channel, behind the registers of `Unit.picked`."""
        layer, name = self.layer, self.source.name
        sources = [
            layer.channels[o] if layer.channels else o // self._square for o in unit.channels
        ]
        numbers = [self.source.element(unit.word(name), channel) for channel in sources]
        return unit.picked(numbers, "source")

    def _bilinear(self, unit: Unit) -> Value:
        """The patch's number of each channel: down three columns, then across; 4 registers each."""
        r, square = self.layer.scale, self._square
        channels = [o // square for o in unit.channels]
        rows = [o % square // r for o in unit.channels]
        columns = [o % r for o in unit.channels]

        def down(j: int) -> Value:
            word = unit.word(self.source.name)
            pixels = [[self.source.element(word, c, row, j) for row in range(3)] for c in channels]
            return _between(unit, f"down{j}", pixels, rows, r, _range(self.source), 0)

        # Units of one row of the patch share what comes down the columns.
        place = (self.source.name, tuple(channels), tuple(rows))
        three = [unit.shared((*place, j), partial(down, j)) for j in range(3)]
        low, high = (end * _denominator(r) for end in _range(self.source))
        triples = [three] * len(columns)
        return _between(unit, "across", triples, columns, r, (low, high), _BETWEEN)


def _denominator(scale: int) -> int:
    return int(bilinear_taps(scale)[0].sum())


def _between(
    unit: Unit,
    name: str,
    triples: Sequence[Sequence[Value]],
    phases: Sequence[int],
    scale: int,
    limits: tuple[int, int],
    at: int,
) -> Value:
    """``denominator * centre + |offset| * (nearer neighbour - centre)``, behind four registers.

    Args:
        triples: by step, the numbers before, at and after the centre, behind ``at`` registers.
        phases: by step.
        limits: least and greatest of the numbers.
    """
    taps = bilinear_taps(scale)
    centres = [triple[1] for triple in triples]
    others = [
        triple[0] if taps[p, 0] else triple[2] for triple, p in zip(triples, phases, strict=True)
    ]
    weights = [int(taps[p, 0] + taps[p, 2]) for p in phases]
    centre = unit.register(unit.chosen(centres, f"{name}_centre_now", at), f"{name}_centre")
    other = unit.register(unit.chosen(others, f"{name}_other_now", at), f"{name}_other")
    difference = unit.register(other - centre, f"{name}_difference")
    products = {weight: times(difference, weight) for weight in set(weights)}
    chosen = unit.chosen([products[w] for w in weights], f"{name}_product_now", at + 2)
    product = unit.register(chosen, f"{name}_product")
    centre = unit.delayed(centre, 2, f"{name}_centre")
    whole = _denominator(scale)
    shape = range(min(limits[0] * whole, 0), max(limits[1] * whole, 0) + 1)
    return unit.register(times(centre, whole) + product, f"{name}_between", shape)


def _range(track: Track) -> tuple[int, int]:
    low = -(1 << (track.bits - 1)) if track.signed else 0
    return low, low + (1 << track.bits) - 1

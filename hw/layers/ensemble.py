"""Hardware of golden/layers/ensemble.py: sums of branches, clamped, and sums of rotations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from amaranth import Cat, Module, Signal, Value

from lutscale.golden.layers import Ensemble
from lutscale.golden.symmetry import patch_source
from lutscale.hw.arithmetic import clamp
from lutscale.hw.layers.context import Context
from lutscale.hw.pointwise import Pointwise
from lutscale.hw.slots import Stage, Track, value_track

__all__ = ["EnsembleStage", "build"]


def build(context: Context) -> list[Stage]:
    """Two registers: behind the clamped sums, and behind the sum of the rotations."""
    result = value_track(context.result, context.output_type)
    return [EnsembleStage(context, [*context.kept(), result])]


class EnsembleStage(Pointwise):
    """Turning a patch back costs no logic: the wires of its pixels change places."""

    def __init__(self, context: Context, outputs: Sequence[Track]) -> None:
        assert isinstance(context.layer, Ensemble)
        super().__init__(context.tracks, outputs, depth=2)
        self.layer, self.input, self.result = context.layer, context.input, outputs[-1]

    def compute(self, m: Module, fields: Mapping[str, Value], enable: Value) -> dict[str, Value]:
        layer, given, word = self.layer, self.track(self.input), fields[self.input]
        square, count = layer.scale**2, self.result.channels
        sums: list[list[Value]] = []
        for q in range(layer.rotations):
            sums.append([])
            for o in range(count):
                channels = [(q * layer.branches + b) * count + o for b in range(layer.branches)]
                total = _add([given.element(word, channel) for channel in channels])
                part = Signal(
                    range(layer.lo, layer.hi + 1), name=f"rotation{q}_{o}", reset_less=True
                )
                with m.If(enable):
                    m.d.sync += part.eq(clamp(total, layer.lo, layer.hi))
                sums[-1].append(part)
        results = []
        for o in range(count):
            start = o - o % square
            turned = [
                sums[q][start + patch_source(layer.scale, q)[o % square]]
                for q in range(layer.rotations)
            ]
            result = Signal(self.result.bits, name=f"sum{o}", reset_less=True)
            with m.If(enable):
                m.d.sync += result.eq(_add(turned))
            results.append(result)
        return {self.result.name: Cat(*results)}


def _add(numbers: Sequence[Value]) -> Value:
    total = numbers[0]
    for number in numbers[1:]:
        total = total + number
    return total

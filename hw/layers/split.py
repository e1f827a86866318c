"""Hardware of golden/layers/split.py: wires, and a subtraction of a constant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from amaranth import Cat, Module, Signal, Value

from lutscale.golden.layers import Split
from lutscale.hw.layers.context import Context
from lutscale.hw.pointwise import Pointwise
from lutscale.hw.slots import Stage, Track, value_track

__all__ = ["SplitStage", "build"]


def build(context: Context) -> list[Stage]:
    """One register."""
    result = value_track(context.result, context.output_type)
    return [SplitStage(context, [*context.kept(), result])]


class SplitStage(Pointwise):
    """High parts of all channels, then low parts."""

    def __init__(self, context: Context, outputs: Sequence[Track]) -> None:
        assert isinstance(context.layer, Split)
        super().__init__(context.tracks, outputs, depth=1)
        self.layer, self.input, self.result = context.layer, context.input, outputs[-1]

    def compute(self, m: Module, fields: Mapping[str, Value], enable: Value) -> dict[str, Value]:
        layer, given = self.layer, self.track(self.input)
        numbers = [given.element(fields[self.input], c) for c in range(given.channels)]
        parts = [(number >> layer.low_bits) - layer.offset for number in numbers]
        parts += [number[: layer.low_bits] for number in numbers]
        registers = []
        for k, part in enumerate(parts):
            register = Signal(self.result.bits, name=f"part{k}", reset_less=True)
            with m.If(enable):
                m.d.sync += register.eq(part)
            registers.append(register)
        return {self.result.name: Cat(*registers)}

"""The quantiser: codes become (segment, weight) pairs, in front of a line buffer or behind it.

Behind, the line buffer holds codes, which a residual can use too, and a column of them is looked
up for each pixel; in front, only the new pixel is. Either way later stages see the pairs move
through the window, and look nothing up again. hw/layers/tap_tables.py chooses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from amaranth import Cat, Module, Signal, Value

from lutscale.golden.layers import TapTables
from lutscale.hw.folding import Folded, fold, pick, pick_registers
from lutscale.hw.memory import Rom
from lutscale.hw.slots import Track
from lutscale.hw.targets import Target
from lutscale.hw.tree import delayed

__all__ = ["QuantiserStage"]


class QuantiserStage(Folded):
    """Looks up every code of one track; ``ceil(codes / clocks_per_pixel)`` copies of the ROM.

    The output numbers are ``weight + (segment << fraction_bits)``, unsigned.

    Args:
        layer: the interpolated tap tables the codes are for.
        number: of the layer in the program.
        inputs: the tracks at ``i``.
        name: the track to quantise.
        clocks_per_pixel: F.
        target: whose block memories there are.
    """

    def __init__(
        self,
        layer: TapTables,
        *,
        number: int,
        inputs: Sequence[Track],
        name: str,
        clocks_per_pixel: int,
        target: Target,
    ) -> None:
        assert layer.quantiser is not None
        self.layer, self.name = layer, name
        given = next(track for track in inputs if track.name == name)
        made = replace(given, bits=layer.quantiser.word_bits, signed=False)
        self.codes = given.channels * given.rows * given.cols
        units, steps = fold(self.codes, clocks_per_pixel)
        super().__init__(
            inputs,
            [made if track.name == name else track for track in inputs],
            steps=steps,
            # The code, and what is found for it.
            depth=pick_registers(steps) + 1,
        )
        quantiser = layer.quantiser
        words = (quantiser.segment << quantiser.fraction_bits) + quantiser.weight
        self.tables = tuple(
            Rom(
                name=f"layer{number}_quantiser{u}",
                layer=number,
                purpose="quantiser",
                width=quantiser.word_bits,
                words=[int(word) for word in words],
                target=target,
                style="logic",
                copy=u,
            )
            for u in range(units)
        )
        self.roms = self.tables
        self.memories = tuple(rom.use for rom in self.roms)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        control = self.control(m, [self.name])
        enable, step = control.enable, control.step
        given = self.track(self.name)
        word = self.i.payload[self.name]
        size = given.bits
        codes = [word[k * size : (k + 1) * size] for k in range(self.codes)]
        units = len(self.tables)
        issued = [step, *delayed(m, step, 1, enable)]
        found: list[Value] = []
        for u, rom in enumerate(self.tables):
            m.submodules[f"rom{u}"] = rom
            own = codes[u::units]
            own += own[-1:] * (self.steps - len(own))
            code = pick(m, f"code{u}", own, issued, enable)
            m.d.comb += [rom.en.eq(enable), rom.addr.eq(code_index(code, given, self.layer))]
            found.append(rom.data)

        # Results of all but the last step wait here; code k is unit k % units in step k // units.
        kept: dict[int, Value] = {}
        steps = delayed(m, step, self.depth, enable)
        for s in range(self.steps - 1):
            held = Signal(Cat(*found).shape(), name=f"held{s}", reset_less=True)
            with m.If(control.strobe(m, f"holds{s}", steps[-2] == s, steps[-1] == s)):
                m.d.sync += held.eq(Cat(*found))
            kept[s] = held
        width = len(self.tables[0].data)
        pairs = []
        for k in range(self.codes):
            u, s = k % units, k // units
            source = found[u] if s == self.steps - 1 else kept[s][u * width : (u + 1) * width]
            pairs.append(source)
        with m.If(control.load):
            m.d.sync += control.front[self.name].eq(Cat(*pairs))
        return m


def code_index(code: Value, track: Track, layer: TapTables) -> Value:
    """The level that a code of ``track`` selects: the code plus the layer's offset."""
    signed = code.as_signed() if track.signed else code
    return (signed + layer.code_offset)[: layer.code_bits]

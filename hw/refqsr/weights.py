# amaranth: UnusedElaboratable=no
"""The ROMs of weights: a word of each lane, in two parts, at one address."""

from __future__ import annotations

from typing import Any

from amaranth import Cat, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lutscale.hw.memory import MemoryUse, Rom
from lutscale.hw.refqsr.memories import rom
from lutscale.hw.refqsr.tables import LOW_BITS, ScheduleTables
from lutscale.hw.rom_formats import RomImage
from lutscale.hw.targets import Target

__all__ = ["Weights"]


class Weights(wiring.Component):
    """A ROM for each lane, and one more where weights have more than `LOW_BITS`.

    Ports:
        address: In; ``low``, ``high``: Out, two clocks later, all lanes together.

    Args:
        tables: what the ROMs hold.
        target: whose block memories there are.

    Attributes:
        memories, roms: of everything inside.
    """

    def __init__(self, tables: ScheduleTables, target: Target) -> None:
        self._tables, self._target = tables, target
        self._low = self._lanes("weights", tables.low, LOW_BITS)
        self._high = self._lanes("weights_high", tables.high, tables.high_bits)
        self._all = (*self._low, *self._high)
        self.memories: tuple[MemoryUse, ...] = tuple(each.use for each in self._all)
        self.roms: tuple[RomImage, ...] = tuple(each.image for each in self._all)
        each = tables.lanes * tables.inputs
        super().__init__(
            {
                "address": In(len(self._low[0].addr)),
                "low": Out(each * LOW_BITS),
                "high": Out(max(each * tables.high_bits, 1)),
            }
        )

    def _lanes(self, name: str, words: list[int], bits: int) -> list[Rom]:
        """A ROM for each lane; none of bits that no weight has."""
        tables = self._tables
        width = tables.inputs * bits
        mask = (1 << width) - 1
        return [
            rom(
                f"{name}_{lane}",
                width,
                [word >> lane * width & mask for word in words],
                self._target,
                purpose="table",
                part=name,
            )
            for lane in range(tables.lanes if bits else 0)
        ]

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        for each in self._all:
            m.submodules[each.use.name] = each
            m.d.comb += [each.en.eq(1), each.addr.eq(self.address)]
        for roms, port in ((self._low, self.low), (self._high, self.high)):
            if roms:
                m.d.sync += port.eq(Cat(each.data for each in roms))
        return m

"""Chroma between two columns: the pixels of a large line."""

from __future__ import annotations

from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lutscale.hw.arithmetic import times
from lutscale.hw.colour.geometry import Geometry

__all__ = ["Across", "reciprocal"]


def reciprocal(divisor: int, most: int) -> tuple[int, int]:
    """(multiplier, shift) with ``(n * multiplier) >> shift == n // divisor`` for n in 0..most.

    The least shift there is. By Granlund and Montgomery (1994): the multiplier is
    ``ceil(2**shift / divisor)``, and its error, times the largest n that leaves the greatest rest,
    must stay below ``2**shift``.
    """
    largest = (most + 1) // divisor * divisor - 1
    for shift in range(most.bit_length() + divisor.bit_length() + 1):
        multiplier = -(-(1 << shift) // divisor)
        error = multiplier * divisor - (1 << shift)
        if largest * error < 1 << shift:
            return multiplier, shift
    raise AssertionError(f"no multiplier for {divisor} up to {most}")


class Across(wiring.Component):
    """Sums of columns in, one after the other; of each its pixels, once its neighbours are there.

    A column leaves when the one behind it comes. One that ends its line leaves as many clocks after
    it came as its beats take: so columns that come evenly leave evenly.

    Ports:
        enable: in; all registers load while it is high.
        valid, ends, sum0, sum1: in; as `Rows` gives them.
        there: out; whether there are pixels.
        lanes: out; chroma of all pixels that a column serves, as they lie in a stream.

    Args:
        geometry: of the chroma.
    """

    def __init__(self, geometry: Geometry) -> None:
        self.geometry = geometry
        down, along = geometry.divisors
        self.divisor = down * along
        self.peak = 255 * down
        whole = self.divisor & (self.divisor - 1) == 0
        # Behind the column that comes next: differences, products, sums, and what divides them.
        self.registers = 3 + int(not whole)
        super().__init__(
            {
                "enable": In(1),
                "valid": In(1),
                "ends": In(1),
                "sum0": In(range(self.peak + 1)),
                "sum1": In(range(self.peak + 1)),
                "there": Out(1),
                "lanes": Out(geometry.lanes * geometry.lane_bits),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        held, held_ends, held_begins = (Signal(name=n) for n in ("held", "held_ends", "begins"))
        waited: Value = Const(1)
        if self.geometry.beats > 1:
            waits = Signal(range(self.geometry.beats), name="waits")
            waited = waits == 0
            with m.If(self.enable):
                m.d.sync += waits.eq(Mux(self.valid, self.geometry.beats - 1, waits - (waits != 0)))
        with m.If(self.enable):
            with m.If(self.valid):
                m.d.sync += [
                    held.eq(1),
                    held_ends.eq(self.ends),
                    held_begins.eq(~held | held_ends),
                ]
            with m.Elif(held_ends & waited):
                m.d.sync += held.eq(0)
        there: Value = held & (self.valid | (held_ends & waited))
        for k in range(1, self.registers + 1):
            arrived = Signal(name=f"there{k}")
            with m.If(self.enable):
                m.d.sync += arrived.eq(there)
            there = arrived
        pixels = [self._pixels(m, c, held_ends, held_begins) for c in range(2)]
        # By pixel, then Cb before Cr: so they lie in a pixel of 4:4:4, and in two of 4:2:2.
        m.d.comb += [
            self.there.eq(there),
            self.lanes.eq(Cat(*(pixels[c][p] for p in range(self.geometry.scale) for c in (0, 1)))),
        ]
        return m

    def _pixels(self, m: Module, c: int, ends: Value, begins: Value) -> list[Value]:
        """Cb, or Cr, of a column's r samples."""
        taps, along = self.geometry.taps[1], self.geometry.divisors[1]
        new = getattr(self, f"sum{c}")

        def register(value: Value, name: str, shape: Any = None) -> Signal:
            made = Signal(
                value.shape() if shape is None else shape, name=f"{name}{c}", reset_less=True
            )
            with m.If(self.enable):
                m.d.sync += made.eq(value)
            return made

        column, before = (
            Signal.like(new, name=f"{name}{c}", reset_less=True) for name in ("column", "before")
        )
        with m.If(self.enable & self.valid):
            m.d.sync += [column.eq(new), before.eq(column)]
        centre = register(column, "centre")
        differences = (
            register(Mux(begins, column, before) - column, "behind"),
            register(Mux(ends, column, new) - column, "ahead"),
        )
        most = 255 * self.divisor + self.divisor // 2
        whole = register(times(centre, along) + self.divisor // 2, "whole", range(most + 1))
        found: list[Value] = []
        for p, (back, _, fore) in enumerate(taps.tolist()):
            product = times(differences[0] if back else differences[1], back + fore)
            product = register(product, f"product{p}_") if back + fore else Const(0)
            total = register(whole + product, f"total{p}_", range(most + 1))
            multiplier, shift = reciprocal(self.divisor, most)
            if multiplier == 1:
                found.append(total[shift : shift + 8])
            else:
                divided = times(total, multiplier) >> shift
                found.append(register(divided, f"divided{p}_", 8))
        return found

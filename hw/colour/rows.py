"""Chroma between two stored lines: which words to read, and the sum of both."""

from __future__ import annotations

from typing import Any

from amaranth import Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lutscale.hw.arithmetic import times
from lutscale.hw.colour.geometry import WORD_BITS, Geometry
from lutscale.hw.colour.store import BANKS
from lutscale.hw.folding import select

__all__ = ["ROW_REGISTERS", "Rows"]

ROW_REGISTERS = 6
"""From a column that is asked for to its sums: the memory, a register behind it, and four."""


class Rows(wiring.Component):
    """Columns asked for one after the other, line by line of the large frame; their sums.

    The large lines of a chroma line read it and one neighbour: the line above in the upper ones,
    the line below in the lower ones. Bank and place follow from the count of columns alone: a line
    begins where the one before it in its bank ended.

    Ports:
        enable: in; all registers load while it is high, and a column may be asked for.
        ask, last: in; for the next column of the line at hand, and whether it ends it.
        first: in; a frame begins: its first pixels are here, and its first column may be.
        read, address0, address1, data0, data1, free0, free1: to the `ChromaStore`.
        valid, ends, sum0, sum1: out; of a column: whether it ends its line, Cb and Cr, in units of
            1 / `Geometry.divisors[0]`.

    Args:
        geometry: of the chroma.
        depth: of the store.
    """

    def __init__(self, geometry: Geometry, *, depth: int) -> None:
        self.geometry, self.depth = geometry, depth
        self.peak = 255 * geometry.divisors[0]
        ports: dict[str, Any] = {
            **dict.fromkeys(("enable", "ask", "last", "first"), In(1)),
            **dict.fromkeys(("read", "valid", "ends"), Out(1)),
        }
        for b in range(BANKS):
            ports |= {
                f"address{b}": Out(range(depth)),
                f"data{b}": In(WORD_BITS),
                f"free{b}": Out(1),
                f"sum{b}": Out(range(self.peak + 1)),
            }
        super().__init__(ports)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        r = self.geometry.scale
        self.bank = Signal(name="bank")
        self.phase = Signal(range(r), name="phase")
        top = Signal(name="top")
        top_now = Signal(name="top_now")
        m.d.comb += [top_now.eq(top | self.first), self.read.eq(self.enable & self.ask)]
        with m.If(self.first):
            m.d.sync += top.eq(1)
        with m.If(self.read & self.last):
            m.d.sync += self.phase.eq(Mux(self.phase == r - 1, 0, self.phase + 1))
            with m.If(self.phase == r - 1):
                m.d.sync += [self.bank.eq(~self.bank), top.eq(0)]
        self._address(m, top_now)
        self._sums(m, top_now)
        return m

    def _address(self, m: Module, top: Value) -> None:
        """Where the next column lies in each bank.

        ``base`` is where the line begins that the large lines of this chroma line read in a bank,
        again and again. The line above has its last reader in the last of the upper ones. The last
        line of a frame is never a line above: the next frame begins behind it.
        """
        r, upper = self.geometry.scale, self.geometry.upper
        behind = Signal(range(self.depth), name="behind")
        for b in range(BANKS):
            at = Signal(range(self.depth), name=f"at{b}")
            base = Signal(range(self.depth), name=f"base{b}")
            now, after = Signal.like(base, name=f"base_now{b}"), Signal.like(at, name=f"after{b}")
            other = self.bank != b
            done = other & (self.phase == upper - 1) & ~top
            target = Mux(done, after, now)
            m.d.comb += [
                getattr(self, f"address{b}").eq(at),
                now.eq(Mux(self.first & other, behind, base)),
                after.eq(Mux(at == self.depth - 1, 0, at + 1)),
            ]
            with m.If(self.first):
                m.d.sync += base.eq(now)
            with m.If(self.read):
                m.d.sync += at.eq(Mux(self.last, target, after))
                with m.If(self.last):
                    m.d.sync += base.eq(target)
                    with m.If(~other & (self.phase == r - 1)):
                        m.d.sync += behind.eq(after)

    def _sums(self, m: Module, top: Value) -> None:
        """Two words of a column, and what is between them."""
        geometry, enable = self.geometry, self.enable
        r, upper = geometry.scale, geometry.upper

        def register(value: Value, name: str) -> Signal:
            made = Signal(value.shape(), name=name, reset_less=True)
            with m.If(enable):
                m.d.sync += made.eq(value)
            return made

        asked, ends, phase = self.ask, self.last, self.phase
        for k in range(1, ROW_REGISTERS + 1):
            valid = Signal(name=f"valid{k}")
            with m.If(enable):
                m.d.sync += valid.eq(asked)
            asked, ends = valid, register(ends, f"ends{k}")
            if k < ROW_REGISTERS:
                phase = register(phase, f"phase{k}")
            if k == 2:
                arrived, arrived_phase = valid, phase
            if k == 4:
                weighed_phase = phase
        m.d.comb += [self.valid.eq(asked), self.ends.eq(ends)]

        words = [register(getattr(self, f"data{b}"), f"landed{b}") for b in range(BANKS)]
        bank, top = (
            register(register(value, f"{name}1"), f"{name}2")
            for name, value in (("bank", self.bank), ("top", top))
        )
        own, other = Mux(bank, words[1], words[0]), Mux(bank, words[0], words[1])
        bottom = own[WORD_BITS - 1]
        edge = Mux(arrived_phase < upper, top, bottom)
        done_other = (arrived_phase == upper - 1) & ~top
        done_own = (arrived_phase == r - 1) & bottom
        for b in range(BANKS):
            done = Mux(bank == b, done_own, done_other)
            m.d.comb += getattr(self, f"free{b}").eq(enable & arrived & done)

        weights = (geometry.taps[0][:, 0] + geometry.taps[0][:, 2]).tolist()
        for c in range(2):
            part = slice(8 * c, 8 * c + 8)
            centre = register(own[part], f"centre{c}")
            far = register(Mux(edge, own[part], other[part]), f"far{c}")
            difference = register(far - centre, f"difference{c}")
            # Registers 3, 4, 5 and 6.
            chosen = Signal(signed(9 + max(weights).bit_length()), name=f"chosen{c}")
            select(m, weighed_phase, chosen, [times(difference, w) for w in weights])
            product = register(chosen, f"product{c}")
            late = register(register(centre, f"centre{c}_late"), f"centre{c}_later")
            total = Signal(range(self.peak + 1), name=f"total{c}", reset_less=True)
            with m.If(enable):
                m.d.sync += total.eq(times(late, geometry.divisors[0]) + product)
            m.d.comb += getattr(self, f"sum{c}").eq(total)

"""TMDS: a byte or two control bits become a symbol of ten bits with few transitions and no bias.

Digital Visual Interface 1.0, section 3.2 (encoding), figure 3-5 (the algorithm).
"""

from __future__ import annotations

from typing import Any

from amaranth import Array, Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["CONTROLS", "TmdsEncoder"]

CONTROLS = (0b1101010100, 0b0010101011, 0b0101010100, 0b1010101011)
"""The symbol of each pair of control bits (C1, C0), q_out[9] on the left."""

_HALF = 4
"""Of the eight bits of data."""


class TmdsEncoder(wiring.Component):
    """One channel; a symbol a clock.

    Ports:
        data: in, 8 bits; sent while ``enable`` is high.
        enable: in.
        control: in, 2 bits, C1 and C0; sent otherwise.
        symbol: out, 10 bits; the lowest goes first.

    Attributes:
        latency: clocks from the inputs to the symbol.
    """

    latency = 3

    def __init__(self) -> None:
        super().__init__({"data": In(8), "enable": In(1), "control": In(2), "symbol": Out(10)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        enable = [self.enable] + [Signal(name=f"enable{n}") for n in (1, 2)]
        control = [self.control] + [Signal(2, name=f"control{n}") for n in (1, 2)]
        for n in (1, 2):
            m.d.sync += [enable[n].eq(enable[n - 1]), control[n].eq(control[n - 1])]
        # First the transitions: XOR or XNOR with the bit before.
        ones = sum(self.data[n] for n in range(8))
        invert = Signal(name="invert")
        m.d.comb += invert.eq((ones > _HALF) | ((ones == _HALF) & ~self.data[0]))
        bits = [self.data[0]]
        for n in range(1, 8):
            bits.append(bits[-1] ^ self.data[n] ^ invert)
        few = Signal(9, name="few")
        m.d.sync += few.eq(Cat(*bits, ~invert))
        # Then how many more ones than zeros there are, halved: -4 to 4.
        body, excess = Signal(9, name="body"), Signal(signed(4), name="excess")
        m.d.sync += [body.eq(few), excess.eq(sum(few[n] for n in range(8)) - _HALF)]
        # Then the bias, also halved: within -4 to 4.
        bias = Signal(signed(4), name="bias")
        plain, same = Signal(name="plain"), Signal(name="same")
        m.d.comb += [
            plain.eq((bias == 0) | (excess == 0)),
            same.eq((bias > 0) == (excess > 0)),
        ]
        turned = Signal(name="turned")
        m.d.comb += turned.eq(Mux(plain, ~body[8], same))
        with m.If(enable[2]):
            m.d.sync += self.symbol.eq(Cat(body[:8] ^ turned.replicate(8), body[8], turned))
            # The two bits on top count as well; in the plain case they are one and zero.
            top = Mux(plain, 0, Mux(turned, body[8], body[8] - Const(1, 1)))
            m.d.sync += bias.eq(bias + Mux(turned, -excess, excess) + top)
        with m.Else():
            symbols = Array(Const(each, 10) for each in CONTROLS)
            m.d.sync += [self.symbol.eq(symbols[control[2]]), bias.eq(0)]
        return m

"""CRC-32 of bytes, one a clock: IEEE 802.3, as zlib's `crc32`."""

from __future__ import annotations

from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Crc32"]

_POLYNOMIAL = 0xEDB88320
"""Reflected: the lowest bit of a byte goes first."""


class Crc32(wiring.Component):
    """The checksum of a frame of bytes.

    Ports:
        enable, data: in, a byte.
        first: in, it is the first.
        crc: out, of all up to the byte of the clock before.
    """

    def __init__(self) -> None:
        super().__init__({"enable": In(1), "first": In(1), "data": In(8), "crc": Out(32)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        state = Signal(32, init=0xFFFFFFFF, name="state")
        m.d.comb += self.crc.eq(~state)
        with m.If(self.enable):
            m.d.sync += state.eq(_next(Mux(self.first, Const(0xFFFFFFFF, 32), state), self.data))
        return m


def _next(state: Value, data: Value) -> Value:
    bits = [state[n] for n in range(32)]
    for n in range(8):
        out = bits[0] ^ data[n]
        bits = [*bits[1:], Const(0, 1)]
        bits = [bit ^ out if _POLYNOMIAL >> k & 1 else bit for k, bit in enumerate(bits)]
    return Cat(*bits)

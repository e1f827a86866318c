"""Shifts by a signal that round, clamps between signals, and numbers of other widths."""

from __future__ import annotations

from amaranth import Cat, Const, Mux, Shape, Value, signed

__all__ = ["between", "extended", "fitted", "holding", "padded", "shifted"]


def shifted(product: Value, shift: Value) -> Value:
    """``(product + (1 << (shift - 1))) >> shift``, for shifts of at least 1."""
    return ((product >> (shift - 1).as_unsigned()) + 1) >> 1


def between(value: Value, low: Value, high: Value) -> Value:
    """``min(max(value, low), high)``."""
    return Mux(value < low, low, Mux(value > high, high, value))


def holding(low: Value, high: Value) -> Shape:
    """Of all numbers from one to the other, both signed."""
    return signed(max(len(low), len(high)))


def extended(value: Value, bits: int) -> Value:
    """A number in two's complement, of at least as many bits as it has."""
    return Cat(value, value[-1].replicate(bits - len(value)))


def fitted(value: Value, bits: int) -> Value:
    """The lowest bits of a signed number, and its sign above them where it has fewer."""
    return extended(value, max(bits, len(value)))[:bits]


def padded(value: Value, bits: int) -> Value:
    """A number without a sign, of at least as many bits as it has."""
    return Cat(value, Const(0, bits - len(value)))

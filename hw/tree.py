"""Exact bounds of signals, registers in a row, adder trees sized by the bounds, accumulators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from amaranth import Module, Mux, Signal, Value

__all__ = ["Bounds", "accumulate", "add_tree", "delayed", "tree_registers"]

# Additions between two registers of the tree: pairs, which cost less than four operands a register
# (an adder of four takes two carry chains in a row) and half the time.
_LEVELS = 1


@dataclass(frozen=True)
class Bounds:
    """Least and greatest number of a signal, to size it."""

    lo: int
    hi: int

    def __add__(self, other: Bounds) -> Bounds:
        return Bounds(self.lo + other.lo, self.hi + other.hi)

    @property
    def shape(self) -> range:
        """For a signal that may also be 0."""
        return range(min(self.lo, 0), max(self.hi, 0) + 1)


def delayed(m: Module, value: Value, clocks: int, enable: Value) -> list[Value]:
    """``value`` after 1, 2, ... ``clocks`` registers."""
    chain: list[Value] = []
    for _ in range(clocks):
        register = Signal.like(value, name="delayed", reset_less=True)
        with m.If(enable):
            m.d.sync += register.eq(value)
        chain.append(register)
        value = register
    return chain


def tree_registers(operands: int) -> int:
    """Registers in a row of the tree that adds so many operands; at least one."""
    return max(-(-(operands - 1).bit_length() // _LEVELS), 1)


def add_tree(
    m: Module, label: str, numbers: Sequence[Value], bounds: Sequence[Bounds], enable: Value
) -> Value:
    """The sum, behind `tree_registers` registers that load while ``enable`` is high."""
    arity = 1 << _LEVELS
    numbers, bounds = list(numbers), list(bounds)
    for level in range(tree_registers(len(numbers))):
        sums: list[Value] = []
        totals: list[Bounds] = []
        for k in range(0, len(numbers), arity):
            total = Bounds(0, 0)
            value: Value = numbers[k]
            for number in numbers[k + 1 : k + arity]:
                value = value + number
            for bound in bounds[k : k + arity]:
                total += bound
            register = Signal(
                total.shape, name=f"tree{label}_{level}_{k // arity}", reset_less=True
            )
            with m.If(enable):
                m.d.sync += register.eq(value)
            sums.append(register)
            totals.append(total)
        numbers, bounds = sums, totals
    return numbers[0]


def accumulate(
    m: Module, label: str, number: Value, shape: range, *, steps: int, first: Value, enable: Value
) -> Signal:
    """The sum of ``number`` and those of the steps before it, in the same clock.

    Args:
        shape: of any partial sum.
        steps: there are; one needs no register.
        first: high in the first of them.
        enable: high in the clocks that count.
    """
    value = Signal(shape, name=f"sum{label}")
    if steps == 1:
        m.d.comb += value.eq(number)
        return value
    acc = Signal(value.shape(), name=f"acc{label}", reset_less=True)
    m.d.comb += value.eq(Mux(first, 0, acc) + number)
    with m.If(enable):
        m.d.sync += acc.eq(value)
    return value

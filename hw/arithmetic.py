"""Products and clamps as chosen gates: shifts and adds of a constant, registered multipliers.

Synthesis would take a whole DSP multiplier for ``6 * x``, and two comparisons for a clamp that a
look at the top bits decides.
"""

from __future__ import annotations

from collections.abc import Iterable

from amaranth import Cat, Module, Mux, Signal, Value, signed

from lutscale.hw.tree import Bounds, add_tree, tree_registers

__all__ = [
    "DSP_BITS",
    "clamp",
    "multiply",
    "multiply_registers",
    "shifts_do",
    "signed_digits",
    "times",
    "whole_bits",
]

DSP_BITS = 18
"""Bits of either signed operand of a multiplier block, on every family but the smallest."""


# A constant of so few digits takes one addition.
_FEW_DIGITS = 2


def signed_digits(number: int) -> list[tuple[int, int]]:
    """(shift, 1 or -1) of the fewest powers of two that add up to a number of at least 0."""
    digits, shift = [], 0
    while number:
        if number & 1:
            digit = 2 - (number & 3)
            digits.append((shift, digit))
            number -= digit
        number >>= 1
        shift += 1
    return digits


def shifts_do(numbers: Iterable[int]) -> bool:
    """Whether a product with any of ``numbers``, all the same, is two shifts and an addition."""
    different = {int(number) for number in numbers}
    return len(different) == 1 and len(signed_digits(*different)) <= _FEW_DIGITS


def times(value: Value, number: int) -> Value:
    """``value * number`` by shifts, additions and subtractions; ``number`` at least 0."""
    digits = signed_digits(number)[::-1]
    if not digits:
        return value[:1] & 0
    # The highest digit is always added.
    total: Value = value << digits[0][0]
    for shift, sign in digits[1:]:
        total = total + (value << shift) if sign > 0 else total - (value << shift)
    return total


def whole_bits(lo: int, hi: int) -> bool:
    """Whether a range is all numbers of so many bits, so that a clamp looks at the others."""
    bits = hi.bit_length()
    return bits > 0 and hi == (1 << bits) - 1 and lo in (0, -(1 << bits))


def clamp(value: Value, lo: int, hi: int) -> Value:
    """``min(max(value, lo), hi)``; by the top bits where the range is one of whole bits."""
    bits = hi.bit_length()
    if whole_bits(lo, hi) and len(value) > bits + 1 and value.shape().signed:
        top, sign = value[bits:], value[-1]
        if lo:
            fits = (top == 0) | top.all()
            limit = Cat((~sign).replicate(bits), sign).as_signed()
            return Mux(fits, value[: bits + 1].as_signed(), limit)
        return Mux(top == 0, value[:bits], (~sign).replicate(bits))
    return Mux(value < lo, lo, Mux(value > hi, hi, value))


def multiply_registers(a_bits: int, b_bits: int, *, dsp: bool) -> int:
    """Registers of `multiply`, for operands of so many bits."""
    if not dsp:
        return 1 + tree_registers(-(-b_bits // 2))
    return 1 if a_bits <= DSP_BITS else 2


def multiply(
    m: Module, name: str, a: Value, b: Value, bounds: Bounds, *, enable: Value, dsp: bool
) -> Signal:
    """``a * b`` behind `multiply_registers` registers that load while ``enable`` is high.

    Args:
        a: signed.
        b: unsigned and, with ``dsp``, of fewer than `DSP_BITS` bits: the one that is cut into
            digits without.
        bounds: of the product.
        dsp: whether to leave the product to multiplier blocks, one for each 18 bits of ``a``.
    """
    product = Signal(bounds.shape, name=f"{name}_product", reset_less=True)
    if not dsp:
        rows, limits = [], []
        for k in range(0, len(b), 2):
            digit = b[k : k + 2]
            row = Mux(digit[0], a, 0)
            if len(digit) > 1:
                row = row + Mux(digit[1], a << 1, 0)
            most = (1 << len(digit)) - 1
            low, high = -(most << (len(a) - 1)), most << (len(a) - 1)
            register = Signal(range(low, high + 1), name=f"{name}_row{k}", reset_less=True)
            with m.If(enable):
                m.d.sync += register.eq(row)
            rows.append(register << k)
            limits.append(Bounds(low << k, high << k))
        total = add_tree(m, f"{name}_rows", rows, limits, enable)
        m.d.comb += product.eq(total)
        return product
    if len(a) <= DSP_BITS:
        with m.If(enable):
            m.d.sync += product.eq(a * b)
        return product
    # Low bits unsigned, high bits signed: a multiplier block each.
    low_bits = DSP_BITS - 1
    low = Signal(low_bits + len(b), name=f"{name}_low", reset_less=True)
    high = Signal(signed(len(a) - low_bits + len(b)), name=f"{name}_high", reset_less=True)
    with m.If(enable):
        m.d.sync += [
            low.eq(a[:low_bits] * b),
            high.eq(a[low_bits:].as_signed() * b),
            product.eq(Cat(low[:low_bits], (high + low[low_bits:]).as_signed()).as_signed()),
        ]
    return product

"""What a form costs before it is synthesised: LUT4 equivalents (COMB) and multipliers.

Counted from the sums that would be built, with the exact bounds of every number; docs/forms.md
compares with synthesis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lutscale.golden.layers import TapTables
from lutscale.hw.forms.banks import Banks
from lutscale.hw.forms.planes import PlanePlan, stacked_constants
from lutscale.hw.tree import Bounds

__all__ = [
    "Cost",
    "adder",
    "bits_of",
    "lanes_cost",
    "lanes_costs",
    "multiplexer",
    "planes_cost",
    "table",
    "tree",
]


_FEW_ROWS = 16


@dataclass(frozen=True)
class Cost:
    """COMB and multipliers.

    Attributes:
        registers: bits of those in trees and accumulators; of planes alone.
    """

    comb: int
    dsp: int = 0
    registers: int = 0

    def __add__(self, other: Cost) -> Cost:
        registers = self.registers + other.registers
        return Cost(self.comb + other.comb, self.dsp + other.dsp, registers)


def bits_of(bounds: Bounds) -> int:
    """Bits of the register that `hw.tree` makes of a number in these bounds."""
    lo, hi = min(bounds.lo, 0), max(bounds.hi, 0)
    return (1 + max(hi, -lo - 1).bit_length()) if lo < 0 else hi.bit_length()


def adder(bits: int) -> int:
    """Two bits a carry cell."""
    return 2 * -(-bits // 2)


def multiplexer(choices: int) -> int:
    """LUT4 for one bit out of so many: two bits each; the wide multiplexers are no LUT."""
    return -(-choices // 2) if choices > 1 else 0


def table(index_bits: int) -> int:
    """LUT4 for one bit of a table in logic."""
    return 1 << max(index_bits - 4, 0)


def tree(bounds: Sequence[Bounds]) -> int:
    """Of registered pairs."""
    cost, level = 0, list(bounds)
    while len(level) > 1:
        pairs = [level[k : k + 2] for k in range(0, len(level), 2)]
        level = [Bounds(sum(b.lo for b in pair), sum(b.hi for b in pair)) for pair in pairs]
        cost += sum(
            adder(bits_of(total))
            for total, pair in zip(level, pairs, strict=True)
            if len(pair) > 1 and all(b.lo or b.hi for b in pair)
        )
    return cost


def lanes_cost(layer: TapTables, banks: Banks, *, dsp: bool) -> Cost:
    """Of `hw.forms.lanes.Lanes`, or of `hw.forms.direct.Direct` for direct tables."""
    return lanes_costs(layer, banks)[dsp]


def lanes_costs(layer: TapTables, banks: Banks) -> tuple[Cost, Cost]:
    """`lanes_cost` without multipliers and with them."""
    comb = products = without = with_ = 0
    interpolated = layer.quantiser is not None
    f, entry = layer.fraction_bits, layer.entry_bits
    width = entry * layer.outputs
    for bank in banks.all:
        operand = layer.quantiser.word_bits if layer.quantiser else layer.code_bits
        comb += operand * multiplexer(banks.steps)
        entries = np.concatenate([layer.table(*place) for place in banks.tables(*bank[1:])])
        limits = [Bounds(int(low), int(high)) for low, high in _ends(entries)]
        functions = _functions(entries, limits)
        depths = banks.depths(bank)
        for depth in depths:
            address = max((depth - 1).bit_length(), 1)
            comb += adder(address)
            if not banks.target.rom_pays(depth, width):
                comb += functions * table(address)
        if interpolated:
            comb += 2 * (f + 1)
            sizes = [bits_of(limit) for limit in limits]
            without += sum(_lane(size, f, dsp=False) for size in sizes)
            with_ += sum(_lane(size, f, dsp=True) for size in sizes)
            products += layer.outputs
    for g in range(layer.groups):
        for o in range(layer.outputs):
            bounds = [banks.range_of(g, k, o) for k in range(banks.count)]
            total = banks.sum_range(g, o)
            size = bits_of(Bounds(total[0], total[-1]))
            own = tree(bounds) + (adder(size) + size if banks.pass_steps > 1 else 0)
            comb += banks.copies * own
    return Cost(comb + without), Cost(comb + with_, products)


def _lane(bits: int, fraction_bits: int, *, dsp: bool) -> int:
    """Difference, product and sum of entries of so many bits."""
    cost = adder(bits + 1) + adder(bits + 2)
    if not dsp:
        rows = -(-(fraction_bits + 1) // 2)
        cost += rows * (2 * (bits + 2) + adder(bits + 3)) + (rows - 1) * adder(bits + 5)
    return cost


def planes_cost(layer: TapTables, plan: PlanePlan, result_bits: int) -> Cost:
    """Of `hw.forms.planes.PlanesStage`."""
    quantiser = layer.quantiser
    assert quantiser is not None
    index = quantiser.segment_bits + plan.digit_bits
    comb = plan.slots * (
        quantiser.word_bits * multiplexer(plan.turns)
        + plan.digit_bits * multiplexer(plan.digits + 1)
        + index
    )
    ends = []
    for tables in stacked_constants(layer, plan):
        slots = (tables.shape[1] // (1 if plan.tied else plan.turns) - 1).bit_length()
        low, high = tables.min(axis=1), tables.max(axis=1)
        ends.append((low, high))
        # Outputs whose bits are the same function of the index share a register.
        comb += _functions_of_all(tables, low, high) * table(slots + plan.turn_bits)
    low, high = (np.concatenate(side) for side in zip(*ends, strict=True))
    width = result_bits + plan.scaled_bits - layer.fraction_bits
    adders, registers = _trees(low, high)
    outputs = low.shape[1]
    comb += adders + outputs * (adder(width) + width)
    return Cost(comb, registers=registers + outputs * (width + 1))


_Numbers = npt.NDArray[np.int64]


def _bits_of(low: _Numbers, high: _Numbers) -> _Numbers:
    """`bits_of` of each."""
    size = np.maximum(high, np.where(low < 0, -low - 1, 0))
    # Exact below 2**52: the exponent of a float is the bit length.
    return np.frexp(size.astype(np.float64))[1].astype(np.int64) + (low < 0)


def _trees(low: _Numbers, high: _Numbers) -> tuple[int, int]:
    """`tree` of each column of bounds, in all, and the bits of its registers."""
    cost = 0
    # One number alone stands behind a register, too.
    registers = int(_bits_of(low, high).sum()) if len(low) == 1 else 0
    while len(low) > 1:
        even = len(low) - len(low) % 2
        there = (low != 0) | (high != 0)
        both = there[:even:2] & there[1:even:2]
        low, high = (
            np.concatenate([side[:even:2] + side[1:even:2], side[even:]]) for side in (low, high)
        )
        bits = _bits_of(low, high)
        registers += int(bits.sum())
        cost += int((2 * -(-bits[: even // 2] // 2))[both].sum())
    return cost, registers


def _functions_of_all(tables: _Numbers, low: _Numbers, high: _Numbers) -> int:
    """`_functions` of each of (tables, rows, outputs), in all."""
    count, bits = tables.shape[1], _bits_of(np.minimum(low, 0), np.maximum(high, 0))
    if count > _FEW_ROWS:
        return int(bits.sum())
    places = np.arange(int(bits.max()))[:, None, None, None]
    ones = (tables[None] >> places & 1) << np.arange(count)[:, None]
    functions = np.sort(ones.sum(axis=2).swapaxes(0, 1).reshape(len(tables), -1), axis=1)
    new = np.ones_like(functions, bool)
    new[:, 1:] = functions[:, 1:] != functions[:, :-1]
    return int((new & (functions != 0) & (functions != (1 << count) - 1)).sum())


def _functions(rows: npt.NDArray[np.integer], limits: Sequence[Bounds]) -> int:
    """How many different functions of the index the bits of all outputs are, constants apart.

    Where an index of more than four bits selects, no two are taken to be the same.
    """
    count = len(rows)
    if count > _FEW_ROWS:
        return sum(map(bits_of, limits))
    bits = np.arange(max(map(bits_of, limits), default=0))
    # By bit, row and output; behind an output's own bits its sign is repeated.
    ones = rows[None].astype(np.int64) >> bits[:, None, None] & 1
    functions = np.unique((ones << np.arange(count)[:, None]).sum(axis=1))
    return int(np.isin(functions, (0, (1 << count) - 1), invert=True).sum())


def _ends(rows: npt.NDArray[np.integer]) -> Iterator[tuple[np.integer, np.integer]]:
    """The least and the greatest of each output."""
    return zip(rows.min(axis=0), rows.max(axis=0), strict=True)

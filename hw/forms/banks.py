"""Tables stacked into banks of ROM: which table a bank reads in which step, and its ROMs.

Every form shares them: the ROM images are the same, whatever becomes of the tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from amaranth import Const, Module, Signal, Value

from lutscale.golden.layers import TapTables
from lutscale.hw.folding import fold, pick_registers, select
from lutscale.hw.memory import Rom, Stored, packed, stored
from lutscale.hw.slots import Track
from lutscale.hw.targets import Target
from lutscale.hw.tree import Bounds, delayed
from lutscale.hw.turns import Schedule

__all__ = ["READ", "Bank", "BankRead", "Banks", "Place", "window_number"]

READ = 3
"""Registers from an address to the words read: its own, the ROM's, and the word's away from all
logic, since block memories are slow."""

Place = tuple[int, int, int]
"""A table: input channel, row and column of the tap."""

Bank = tuple[int, int, int]
"""A bank: copy, group, number."""


class Banks:
    """The T tables of each group in ``ceil(T / F)`` banks of F tables.

    Rotations, and the shares of tied tables, take turns at the same banks, a pass each, as far as
    the fold has clocks for them; otherwise the banks are there in copies.

    Args:
        layer: the tables.
        number: of the layer in the program.
        clocks_per_pixel: F.
        target: whose block memories there are.

    Attributes:
        schedule: which pass runs when, at which copy.
        passes, copies: of rotations or shares, one after the other, and side by side.
        count: banks of a group and copy.
        pass_steps: steps of a pass.
        picked: registers from the issue of a step to its operand.
    """

    def __init__(
        self,
        layer: TapTables,
        *,
        number: int,
        clocks_per_pixel: int,
        target: Target,
    ) -> None:
        self.layer, self.target = layer, target
        kh, kw = layer.kernel
        share = layer.in_channels // layer.groups
        self._tables = [
            [(g * share + c, i, j) for c in range(share) for i, j in np.ndindex(kh, kw)]
            for g in range(layer.groups)
        ]
        self.schedule = Schedule(layer.pass_count, clocks_per_pixel)
        self.passes, self.copies = self.schedule.passes, self.schedule.copies
        clocks = clocks_per_pixel // self.passes
        self.count, self.pass_steps = fold(len(self._tables[0]), clocks)
        self.steps = self.passes * self.pass_steps
        self.picked = pick_registers(self.steps)
        self._number = number

    @cached_property
    def roms(self) -> dict[Bank, list[Rom]]:
        """By bank, one ROM (direct), or those of the even and of the odd nodes."""
        return {bank: [Rom(**each) for each in self._contents(bank)] for bank in self.all}

    @property
    def all(self) -> list[Bank]:
        """Every bank."""
        return list(np.ndindex(self.copies, self.layer.groups, self.count))

    def stored(self) -> list[Stored]:
        """Images and accounts of all ROMs, for a form that makes gates of them."""
        every = [each for bank in self.all for each in self._contents(bank)]
        return [stored(**{**each, "style": "gates"}) for each in every]

    def depths(self, bank: Bank) -> list[int]:
        """Words of each ROM of a bank."""
        levels = [self.layer.levels(channel) for channel, _, _ in self.tables(*bank[1:])]
        if self.layer.quantiser is None:
            return [sum(levels)]
        return [sum(-(-n // 2) for n in levels), sum(n // 2 for n in levels)]

    def tables(self, group: int, number: int) -> list[Place]:
        """The tables of a bank, by step of a pass; fewer than the steps in the last banks."""
        return self._tables[group][number * self.pass_steps : (number + 1) * self.pass_steps]

    def _contents(self, bank: Bank) -> list[dict[str, Any]]:
        """The arguments of each `Rom`."""
        layer, (copy, group, place) = self.layer, bank
        stacks: list[list[npt.NDArray[np.integer]]] = [[], []]
        for table in (layer.table(*table) for table in self.tables(group, place)):
            if layer.quantiser is None:
                stacks[0] += list(table)
            else:
                stacks[0] += list(table[0::2])
                stacks[1] += list(table[1::2])
        own = f"_copy{copy}" if self.copies > 1 else ""
        own += f"_group{group}" if layer.groups > 1 else ""
        contents: list[dict[str, Any]] = []
        for stack, suffix in zip(stacks, ("even", "odd"), strict=True):
            if not stack:
                continue
            label = "" if layer.quantiser is None else f"_{suffix}"
            contents.append(
                {
                    "name": f"layer{self._number}{own}_bank{place}{label}",
                    "layer": self._number,
                    "purpose": "table",
                    "width": layer.entry_bits * layer.outputs,
                    "words": packed(stack, layer.entry_bits),
                    "target": self.target,
                    "copy": copy,
                }
            )
        return contents

    def sum_range(self, group: int, output: int) -> range:
        """Every partial sum of a pass, and the whole."""
        total = Bounds(0, 0)
        lo = hi = 0
        for s in range(self.pass_steps):
            total += self.step_bounds(s, [(group, output)])
            lo, hi = min(lo, total.lo), max(hi, total.hi)
        return range(lo, hi + 1)

    def step_bounds(self, step: int, outputs: Sequence[tuple[int, int]]) -> Bounds:
        """Bounds of what all banks together give to outputs, by group and number, in a step."""
        total = Bounds(0, 0)
        for group, output in outputs:
            for bank in range(self.count):
                tables = self.tables(group, bank)
                if step < len(tables):
                    total += self._table_range(tables[step], output)
        return total

    def range_of(self, group: int, number: int, output: int) -> Bounds:
        """Bounds of what a bank gives: any of its tables, or 0 when it has run out of them."""
        tables = self.tables(group, number)
        ranges = [self._table_range(place, output) for place in tables]
        if len(ranges) < self.pass_steps:
            ranges.append(Bounds(0, 0))
        return Bounds(min(r.lo for r in ranges), max(r.hi for r in ranges))

    def _table_range(self, place: Place, output: int) -> Bounds:
        low, high = self.layer.bounds[(slice(None), *place, output)].tolist()
        return Bounds(low << self.layer.fraction_bits, high << self.layer.fraction_bits)


def window_number(
    layer: TapTables, track: Track, word: Value, place: Place, element: int = 0
) -> Value:
    """The number out of a window that a tap of a channel reads, turned by ``element``."""
    (channel, i, j), (above, _, left, _) = place, layer.reach
    down, right = layer.offset(i, j, element)
    return track.element(word, channel, above + down, left + right)


class BankRead:
    """One bank while it is being built: its operand, and what a form needs to read it.

    Args:
        banks: all of them.
        bank: which.
        m, enable: the module, and when its registers load.
        operand: the window's number, behind `Banks.picked` registers.
        steps: the step being issued, and that behind a register.
        registers: of the form, from operand to number.

    Attributes:
        places: its tables, by step of a pass.
    """

    def __init__(
        self,
        banks: Banks,
        bank: Bank,
        m: Module,
        enable: Value,
        operand: Value,
        steps: Sequence[Value],
        registers: int,
    ) -> None:
        self.banks, self.bank, self.m, self.enable = banks, bank, m, enable
        self.layer, self.roms = banks.layer, banks.roms[bank]
        self.label = "_".join(map(str, bank))
        self.places = banks.tables(*bank[1:])
        self.operand = operand
        self._step = steps[banks.picked - 1]
        self._idle: list[Value] = []
        if len(self.places) < banks.pass_steps:
            late = [k for k in range(banks.steps) if k % banks.pass_steps >= len(self.places)]
            self._idle = delayed(m, steps[0].matches(*late), banks.picked + registers, enable)
        for rom in self.roms:
            m.submodules[rom.use.name] = rom
            m.d.comb += rom.en.eq(enable)

    def idle(self, at: int) -> Value | None:
        """High where the bank has run out of tables, ``at`` registers behind the operand."""
        return self._idle[self.banks.picked - 1 + at] if self._idle else None

    def register(self, value: Value, name: str, shape: Any = None) -> Signal:
        """``value`` behind a register."""
        shape = value.shape() if shape is None else shape
        register = Signal(shape, name=f"{name}{self.label}", reset_less=True)
        with self.m.If(self.enable):
            self.m.d.sync += register.eq(value)
        return register

    def constant(self, name: str, numbers: Sequence[int]) -> Value:
        """One of ``numbers``, that of the operand's table, beside it."""
        rest = [numbers[-1]] * (self.banks.pass_steps - len(numbers))
        by_step = [*numbers, *rest] * self.banks.passes
        shape = range(min(0, *numbers), max(1, *numbers) + 1)
        chosen = Signal(shape, name=f"{name}_now{self.label}")
        select(self.m, self._step, chosen, [Const(n, chosen.shape()) for n in by_step])
        return self.register(chosen, name)

    def landed(self, rom: Rom) -> list[Value]:
        """The entries of the word read."""
        m, word = self.m, Signal.like(rom.data, name=f"word_{rom.use.name}", reset_less=True)
        with m.If(self.enable):
            m.d.sync += word.eq(rom.data)
        bits = self.layer.entry_bits
        return [word[o * bits : (o + 1) * bits].as_signed() for o in range(self.layer.outputs)]

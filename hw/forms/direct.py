"""Direct form: the word that a code selects is the number."""

from __future__ import annotations

from itertools import accumulate

from amaranth import Mux, Signal, Value

from lutscale.golden.layers import TapTables
from lutscale.hw.forms.banks import READ, BankRead

__all__ = ["Direct"]


class Direct:
    """One address of one code a step.

    Args:
        layer: tables of codes.

    Attributes:
        registers: from the operand to the numbers.
    """

    def __init__(self, layer: TapTables) -> None:
        self._address = READ if layer.code_ranges is None else READ + 1
        self.registers = self._address + 1

    def read(self, bank: BankRead) -> list[Value]:
        """The bank's number for every output; 0 when it has run out of tables."""
        (rom,) = bank.roms
        bank.m.d.comb += rom.addr.eq(bank.register(self._word(bank), "address", len(rom.addr)))
        numbers: list[Value] = []
        idle = bank.idle(self._address)
        for o, entry in enumerate(bank.landed(rom)):
            number = Signal.like(entry, name=f"number{bank.label}_{o}", reset_less=True)
            with bank.m.If(bank.enable):
                bank.m.d.sync += number.eq(entry if idle is None else Mux(idle, 0, entry))
            numbers.append(number)
        return numbers

    def _word(self, bank: BankRead) -> Value:
        """Which word of the ROM it is."""
        layer, places, code = bank.layer, bank.places, bank.operand
        levels = [layer.levels(c) for c, _, _ in places]
        starts = list(accumulate([0, *levels[:-1]]))
        firsts = [layer.code_range(c)[0] for c, _, _ in places]
        bases = [start - low for start, low in zip(starts, firsts, strict=True)]
        address = code + bank.constant("base", bases)
        if layer.code_ranges is None:
            return address
        # Sum and comparisons side by side, and the ends of the table for codes beyond.
        first = bank.constant("first", firsts)
        last = bank.constant("last", [layer.code_range(c)[1] for c, _, _ in places])
        ends = [start + count - 1 for start, count in zip(starts, levels, strict=True)]
        low, high = bank.constant("start", starts), bank.constant("end", ends)
        below, above = bank.register(code < first, "below"), bank.register(code > last, "above")
        inside, low, high = (
            bank.register(value, f"{name}_late")
            for value, name in ((address, "address"), (low, "start"), (high, "end"))
        )
        return Mux(below, low, Mux(above, high, inside))

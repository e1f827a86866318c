"""Lanes: every bank interpolates between the two nodes that it reads, for every output.

Difference, product and sum are a register each. A product is a multiplier block where the target
has them to spare, or rows of shifted differences.
"""

from __future__ import annotations

from amaranth import Cat, Mux, Signal, Value, signed

from lutscale.golden.layers import TapTables
from lutscale.hw.arithmetic import multiply, multiply_registers
from lutscale.hw.forms.banks import READ, BankRead
from lutscale.hw.tree import Bounds, delayed

__all__ = ["Lanes"]


class Lanes:
    """Even and odd nodes in a ROM each, so that both neighbours are read in one clock.

    Args:
        layer: interpolated tables.
        dsp: whether products are left to multiplier blocks.

    Attributes:
        registers: from the operand to the numbers.
    """

    def __init__(self, layer: TapTables, *, dsp: bool) -> None:
        self.dsp = dsp
        weight_bits = layer.fraction_bits + 1
        self._product = multiply_registers(layer.entry_bits + 1, weight_bits, dsp=dsp)
        self.registers = READ + 2 + self._product

    def read(self, bank: BankRead) -> list[Value]:
        """The bank's number for every output; 0 when it has run out of tables."""
        weight = self._address(bank)
        pairs = zip(*(bank.landed(rom) for rom in bank.roms), strict=True)
        return [self._lane(bank, o, even, odd, weight) for o, (even, odd) in enumerate(pairs)]

    def _address(self, bank: BankRead) -> Value:
        """Where both nodes stand; returns the odd one's weight, beside the difference.

        That is the weight, or what it lacks of one, whichever node comes first in the segment.
        """
        quantiser = bank.layer.quantiser
        assert quantiser is not None
        f, nodes = quantiser.fraction_bits, quantiser.nodes
        weight, segment = bank.operand[:f], bank.operand[f:]
        counts = ((nodes + 1) // 2, nodes // 2)
        numbers = ((segment + 1) >> 1, segment >> 1)
        for name, rom, number, stride in zip(
            ("even", "odd"), bank.roms, numbers, counts, strict=True
        ):
            base = bank.constant(f"base_{name}", [k * stride for k in range(len(bank.places))])
            address = bank.register(number + base, f"address_{name}", len(rom.addr))
            bank.m.d.comb += rom.addr.eq(address)
        share: Value = Mux(segment[0], (1 << f) - weight, weight)
        idle = bank.idle(0)
        if idle is not None:
            share = Mux(idle, 0, share)
        odd = bank.register(share, "weight", f + 1)
        return delayed(bank.m, odd, READ, bank.enable)[-1]

    def _lane(self, bank: BankRead, output: int, even: Value, odd: Value, weight: Value) -> Value:
        """``(even << f) + weight * (odd - even)``."""
        m, enable, label = bank.m, bank.enable, f"{bank.label}_{output}"
        f, bits = bank.layer.fraction_bits, bank.layer.entry_bits
        start = Signal(signed(bits), name=f"start{label}", reset_less=True)
        rise = Signal(signed(bits + 1), name=f"rise{label}", reset_less=True)
        idle = bank.idle(READ)
        with m.If(enable):
            m.d.sync += [start.eq(even), rise.eq(odd - even)]
            if idle is not None:
                # The weight is 0 there, too.
                with m.If(idle):
                    m.d.sync += start.eq(0)
        most = 1 << (bits + f)
        bounds = Bounds(-most, most)
        product = multiply(m, f"lane{label}", rise, weight, bounds, enable=enable, dsp=self.dsp)
        late = delayed(m, start, self._product, enable)[-1]
        shape = bank.banks.range_of(*bank.bank[1:], output).shape
        number = Signal(shape, name=f"number{label}", reset_less=True)
        # The start has no fraction: only the bits above it are added.
        whole = product[f:].as_signed() + late
        with m.If(enable):
            m.d.sync += number.eq(Cat(product[:f], whole).as_signed())
        return number

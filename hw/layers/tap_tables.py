"""Hardware of golden/layers/tap_tables.py: banks of tables, an adder tree, an accumulator.

The T tables (one per input channel and tap; a word holds the entries of all output channels)
go into ``ceil(T / F)`` banks of F tables stacked in depth. Each clock every bank reads one
word, the tree adds the banks, and the accumulator adds the F steps. Interpolated tables keep
even and odd nodes in two ROMs, so that both neighbours are read in one clock with no copy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from amaranth import Cat, Module, Mux, Signal, Value, signed, unsigned

from golden.layers import TapTables
from hw.folding import Folded, fold, select
from hw.layers.context import HALO, Context, window_stages
from hw.memory import Rom
from hw.quantiser import QuantiserStage, code_index
from hw.slots import Stage, Track, value_track

__all__ = ["TapTablesStage", "build"]

WINDOW = "window"
# Additions between two registers of the tree: 2**2 operands.
_TREE_LEVELS = 2


def build(context: Context) -> list[Stage]:
    """Line buffer, quantiser, columns (as far as the kernel needs them) and the tables."""
    layer = context.layer
    assert isinstance(layer, TapTables)
    kh, kw = layer.kernel

    def quantise(name: str) -> Callable[[Sequence[Track]], Stage] | None:
        if layer.quantiser is None:
            return None
        return lambda tracks: QuantiserStage(
            layer,
            number=context.number,
            inputs=tracks,
            name=name,
            clocks_per_pixel=context.clocks_per_pixel,
        )

    first = _quantise_first(context, layer)
    stages, tracks = window_stages(
        context,
        source=context.input,
        window=WINDOW,
        above=(kh - 1) // 2,
        below=kh // 2,
        left=(kw - 1) // 2,
        right=kw // 2,
        ahead=quantise(context.input) if first else None,
        between=None if first else quantise(WINDOW),
    )
    taps = TapTablesStage(
        layer,
        number=context.number,
        inputs=tracks,
        result=value_track(context.result, context.output_type),
        clocks_per_pixel=context.clocks_per_pixel,
    )
    return [*stages, taps]


def _quantise_first(context: Context, layer: TapTables) -> bool:
    """Whether to quantise in front of the line buffer: whichever takes less memory.

    There a code is looked up once, not once for each row of the kernel, so fewer copies of
    the ROM do; but the line buffer then holds pairs, which may be wider, and a residual that
    adds this layer's input would need the codes as well.
    """
    wanted_later = {context.input, context.input + HALO} & set(context.keep)
    if layer.quantiser is None or wanted_later:
        return False
    rows = layer.kernel[0]
    width = next(track.bits for track in context.tracks if track.name == context.input)
    wider = (layer.quantiser.word_bits - width) * layer.in_channels * (rows - 1)
    copies = [fold(layer.in_channels * n, context.clocks_per_pixel)[0] for n in (1, rows)]
    return wider * context.max_width <= (copies[1] - copies[0]) * layer.quantiser.bits


@dataclass(frozen=True)
class _Range:
    """Exact bounds of a signal, to size it."""

    lo: int
    hi: int

    def __add__(self, other: _Range) -> _Range:
        return _Range(self.lo + other.lo, self.hi + other.hi)

    @property
    def shape(self) -> range:
        return range(min(self.lo, 0), max(self.hi, 0) + 1)


class TapTablesStage(Folded):
    """Track "window" in, the accumulators of all output channels out.

    Args:
        layer: the tables.
        number: of the layer in the program.
        inputs: the tracks at ``i``; the window's numbers are codes, or the quantiser's pairs.
        result: the track to make.
        clocks_per_pixel: F.
    """

    def __init__(
        self,
        layer: TapTables,
        *,
        number: int,
        inputs: Sequence[Track],
        result: Track,
        clocks_per_pixel: int,
    ) -> None:
        self.layer, self.result = layer, result
        kh, kw = layer.kernel
        self.tables = [(c, i, j) for c in range(layer.in_channels) for i, j in np.ndindex(kh, kw)]
        self.banks, steps = fold(len(self.tables), clocks_per_pixel)
        levels = (self.banks - 1).bit_length()
        self.tree_registers = max(-(-levels // _TREE_LEVELS), 1)
        interpolated = layer.quantiser is not None
        outputs = [t for t in inputs if t.name != WINDOW] + [result]
        # Operand register, ROM, interpolation, tree; the accumulator is the output register.
        depth = 2 + int(interpolated) + self.tree_registers
        super().__init__(inputs, outputs, steps=steps, depth=depth)
        self.bank_roms = [self._bank_roms(number, bank) for bank in range(self.banks)]
        self.roms = tuple(rom for roms in self.bank_roms for rom in roms)
        self.memories = tuple(rom.use for rom in self.roms)

    def _bank(self, bank: int) -> list[tuple[int, int, int]]:
        """The tables of a bank, by step; fewer than `steps` in the last banks."""
        return self.tables[bank * self.steps : (bank + 1) * self.steps]

    def _bank_roms(self, number: int, bank: int) -> list[Rom]:
        """One ROM (direct), or those of the even and the odd nodes."""
        layer = self.layer
        stacks: list[list[npt.NDArray[np.int32]]] = [[], []]
        for place in self._bank(bank):
            table = layer.entries[place]
            if layer.quantiser is None:
                stacks[0] += list(table)
            else:
                stacks[0] += list(table[0::2])
                stacks[1] += list(table[1::2])
        mask = (1 << layer.entry_bits) - 1
        roms = []
        for stack, suffix in zip(stacks, ("even", "odd"), strict=True):
            if not stack:
                continue
            words = [
                sum((int(entry) & mask) << (o * layer.entry_bits) for o, entry in enumerate(word))
                for word in stack
            ]
            label = "" if layer.quantiser is None else f"_{suffix}"
            roms.append(
                Rom(
                    name=f"layer{number}_bank{bank}{label}",
                    layer=number,
                    purpose="table",
                    width=layer.entry_bits * layer.out_channels,
                    words=words,
                )
            )
        return roms

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        enable, step, first, load = self.control(m, [self.result.name])
        sums = [self._read(m, bank, enable, step) for bank in range(self.banks)]
        totals = []
        for o in range(self.layer.out_channels):
            ranges = [self._range(bank, o) for bank in range(self.banks)]
            totals.append(self._tree(m, o, [s[o] for s in sums], ranges, enable))
        outputs = []
        for o, total in enumerate(totals):
            acc = Signal(self._acc_shape(o), name=f"acc{o}", reset_less=True)
            value = Signal(acc.shape(), name=f"sum{o}")
            if self.steps == 1:
                m.d.comb += value.eq(total)
            else:
                m.d.comb += value.eq(Mux(first, 0, acc) + total)
                with m.If(enable):
                    m.d.sync += acc.eq(value)
            wide = Signal(self._result_shape(), name=f"out{o}")
            m.d.comb += wide.eq(value)
            outputs.append(wide)
        with m.If(load):
            m.d.sync += self.o.payload[self.result.name].eq(Cat(*outputs))
        return m

    def _result_shape(self) -> Any:
        return signed(self.result.bits) if self.result.signed else unsigned(self.result.bits)

    def _acc_shape(self, channel: int) -> range:
        """Bounds of any partial sum of the steps, and of the whole."""
        total = _Range(0, 0)
        lo = hi = 0
        for s in range(self.steps):
            step = _Range(0, 0)
            for bank in range(self.banks):
                tables = self._bank(bank)
                if s < len(tables):
                    step += self._table_range(tables[s], channel)
            total += step
            lo, hi = min(lo, total.lo), max(hi, total.hi)
        return range(lo, hi + 1)

    def _table_range(self, place: tuple[int, int, int], channel: int) -> _Range:
        entries = self.layer.entries[place][:, channel]
        unit = 1 << self.layer.fraction_bits
        return _Range(int(entries.min()) * unit, int(entries.max()) * unit)

    def _range(self, bank: int, channel: int) -> _Range:
        """Bounds of what a bank gives: any of its tables, or 0 when it has run out of them."""
        ranges = [self._table_range(place, channel) for place in self._bank(bank)]
        if len(ranges) < self.steps:
            ranges.append(_Range(0, 0))
        return _Range(min(r.lo for r in ranges), max(r.hi for r in ranges))

    def _operand(self, m: Module, bank: int, step: Value) -> Value:
        """The window's number for this bank in this step."""
        track = self.track(WINDOW)
        word = self.i.payload[WINDOW]
        choices = []
        for c, i, j in self._bank(bank):
            number = track.element(word, c, i, j)
            if self.layer.quantiser is None:
                number = code_index(number, track, self.layer)
            choices.append(number)
        operand = Signal(len(choices[0]), name=f"operand{bank}")
        select(m, step, operand, choices)
        return operand

    def _read(self, m: Module, bank: int, enable: Value, step: Value) -> list[Value]:
        """One bank: its numbers for every output channel, two or three registers later."""
        layer, roms = self.layer, self.bank_roms[bank]
        for rom in roms:
            m.submodules[rom.use.name] = rom
            m.d.comb += rom.en.eq(enable)
        operand = self._operand(m, bank, step)
        count = len(self._bank(bank))
        idle = self._delayed(m, step >= count, 2, enable) if count < self.steps else None
        if layer.quantiser is None:
            with m.If(enable):
                levels = 1 << layer.code_bits
                address = Signal(len(roms[0].addr), name=f"address{bank}", reset_less=True)
                m.d.sync += address.eq(operand + step * levels)
            m.d.comb += roms[0].addr.eq(address)
            words = self._entries(roms[0].data)
            if idle is not None:
                words = [Mux(idle[1], 0, word) for word in words]
            return words
        f, nodes = layer.quantiser.fraction_bits, layer.quantiser.nodes
        weight, segment = operand[:f], operand[f:]
        counts = ((nodes + 1) // 2, nodes // 2)
        addresses = ((segment + 1) >> 1, segment >> 1)
        for rom, number, stride in zip(roms, addresses, counts, strict=True):
            address = Signal(len(rom.addr), name=f"address_{rom.use.name}", reset_less=True)
            with m.If(enable):
                m.d.sync += address.eq(number + step * stride)
            m.d.comb += rom.addr.eq(address)
        # The weight of the odd node, whichever of the two comes first.
        odd = Signal(f + 1, name=f"weight{bank}", reset_less=True)
        with m.If(enable):
            m.d.sync += odd.eq(Mux(segment[0], (1 << f) - weight, weight))
        odd = self._delayed(m, odd, 1, enable)[-1]
        results: list[Value] = []
        pairs = zip(self._entries(roms[0].data), self._entries(roms[1].data), strict=True)
        for o, (even_entry, odd_entry) in enumerate(pairs):
            shape = self._range(bank, o).shape
            result = Signal(shape, name=f"bank{bank}_{o}", reset_less=True)
            value = (even_entry << f) + odd * (odd_entry - even_entry)
            if idle is not None:
                value = Mux(idle[1], 0, value)
            with m.If(enable):
                m.d.sync += result.eq(value)
            results.append(result)
        return results

    def _entries(self, word: Value) -> list[Value]:
        bits = self.layer.entry_bits
        return [word[o * bits : (o + 1) * bits].as_signed() for o in range(self.layer.out_channels)]

    def _delayed(self, m: Module, value: Value, clocks: int, enable: Value) -> list[Value]:
        """``value`` after 1, 2, ... ``clocks`` registers."""
        chain: list[Value] = []
        for _ in range(clocks):
            register = Signal.like(value, name="delayed", reset_less=True)
            with m.If(enable):
                m.d.sync += register.eq(value)
            chain.append(register)
            value = register
        return chain

    def _tree(
        self,
        m: Module,
        channel: int,
        numbers: list[Value],
        ranges: list[_Range],
        enable: Value,
    ) -> Value:
        """Add the banks, with a register every `_TREE_LEVELS` levels."""
        arity = 1 << _TREE_LEVELS
        for level in range(self.tree_registers):
            sums: list[Value] = []
            bounds: list[_Range] = []
            for k in range(0, len(numbers), arity):
                total = _Range(0, 0)
                value: Value = numbers[k]
                for number in numbers[k + 1 : k + arity]:
                    value = value + number
                for bound in ranges[k : k + arity]:
                    total += bound
                name = f"tree{channel}_{level}_{k // arity}"
                register = Signal(total.shape, name=name, reset_less=True)
                with m.If(enable):
                    m.d.sync += register.eq(value)
                sums.append(register)
                bounds.append(total)
            numbers, ranges = sums, bounds
        return numbers[0]

"""Hardware of golden/layers/tap_tables.py: banks of tables, an adder tree, an accumulator.

The T tables of a group (one per input channel and tap; a word holds the entries of the group's
outputs) go into ``ceil(T / F)`` banks of F tables stacked in depth. Each clock every bank reads
one word, the tree adds the banks, and the accumulator adds the F steps. Interpolated tables keep
even and odd nodes in two ROMs, so that both neighbours are read in one clock with no copy.

Rotations, and the shares of tied tables, take turns at the same banks, a pass each, as far as the
fold has clocks for them; only a fold of fewer clocks than passes needs copies of the banks. The
patches of a tied end are added up from pass to pass, so that no share of them is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from amaranth import Cat, Const, Module, Mux, Signal, Value, signed, unsigned

from lutscale.golden.layers import TapTables
from lutscale.hw.folding import Folded, fold, select
from lutscale.hw.layers.context import HALO, Context
from lutscale.hw.layers.windows import Window, window_stages
from lutscale.hw.memory import Rom, packed
from lutscale.hw.quantiser import QuantiserStage
from lutscale.hw.slots import Stage, Track, value_track
from lutscale.hw.targets import Target
from lutscale.hw.tree import Bounds, accumulate, add_tree, delayed, tree_registers
from lutscale.hw.turns import Schedule, TurningPatch

__all__ = ["TapTablesStage", "build"]

WINDOW = "window"


def build(context: Context) -> list[Stage]:
    """Line buffer, quantiser, columns (as far as the kernel needs them) and the tables."""
    assert isinstance(context.layer, TapTables)
    layer = context.layer

    def quantise(name: str) -> Callable[[Sequence[Track]], Stage] | None:
        if layer.quantiser is None:
            return None
        return lambda tracks: QuantiserStage(
            layer,
            number=context.number,
            inputs=tracks,
            name=name,
            clocks_per_pixel=context.clocks_per_pixel,
            target=context.target,
        )

    first = _quantise_first(context, layer)
    stages, tracks = window_stages(
        context,
        [Window(context.input, WINDOW, *layer.reach, layer.border)],
        ahead=quantise(context.input) if first else None,
        between=None if first else quantise(WINDOW),
    )
    taps = TapTablesStage(
        layer,
        number=context.number,
        inputs=tracks,
        result=value_track(context.result, context.output_type),
        clocks_per_pixel=context.clocks_per_pixel,
        target=context.target,
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
    above, below, _, _ = layer.reach
    given = next(track for track in context.tracks if track.name == context.input)
    wider = (layer.quantiser.word_bits - given.bits) * given.channels * (above + below)
    heights = (1, above + 1 + below)
    copies = [fold(given.channels * n, context.clocks_per_pixel)[0] for n in heights]
    return wider * context.max_width <= (copies[1] - copies[0]) * layer.quantiser.bits


class TapTablesStage(Folded):
    """Track "window" in, the accumulators of all output channels out.

    Args:
        layer: the tables.
        number: of the layer in the program.
        inputs: the tracks at ``i``; the window's numbers are codes, or the quantiser's pairs.
        result: the track to make.
        clocks_per_pixel: F.
        target: whose block memories there are.
    """

    def __init__(
        self,
        layer: TapTables,
        *,
        number: int,
        inputs: Sequence[Track],
        result: Track,
        clocks_per_pixel: int,
        target: Target,
    ) -> None:
        self.layer, self.result, self.target = layer, result, target
        kh, kw = layer.kernel
        share = layer.in_channels // layer.groups
        self.tables = [
            [(g * share + c, i, j) for c in range(share) for i, j in np.ndindex(kh, kw)]
            for g in range(layer.groups)
        ]
        self.schedule = Schedule(layer.pass_count, clocks_per_pixel)
        self.passes, self.copies = self.schedule.passes, self.schedule.copies
        window = next(track for track in inputs if track.name == WINDOW)
        self.runs = layer.passes(window.channels)
        self.banks, self.pass_steps = fold(len(self.tables[0]), clocks_per_pixel // self.passes)
        interpolated = layer.quantiser is not None
        outputs = [t for t in inputs if t.name != WINDOW] + [result]
        # Operand register, ROM, interpolation, tree; the accumulator is the output register.
        operands = self.banks * (self.copies if layer.role == "end" else 1)
        depth = 2 + int(interpolated) + tree_registers(operands)
        super().__init__(inputs, outputs, steps=self.passes * self.pass_steps, depth=depth)
        self.bank_roms = {
            (copy, g, bank): self._bank_roms(number, copy, g, bank)
            for copy in range(self.copies)
            for g in range(layer.groups)
            for bank in range(self.banks)
        }
        self.roms = tuple(rom for roms in self.bank_roms.values() for rom in roms)
        self.memories = tuple(rom.use for rom in self.roms)

    def _bank(self, group: int, bank: int) -> list[tuple[int, int, int]]:
        """The tables of a bank, by step of a pass; fewer than the steps in the last banks."""
        return self.tables[group][bank * self.pass_steps : (bank + 1) * self.pass_steps]

    def _bank_roms(self, number: int, copy: int, group: int, bank: int) -> list[Rom]:
        """One ROM (direct), or those of the even and the odd nodes."""
        layer = self.layer
        stacks: list[list[npt.NDArray[np.integer]]] = [[], []]
        for place in self._bank(group, bank):
            table = layer.table(*place)
            if layer.quantiser is None:
                stacks[0] += list(table)
            else:
                stacks[0] += list(table[0::2])
                stacks[1] += list(table[1::2])
        own = f"_copy{copy}" if self.copies > 1 else ""
        own += f"_group{group}" if layer.groups > 1 else ""
        roms = []
        for stack, suffix in zip(stacks, ("even", "odd"), strict=True):
            if not stack:
                continue
            label = "" if layer.quantiser is None else f"_{suffix}"
            roms.append(
                Rom(
                    name=f"layer{number}{own}_bank{bank}{label}",
                    layer=number,
                    purpose="table",
                    width=layer.entry_bits * layer.outputs,
                    words=packed(stack, layer.entry_bits),
                    target=self.target,
                    copy=copy,
                )
            )
        return roms

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        enable, step, _, load = self.control(m, [self.result.name])
        made = self._patch if self.layer.role == "end" else self._shares
        outputs = []
        for number, value in enumerate(made(m, step, enable)):
            wide = Signal(self._result_shape(), name=f"out{number}")
            m.d.comb += wide.eq(value)
            outputs.append(wide)
        with m.If(load):
            m.d.sync += self.o.payload[self.result.name].eq(Cat(*outputs))
        return m

    def _shares(self, m: Module, step: Value, enable: Value) -> list[Value]:
        """The outputs of every pass: the last one's as they come, those before held."""
        layer = self.layer
        start = self._at_end(m, step, range(0, self.steps, self.pass_steps), enable)
        ends = [
            self._at_end(m, step, [(p + 1) * self.pass_steps - 1], enable)
            for p in range(self.passes - 1)
        ]
        results: dict[int, Value] = {}
        for copy, g in np.ndindex(self.copies, layer.groups):
            sums = [self._read(m, copy, g, bank, enable, step) for bank in range(self.banks)]
            for o in range(layer.outputs):
                ranges = [self._range(g, bank, o) for bank in range(self.banks)]
                label = f"{copy}_{g}_{o}"
                total = add_tree(m, label, [s[o] for s in sums], ranges, enable)
                shape, steps = self._acc_shape(g, o), self.pass_steps
                value = accumulate(m, label, total, shape, steps=steps, first=start, enable=enable)
                place = g * layer.outputs + o
                targets = [
                    self.runs[self.schedule.element(copy, p)].targets[place]
                    for p in range(self.passes)
                ]
                for p, end in enumerate(ends):
                    held = Signal(value.shape(), name=f"held{p}_{label}", reset_less=True)
                    with m.If(enable & end):
                        m.d.sync += held.eq(value)
                    results[targets[p]] = held
                results[targets[-1]] = value
        return [results[channel] for channel in range(layer.out_channels)]

    def _patch(self, m: Module, step: Value, enable: Value) -> list[Value]:
        """The patches of all passes, turned back and added."""
        patch = TurningPatch(self.schedule, round(self.layer.outputs**0.5))
        banks = list(np.ndindex(self.copies, self.banks))
        sums = {at: self._read(m, at[0], 0, at[1], enable, step) for at in banks}
        totals = []
        for k in range(self.layer.outputs):
            sources = [(at, patch.source(at[0], k)) for at in banks]
            ranges = [self._range(0, at[1], source) for at, source in sources]
            numbers = [sums[at][source] for at, source in sources]
            totals.append(add_tree(m, str(k), numbers, ranges, enable))
        starts = [self._at_end(m, step, [p * self.pass_steps], enable) for p in range(self.passes)]
        steps = [
            [
                self._step_bounds(s, [(0, patch.source(c, k)) for c in range(self.copies)])
                for k in range(self.layer.outputs)
            ]
            for s in range(self.pass_steps)
        ]
        ranges_ = patch.ranges(steps)
        return patch.accumulate(m, totals, ranges_, starts=starts, enable=enable)

    def _at_end(self, m: Module, step: Value, wanted: Iterable[int], enable: Value) -> Value:
        """Whether the step whose result has come through is one of those wanted."""
        flag = Signal(name="flag")
        m.d.comb += flag.eq(step.matches(*wanted))
        return delayed(m, flag, self.depth, enable)[-1]

    def _result_shape(self) -> Any:
        return signed(self.result.bits) if self.result.signed else unsigned(self.result.bits)

    def _acc_shape(self, group: int, output: int) -> range:
        """Bounds of any partial sum of a pass, and of the whole."""
        total = Bounds(0, 0)
        lo = hi = 0
        for s in range(self.pass_steps):
            total += self._step_bounds(s, [(group, output)])
            lo, hi = min(lo, total.lo), max(hi, total.hi)
        return range(lo, hi + 1)

    def _step_bounds(self, step: int, outputs: Sequence[tuple[int, int]]) -> Bounds:
        """Bounds of what all banks together give to outputs, by group and number, in a step."""
        total = Bounds(0, 0)
        for group, output in outputs:
            for bank in range(self.banks):
                tables = self._bank(group, bank)
                if step < len(tables):
                    total += self._table_range(tables[step], output)
        return total

    def _table_range(self, place: tuple[int, int, int], output: int) -> Bounds:
        low, high = self.layer.bounds[(slice(None), *place, output)].tolist()
        return Bounds(low << self.layer.fraction_bits, high << self.layer.fraction_bits)

    def _range(self, group: int, bank: int, output: int) -> Bounds:
        """Bounds of what a bank gives: any of its tables, or 0 when it has run out of them."""
        ranges = [self._table_range(place, output) for place in self._bank(group, bank)]
        if len(ranges) < self.pass_steps:
            ranges.append(Bounds(0, 0))
        return Bounds(min(r.lo for r in ranges), max(r.hi for r in ranges))

    def _by_step(self, numbers: Sequence[Any]) -> list[Any]:
        """What belongs to each table of a bank, for every step of every pass."""
        rest = [numbers[-1]] * (self.pass_steps - len(numbers))
        return [*numbers, *rest] * self.passes

    def _constant(self, m: Module, name: str, step: Value, numbers: Sequence[int]) -> Value:
        """One of ``numbers``, that of the bank's table in this step."""
        chosen = Signal(range(min(0, *numbers), max(1, *numbers) + 1), name=name)
        select(m, step, chosen, [Const(n, chosen.shape()) for n in self._by_step(numbers)])
        return chosen

    def _operand(self, m: Module, copy: int, group: int, bank: int, step: Value) -> Value:
        """The window's number for this bank in this step."""
        layer, track = self.layer, self.track(WINDOW)
        word = self.i.payload[WINDOW]
        above, _, left, _ = layer.reach
        choices = []
        for p in range(self.passes):
            run = self.runs[self.schedule.element(copy, p)]
            numbers = []
            for c, i, j in self._bank(group, bank):
                down, right = layer.offset(i, j, run.element)
                channel = run.sources[c]
                numbers.append(track.element(word, channel, above + down, left + right))
            choices += numbers + [numbers[-1]] * (self.pass_steps - len(numbers))
        shape = track.signed and layer.quantiser is None
        operand = Signal(
            signed(track.bits) if shape else track.bits, name=f"operand{copy}_{group}_{bank}"
        )
        select(m, step, operand, choices)
        return operand

    def _read(
        self, m: Module, copy: int, group: int, bank: int, enable: Value, step: Value
    ) -> list[Value]:
        """One bank: its numbers for every output of a group, two or three registers later."""
        layer, roms = self.layer, self.bank_roms[copy, group, bank]
        label = f"{copy}_{group}_{bank}"
        for rom in roms:
            m.submodules[rom.use.name] = rom
            m.d.comb += rom.en.eq(enable)
        operand = self._operand(m, copy, group, bank, step)
        places = self._bank(group, bank)
        idle = None
        if len(places) < self.pass_steps:
            late = [k for k in range(self.steps) if k % self.pass_steps >= len(places)]
            idle = delayed(m, step.matches(*late), 2, enable)
        if layer.quantiser is None:
            levels = [layer.levels(c) for c, _, _ in places]
            starts = np.cumsum([0, *levels[:-1]])
            firsts = [layer.code_range(c)[0] for c, _, _ in places]
            code: Value = operand
            if layer.code_ranges is not None:
                lasts = [layer.code_range(c)[1] for c, _, _ in places]
                first = self._constant(m, f"first{label}", step, firsts)
                last = self._constant(m, f"last{label}", step, lasts)
                code = Mux(operand < first, first, Mux(operand > last, last, operand))
            bases = [int(start) - low for start, low in zip(starts, firsts, strict=True)]
            base = self._constant(m, f"base{label}", step, bases)
            address = Signal(len(roms[0].addr), name=f"address{label}", reset_less=True)
            with m.If(enable):
                m.d.sync += address.eq(code + base)
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
            bases = [s * stride for s in range(len(places))]
            base = self._constant(m, f"base_{rom.use.name}", step, bases)
            with m.If(enable):
                m.d.sync += address.eq(number + base)
            m.d.comb += rom.addr.eq(address)
        # The weight of the odd node, whichever of the two comes first.
        odd = Signal(f + 1, name=f"weight{label}", reset_less=True)
        with m.If(enable):
            m.d.sync += odd.eq(Mux(segment[0], (1 << f) - weight, weight))
        odd = delayed(m, odd, 1, enable)[-1]
        results: list[Value] = []
        pairs = zip(self._entries(roms[0].data), self._entries(roms[1].data), strict=True)
        for o, (even_entry, odd_entry) in enumerate(pairs):
            shape = self._range(group, bank, o).shape
            result = Signal(shape, name=f"bank{label}_{o}", reset_less=True)
            value = (even_entry << f) + odd * (odd_entry - even_entry)
            if idle is not None:
                value = Mux(idle[1], 0, value)
            with m.If(enable):
                m.d.sync += result.eq(value)
            results.append(result)
        return results

    def _entries(self, word: Value) -> list[Value]:
        bits = self.layer.entry_bits
        return [word[o * bits : (o + 1) * bits].as_signed() for o in range(self.layer.outputs)]

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
from amaranth import Cat, Module, Signal, Value, signed, unsigned

from lutscale.golden.layers import TapTables
from lutscale.hw.folding import Control, Folded, fold, pick
from lutscale.hw.forms.banks import Bank, BankRead, Banks, window_number
from lutscale.hw.forms.direct import Direct
from lutscale.hw.forms.lanes import Lanes
from lutscale.hw.forms.planes import PlanesStage
from lutscale.hw.layers.context import HALO, Context
from lutscale.hw.layers.windows import Window, window_stages
from lutscale.hw.quantiser import QuantiserStage
from lutscale.hw.slots import Stage, Track, value_track
from lutscale.hw.targets import Target
from lutscale.hw.tree import accumulate, add_tree, delayed, tree_registers
from lutscale.hw.turns import TurningPatch

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
    options: dict[str, Any] = {
        "number": context.number,
        "inputs": tracks,
        "result": value_track(context.result, context.output_type),
        "clocks_per_pixel": context.clocks_per_pixel,
        "target": context.target,
    }
    if context.choice is not None and context.choice.plan is not None:
        plan = context.choice.plan
        return [*stages, PlanesStage(layer, window=WINDOW, plan=plan, **options)]
    return [*stages, TapTablesStage(layer, dsp=context.dsp, **options)]


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
        dsp: whether the interpolation's products are left to multiplier blocks.
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
        dsp: bool = True,
    ) -> None:
        self.layer, self.result = layer, result
        self.banks = Banks(layer, number=number, clocks_per_pixel=clocks_per_pixel, target=target)
        self.form = Direct(layer) if layer.quantiser is None else Lanes(layer, dsp=dsp)
        window = next(track for track in inputs if track.name == WINDOW)
        self.runs = layer.passes(window.channels)
        outputs = [t for t in inputs if t.name != WINDOW] + [result]
        # The accumulator is the output register.
        operands = self.banks.count * (self.banks.copies if layer.role == "end" else 1)
        depth = self.banks.picked + self.form.registers + tree_registers(operands)
        super().__init__(inputs, outputs, steps=self.banks.steps, depth=depth)
        self.roms = tuple(rom for roms in self.banks.roms.values() for rom in roms)
        self.memories = tuple(rom.use for rom in self.roms)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        control = self.control(m, [self.result.name])
        made = self._patch if self.layer.role == "end" else self._shares
        outputs = []
        for number, value in enumerate(made(m, control)):
            wide = Signal(self._result_shape(), name=f"out{number}")
            m.d.comb += wide.eq(value)
            outputs.append(wide)
        with m.If(control.load):
            m.d.sync += control.front[self.result.name].eq(Cat(*outputs))
        return m

    def _shares(self, m: Module, control: Control) -> list[Value]:
        """The outputs of every pass: the last one's as they come, those before held."""
        layer, banks, step, enable = self.layer, self.banks, control.step, control.enable
        issued = [step, *delayed(m, step, 1, enable)]
        steps, passes = banks.pass_steps, banks.passes
        start = self._at_end(m, step, range(0, self.steps, steps), enable)[-1]
        ends = []
        for p in range(passes - 1):
            flags = self._at_end(m, step, [(p + 1) * steps - 1], enable)
            ends.append(control.strobe(m, f"holds{p}", flags[-2], flags[-1]))
        results: dict[int, Value] = {}
        for copy, g in np.ndindex(banks.copies, layer.groups):
            sums = [self._read(m, (copy, g, k), enable, issued) for k in range(banks.count)]
            for o in range(layer.outputs):
                ranges = [banks.range_of(g, k, o) for k in range(banks.count)]
                label = f"{copy}_{g}_{o}"
                total = add_tree(m, label, [s[o] for s in sums], ranges, enable)
                shape = banks.sum_range(g, o)
                value = accumulate(m, label, total, shape, steps=steps, first=start, enable=enable)
                place = g * layer.outputs + o
                targets = [
                    self.runs[banks.schedule.element(copy, p)].targets[place] for p in range(passes)
                ]
                for p, end in enumerate(ends):
                    held = Signal(value.shape(), name=f"held{p}_{label}", reset_less=True)
                    with m.If(end):
                        m.d.sync += held.eq(value)
                    results[targets[p]] = held
                results[targets[-1]] = value
        return [results[channel] for channel in range(layer.out_channels)]

    def _patch(self, m: Module, control: Control) -> list[Value]:
        """The patches of all passes, turned back and added."""
        banks, outputs, step, enable = (
            self.banks,
            self.layer.outputs,
            control.step,
            control.enable,
        )
        issued = [step, *delayed(m, step, 1, enable)]
        patch = TurningPatch(banks.schedule, round(outputs**0.5))
        places = list(np.ndindex(banks.copies, banks.count))
        sums = {at: self._read(m, (at[0], 0, at[1]), enable, issued) for at in places}
        totals = []
        for k in range(outputs):
            sources = [(at, patch.source(at[0], k)) for at in places]
            ranges = [banks.range_of(0, at[1], source) for at, source in sources]
            numbers = [sums[at][source] for at, source in sources]
            totals.append(add_tree(m, str(k), numbers, ranges, enable))
        first = [p * banks.pass_steps for p in range(banks.passes)]
        starts = [self._at_end(m, step, [at], enable)[-1] for at in first]
        steps = [
            [
                banks.step_bounds(s, [(0, patch.source(c, k)) for c in range(banks.copies)])
                for k in range(outputs)
            ]
            for s in range(banks.pass_steps)
        ]
        return patch.accumulate(m, totals, patch.ranges(steps), starts=starts, enable=enable)

    def _at_end(self, m: Module, step: Value, wanted: Iterable[int], enable: Value) -> list[Value]:
        """Whether a step is one of those wanted, behind 1, 2, ... registers."""
        flag = Signal(name="flag")
        m.d.comb += flag.eq(step.matches(*wanted))
        return delayed(m, flag, self.depth, enable)

    def _result_shape(self) -> Any:
        return signed(self.result.bits) if self.result.signed else unsigned(self.result.bits)

    def _read(self, m: Module, bank: Bank, enable: Value, steps: Sequence[Value]) -> list[Value]:
        """One bank: its numbers for every output of a group."""
        operand = pick(m, "operand" + "_".join(map(str, bank)), self._choices(bank), steps, enable)
        registers = self.form.registers
        return self.form.read(BankRead(self.banks, bank, m, enable, operand, steps, registers))

    def _choices(self, bank: Bank) -> list[Value]:
        """The window's number for this bank in each step."""
        layer, track, banks = self.layer, self.track(WINDOW), self.banks
        word = self.i.payload[WINDOW]
        copy, group, number = bank
        choices: list[Value] = []
        for p in range(banks.passes):
            run = self.runs[banks.schedule.element(copy, p)]
            numbers = [
                window_number(layer, track, word, (run.sources[c], i, j), run.element)
                for c, i, j in banks.tables(group, number)
            ]
            choices += numbers + [numbers[-1]] * (banks.pass_steps - len(numbers))
        # Pairs of the quantiser have no sign.
        return choices if layer.quantiser is None else [each.as_unsigned() for each in choices]

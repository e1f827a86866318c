"""Planes: distributed arithmetic over the digits of the interpolation's weights.

A tap gives ``(T[i] << f) + w * (T[i + 1] - T[i])``. Its weight is cut into digits of a few bits;
one clock takes the same digit of every tap, so that (segment, digit) of a tap selects one of a few
constants: digit times rise of the segment. Constants of two or more taps fit one small table in
logic, a LUT4 per bit. A tree adds the tables, and an accumulator shifts between digits. The base
``T[i]`` takes one clock more, at the same tables: digit 0 of a segment is the sum of the rises
before it. What remains, the first node of every table, is where the accumulator starts.

Where segment and weight together are few bits, they may index the table as they are: the whole
function in one clock, in words that are longer by the weight.

With clocks to spare, groups of taps take turns at the tables of logic. Where the taps of one group
are another's turned, as in tied tables, the turns read the same constants: only the outputs that
they are added to change places, from each turn to the next in the same way.

Distributed arithmetic: Croisier et al. 1973; Peled and Liu, 1974.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from amaranth import Cat, Const, Module, Mux, Signal, Value, signed

from lutscale.golden.layers import TapTables
from lutscale.hw.folding import Folded, select
from lutscale.hw.forms.banks import Banks, Place, window_number
from lutscale.hw.forms.orbits import ORDERS, Orbits
from lutscale.hw.memory import RomCollector
from lutscale.hw.slots import Track
from lutscale.hw.targets import Target
from lutscale.hw.tree import Bounds, add_tree, delayed, tree_registers

__all__ = ["PlanePlan", "PlanesStage", "constants", "plans", "refusal", "stacked_constants"]

# The widest index of a table: 64 constants, four LUT4 and their multiplexers for each bit. Wider
# ones double with each bit, which no saved addition pays for.
_INDEX_BITS = 6

# The registers that it stands in: where it is made, and copies of that among the tables' outputs.
_INDEX = ("index", "near")


@dataclass(frozen=True)
class PlanePlan:
    """How the work is cut.

    Attributes:
        digit_bits: of the weight that one step takes.
        digits: of a weight; a step each, and one for the base. 0 for the whole weight and the base
            in one step.
        turns: groups of taps that take turns at the same tables, within each digit.
        slots: taps of one turn.
        taps: slots of one table.
        tied: whether the groups are one group, turned: tied tables, whose constants serve all.
    """

    digit_bits: int
    digits: int
    turns: int
    slots: int
    taps: int
    tied: bool = False

    @property
    def steps(self) -> int:
        return (self.digits + 1) * self.turns

    @property
    def scaled_bits(self) -> int:
        """Of the digits, by which the accumulator has shifted in the end."""
        return self.digits * self.digit_bits or self.digit_bits

    @property
    def turn_bits(self) -> int:
        """Of a table's index that tell whose turn it is."""
        return 0 if self.tied else (self.turns - 1).bit_length()


def refusal(layer: TapTables, clocks_per_pixel: int) -> str | None:
    """Why the layer cannot take this form, or None. Tied tables can: shares take turns at the same
    gates, or each has its own.
    """
    if layer.quantiser is None:
        return "planes needs interpolated tables"
    if layer.rotations > 1 or layer.groups > 1:
        return "planes needs tables without rotations and groups"
    if layer.entry_range is not None:
        return "planes needs tables that stay, not a declared range of entries"
    quantiser = layer.quantiser
    if clocks_per_pixel < 2 and quantiser.segment_bits + quantiser.fraction_bits > _INDEX_BITS:
        return (
            f"planes needs at least 2 clocks a pixel, or {_INDEX_BITS} bits of segment and weight"
        )
    return None


def plans(layer: TapTables, clocks_per_pixel: int) -> Iterator[PlanePlan]:
    """Every plan that fits the fold and the tables; none for long weights in a few clocks."""
    quantiser = layer.quantiser
    assert quantiser is not None
    full = layer.untied
    taps = full.in_channels * full.kernel[0] * full.kernel[1]
    orders = ORDERS if layer.symmetry is not None else ()
    tied = [(order, len(Orbits(layer, order).places)) for order in orders]
    f = quantiser.fraction_bits
    for digits, digit_bits in [(0, f), *((-(-f // k), k) for k in range(1, f + 1))]:
        most = clocks_per_pixel // (digits + 1)
        cuts = [(turns, -(-taps // turns), False) for turns in range(1, min(most, taps) + 1)]
        cuts = [cut for cut in cuts if -(-taps // cut[1]) == cut[0]]
        cuts += [(order, slots, True) for order, slots in tied if order <= most]
        for turns, slots, own in cuts:
            plan = PlanePlan(digit_bits, digits, turns, slots, 1, own)
            bits = quantiser.segment_bits + digit_bits
            for together in range(1, min((_INDEX_BITS - plan.turn_bits) // bits, slots) + 1):
                yield replace(plan, taps=together)


class PlanesStage(Folded):
    """Window of the quantiser's pairs in, the accumulators of all outputs out.

    The ROM images are those of every form; what is built is derived from the same entries.

    Args:
        layer: interpolated tables without rotations and groups; tied ones may be.
        number: of the layer in the program.
        inputs: the tracks at ``i``.
        window: name of the one with the pairs.
        result: the track to make.
        clocks_per_pixel: F.
        target: whose tool reads the ROM images.
        plan: one of `plans`.
    """

    def __init__(
        self,
        layer: TapTables,
        *,
        number: int,
        inputs: Sequence[Track],
        window: str,
        result: Track,
        clocks_per_pixel: int,
        target: Target,
        plan: PlanePlan,
    ) -> None:
        why = refusal(layer, clocks_per_pixel)
        if why:
            raise ValueError(f"form must fit the layer: {why}")
        self.layer, self.window, self.result, self.plan = layer.untied, window, result, plan
        self._given = layer
        # By turn, which output each one's sum is.
        self.order = [list(range(self.layer.outputs))] * plan.turns
        if plan.tied:
            self.order = Orbits(layer, plan.turns).outputs
        self.tables = -(-plan.slots // plan.taps)
        outputs = [track for track in inputs if track.name != window] + [result]
        # Pair, index, the index where its tables are, tree; the accumulator is the output register.
        # What tables give is added at once: with a register between them those were a third of the
        # layer's.
        depth = 3 + tree_registers(self.tables)
        super().__init__(inputs, outputs, steps=plan.steps, depth=depth)
        banks = Banks(layer, number=number, clocks_per_pixel=clocks_per_pixel, target=target)
        self.roms = banks.stored()
        self.memories = tuple(rom.use for rom in self.roms)

    @cached_property
    def taps(self) -> list[list[Place | None]]:
        """By slot and turn; plans by the hundred need none."""
        return taps(self._given, self.plan)

    @cached_property
    def constants(self) -> list[npt.NDArray[np.int64]]:
        """By table; likewise."""
        return list(constants(self._given, self.plan))

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        if isinstance(platform, RomCollector):
            platform.images.update({rom.use.name: rom.image for rom in self.roms})
        layer, plan = self.layer, self.plan
        control = self.control(m, [self.result.name])
        enable, step = control.enable, control.step
        steps = [step, *delayed(m, step, 1, enable)]
        slots = [self._index(m, slot, steps, enable) for slot in range(plan.slots)]
        turn = self._turn(m, steps[1])
        leaves = [
            self._table(m, k, slots, turn, rows, enable) for k, rows in enumerate(self.constants)
        ]
        fresh = Signal(name="fresh")
        m.d.comb += fresh.eq(step.matches(*range(0, plan.steps, plan.turns)))
        fresh_late = delayed(m, fresh, self.depth, enable)[-1]
        padding = plan.scaled_bits - layer.fraction_bits
        shape = signed(self.result.bits + 1 + padding)
        # Digits shift what the base has begun with.
        unit = 0 if plan.digits else plan.digit_bits
        outputs = range(layer.outputs)
        accs = [Signal(shape, name=f"acc{o}", reset_less=True) for o in outputs]
        values = [Signal(shape, name=f"sum{o}") for o in outputs]
        for o, (acc, value) in enumerate(zip(accs, values, strict=True)):
            numbers, bounds = zip(*(leaf[o] for leaf in leaves), strict=True)
            total = add_tree(m, str(o), numbers, bounds, enable)
            start = Const(int(layer.entries[..., 0, o].sum()) << unit, shape)
            # From turn to turn the sums change places as the outputs do.
            kept = accs[self.order[1][o]] if plan.turns > 1 else acc
            before = Mux(control.first, start, Mux(fresh_late, kept << plan.digit_bits, kept))
            m.d.comb += value.eq(before + total)
            with m.If(enable):
                m.d.sync += acc.eq(value)
        ends = [values[self.order[-1].index(o)] for o in outputs]
        with m.If(control.load):
            m.d.sync += control.front[self.result.name].eq(
                Cat(*(value[padding : padding + self.result.bits] for value in ends))
            )
        return m

    def _index(
        self, m: Module, slot: int, steps: Sequence[Value], enable: Value
    ) -> tuple[Value, Value]:
        """(segment, digit) of the slot's tap, behind one register, and whether it adds nothing."""
        plan, quantiser = self.plan, self.layer.quantiser
        assert quantiser is not None
        track = self.track(self.window)
        word = self.i.payload[self.window]
        there = [tap for tap in self.taps[slot] if tap]
        # In a turn without a tap a slot reads anything, and is idle.
        empty = [k for k, tap in enumerate(self.taps[slot]) if not tap]
        there += there[:1] * len(empty)
        numbers = [window_number(self.layer, track, word, tap) for tap in there]
        pair = Signal(quantiser.word_bits, name=f"pair{slot}")
        select(m, steps[0], pair, numbers * (plan.digits + 1))
        pair = delayed(m, pair, 1, enable)[0]
        f, k = quantiser.fraction_bits, plan.digit_bits
        weight = Cat(Const(0, plan.scaled_bits - f), pair[:f])
        segment = pair[f:]
        digit = Signal(k, name=f"digit{slot}")
        digits = [Const(0, k)] if plan.digits else [weight]
        digits += [weight[d * k : (d + 1) * k] for d in reversed(range(plan.digits))]
        select(m, steps[1], digit, [d for d in digits for _ in range(plan.turns)])
        # A digit 0 adds nothing; in the step of the base it tells the segment.
        idle: Value = (digit == 0) & (steps[1] >= plan.turns)
        if plan.tied and empty:
            idle |= steps[1].matches(*(k for k in range(plan.steps) if k % plan.turns in empty))
        return Cat(digit, segment), idle

    def _turn(self, m: Module, step: Value) -> Value:
        """Whose turn it is in a step; no bits where that changes no constant."""
        plan = self.plan
        if plan.turn_bits == 0:
            return Const(0, 0)
        turn = Signal(range(plan.turns), name="turn")
        turns = [Const(t, turn.shape()) for t in range(plan.turns)] * (plan.digits + 1)
        select(m, step, turn, turns)
        return turn

    def _table(
        self,
        m: Module,
        number: int,
        slots: Sequence[tuple[Value, Value]],
        turn: Value,
        rows: npt.NDArray[np.int64],
        enable: Value,
    ) -> list[tuple[Value, Bounds]]:
        """One table's number for every output, behind three registers and logic, and its bounds.

        Index 0 selects 0, in every turn. So the turn stands in the index of each table, and no
        register drives them all.
        """
        plan = self.plan
        own = slots[number * plan.taps : (number + 1) * plan.taps]
        nothing = Cat(*(idle for _, idle in own)).all()
        now = Cat(*(Mux(idle, 0, part)[: len(part)] for part, idle in [*own, (turn, nothing)]))
        index, near = (Signal(len(now), name=f"{name}{number}", reset_less=True) for name in _INDEX)
        with m.If(enable):
            m.d.sync += [index.eq(now), near.eq(index)]
        limits = [Bounds(int(row.min()), int(row.max())) for row in rows.T]
        found = [Signal(limit.shape, name=f"table{number}_{o}") for o, limit in enumerate(limits)]
        widths = [len(part) for part in found]
        word = Signal(sum(widths), name=f"table{number}")
        # One constant a row, not one an output: what writes the Verilog spends its time on parts.
        with m.Switch(near):
            for k, row in enumerate(rows):
                with m.Case(k) if k < len(rows) - 1 else m.Default():
                    m.d.comb += word.eq(_packed(row, widths))
        m.d.comb += Cat(*found).eq(word)
        return list(zip(found, limits, strict=True))


def _packed(numbers: npt.NDArray[np.int64], widths: Sequence[int]) -> int:
    """Numbers beside each other in two's complement, the first in the lowest bits."""
    word = shift = 0
    for number, width in zip(numbers, widths, strict=True):
        word |= (int(number) & ((1 << width) - 1)) << shift
        shift += width
    return word


def taps(layer: TapTables, plan: PlanePlan) -> list[list[Place | None]]:
    """By slot and turn, the tap; None where a turn has fewer than the others."""
    if plan.tied:
        orbits: list[list[Place]] = Orbits(layer, plan.turns).places
        return [[*orbit, *[None] * (plan.turns - len(orbit))] for orbit in orbits]
    full = layer.untied
    places: list[Place | None] = [*np.ndindex(full.in_channels, *full.kernel)]
    places += [None] * (plan.turns * plan.slots - len(places))
    return [places[slot :: plan.slots] for slot in range(plan.slots)]


def constants(layer: TapTables, plan: PlanePlan) -> Iterator[npt.NDArray[np.int64]]:
    """By table: (turns * 2**index bits, outputs), what its taps add up to.

    Tied turns have their constants in common, so that there are those of one.
    """
    for tables in stacked_constants(layer, plan):
        yield from tables


def stacked_constants(layer: TapTables, plan: PlanePlan) -> list[npt.NDArray[np.int64]]:
    """`constants` as (tables, turns * 2**index bits, outputs): those of as many taps together."""
    own = _tap_constants(layer.untied, plan.digit_bits, plan.digits == 0)
    numbers = _numbers(layer, plan.turns, plan.slots, plan.tied)
    whole = plan.slots - plan.slots % plan.taps
    parts = [numbers[:whole].reshape(-1, plan.taps, numbers.shape[1]), numbers[None, whole:]]
    return [_joined(own, part) for part in parts if part.size]


@lru_cache(maxsize=64)
def _numbers(layer: TapTables, turns: int, slots: int, tied: bool) -> npt.NDArray[np.integer]:
    """(slots, turns) numbers of the taps, one turn of tied ones; no tap is the last of all."""
    full = layer.untied
    shape = (full.in_channels, *full.kernel)
    places = [
        [math.prod(shape) if tap is None else int(np.ravel_multi_index(tap, shape)) for tap in slot]
        for slot in taps(layer, PlanePlan(1, 0, turns, slots, 1, tied))
    ]
    return np.array(places)[:, : 1 if tied else turns]


def _joined(own: npt.NDArray[np.int64], numbers: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Sums over taps for every index; numbers (tables, taps, turns) of the taps' constants."""
    count, together, turns = numbers.shape
    total = np.zeros((count, turns, 1, own.shape[-1]), np.int64)
    for tap in range(together):
        # The first slot has the lowest bits of the index.
        added = own[numbers[:, tap]][:, :, :, None] + total[:, :, None]
        total = added.reshape(count, turns, -1, own.shape[-1])
    return total.reshape(count, -1, own.shape[-1])


@lru_cache(maxsize=8)
def _tap_constants(layer: TapTables, digit_bits: int, whole: bool) -> npt.NDArray[np.int64]:
    """(taps + 1, segments * digits, outputs): what each tap adds by segment and digit; the last
    one is no tap.

    Args:
        whole: whether the digit is the whole weight, beside the base.
    """
    assert layer.quantiser is not None
    nodes = layer.entries.astype(np.int64).reshape(-1, *layer.entries.shape[3:])
    taps, count = len(nodes), nodes.shape[1] - 1
    segments, digits = 1 << layer.quantiser.segment_bits, np.arange(1 << digit_bits)
    own = np.zeros((taps + 1, segments, len(digits), layer.outputs), np.int64)
    base = nodes[:, :-1] - nodes[:, :1]
    own[:taps, :count] = digits[:, None] * np.diff(nodes, axis=1)[:, :, None]
    if whole:
        own[:taps, :count] += base[:, :, None] << digit_bits
    else:
        own[:taps, :count, 0] = base
    return own.reshape(taps + 1, -1, layer.outputs)

"""Hardware of golden/layers/pattern_tables.py: one address of a few pixels' codes a read.

A pattern has so many reads for each pixel: one for each rotation, and when it is interpolated one
for each corner of the simplex. They take turns at one table as far as the fold has clocks for
them; otherwise the table is copied. All patterns read side by side, a tree adds their words, an
accumulator adds the steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal, Value

from lutscale.golden.layers import PatternTables
from lutscale.golden.layers.pattern_tables import Pattern
from lutscale.golden.symmetry import patch_source
from lutscale.hw.arithmetic import times
from lutscale.hw.folding import Folded, fold, select
from lutscale.hw.layers.context import Context
from lutscale.hw.layers.windows import Window, window_stages
from lutscale.hw.memory import Rom, packed
from lutscale.hw.slots import Stage, Track, value_track
from lutscale.hw.targets import Target
from lutscale.hw.tree import Bounds, accumulate, add_tree, delayed, tree_registers

__all__ = ["PatternTablesStage", "Unit", "build", "falling_weights"]


def _window(border: str) -> str:
    return f"window_{border}"


def build(context: Context) -> list[Stage]:
    """A window for each way of treating borders, out of one line buffer, and the tables."""
    layer = context.layer
    assert isinstance(layer, PatternTables)
    windows = []
    for border in sorted({pattern.border for pattern in layer.patterns}):
        reach = layer.reach_of([p for p in layer.patterns if p.border == border])
        windows.append(Window(context.input, _window(border), *reach, border))
    stages, tracks = window_stages(context, windows)
    tables = PatternTablesStage(
        layer,
        number=context.number,
        inputs=tracks,
        result=value_track(context.result, context.output_type),
        clocks_per_pixel=context.clocks_per_pixel,
        target=context.target,
    )
    return [*stages, tables]


@dataclass(frozen=True)
class Unit:
    """One copy of a pattern's table.

    Attributes:
        pattern, place: whose, and the pattern's place in the layer.
        name: what its signals are called.
        reads: (rotation, corner on the simplex) by step.
        rom: the table.
    """

    pattern: Pattern
    place: int
    name: str
    reads: tuple[tuple[int, int], ...]
    rom: Rom


class PatternTablesStage(Folded):
    """The windows in, the r x r patch of sums out.

    Args:
        layer: the patterns.
        number: of the layer in the program.
        inputs: the tracks at ``i``.
        result: the track to make.
        clocks_per_pixel: F.
        target: whose block memories there are.
    """

    def __init__(
        self,
        layer: PatternTables,
        *,
        number: int,
        inputs: Sequence[Track],
        result: Track,
        clocks_per_pixel: int,
        target: Target,
    ) -> None:
        self.layer, self.result, self.target = layer, result, target
        self.units = [
            unit
            for k, pattern in enumerate(layer.patterns)
            for unit in self._make_units(pattern, number, k, clocks_per_pixel)
        ]
        steps = max(len(unit.reads) for unit in self.units)
        self.interpolated = any(pattern.fraction_bits for pattern in layer.patterns)
        windows = {_window(pattern.border) for pattern in layer.patterns}
        outputs = [track for track in inputs if track.name not in windows] + [result]
        # Pixels, address, ROM, its word, turning, weighing, tree; the accumulator is the output
        # register.
        depth = 5 + int(self.interpolated) + tree_registers(len(self.units))
        super().__init__(inputs, outputs, steps=steps, depth=depth)
        self.roms = tuple(unit.rom for unit in self.units)
        self.memories = tuple(rom.use for rom in self.roms)

    def _make_units(
        self, pattern: Pattern, layer: int, place: int, clocks_per_pixel: int
    ) -> list[Unit]:
        corners = len(pattern.offsets) + 1 if pattern.fraction_bits else 1
        reads = [(q, v) for q in range(self.layer.rotations) for v in range(corners)]
        count, steps = fold(len(reads), clocks_per_pixel)
        units = []
        for u in range(count):
            name = f"layer{layer}_pattern{place}" + (f"_copy{u}" if count > 1 else "")
            rom = Rom(
                name=name,
                layer=layer,
                purpose="table",
                width=pattern.entry_bits * pattern.words.shape[1],
                words=packed(pattern.words, pattern.entry_bits),
                target=self.target,
                part=self.layer.parts[place].name,
                copy=u,
            )
            own_reads = tuple(reads[u * steps : (u + 1) * steps])
            units.append(Unit(pattern, place, name, own_reads, rom))
        return units

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        control = self.control(m, [self.result.name])
        enable, step = control.enable, control.step
        read = [self._read(m, unit, enable, step) for unit in self.units]
        outputs = []
        for o in range(self.layer.scale**2):
            bounds = [self._bounds(unit) for unit in self.units]
            total = add_tree(m, str(o), [words[o] for words in read], bounds, enable)
            whole = sum((self._bounds(unit, len(unit.reads)) for unit in self.units), Bounds(0, 0))
            value = accumulate(
                m, str(o), total, whole.shape, steps=self.steps, first=control.first, enable=enable
            )
            outputs.append(value[: self.result.bits])
        with m.If(control.load):
            m.d.sync += control.front[self.result.name].eq(Cat(*outputs))
        return m

    def _bounds(self, unit: Unit, reads: int = 1) -> Bounds:
        """Of what a unit gives in one step, or of the sum of all its steps."""
        pattern = unit.pattern
        peak = reads * pattern.gain << pattern.fraction_bits
        low, high = int(pattern.bounds[0].min()), int(pattern.bounds[1].max())
        return Bounds(min(low, 0) * peak, max(high, 0) * peak)

    def _by_step(self, unit: Unit, numbers: Sequence[Any]) -> list[Any]:
        return [*numbers, *[numbers[-1]] * (self.steps - len(unit.reads))]

    def _pixels(self, m: Module, unit: Unit, step: Value, rotations: Sequence[int]) -> list[Value]:
        """The pattern's pixels, shifted so that fraction and code remain, for this step."""
        pattern = unit.pattern
        track = self.track(_window(pattern.border))
        reach = self.layer.reach_of([p for p in self.layer.patterns if p.border == pattern.border])
        word = self.i.payload[track.name]
        pixels = []
        for k in range(len(pattern.offsets)):
            choices = []
            for q in rotations:
                down, right = pattern.turned(q)[k]
                number = track.element(word, 0, reach[0] + down, reach[2] + right)
                choices.append((number | Const(0, pattern.input_bits))[pattern.shift :])
            pixel = Signal(pattern.input_bits - pattern.shift, name=f"{unit.name}_pixel{k}")
            select(m, step, pixel, self._by_step(unit, choices))
            pixels.append(pixel)
        return pixels

    def _read(self, m: Module, unit: Unit, enable: Value, step: Value) -> list[Value]:
        """One unit's words, turned back and weighed: r*r numbers."""
        pattern, rom = unit.pattern, unit.rom
        m.submodules[unit.name] = rom
        m.d.comb += rom.en.eq(enable)
        f = pattern.fraction_bits
        rotations = [q for q, _ in unit.reads]
        pixels = self._pixels(m, unit, step, rotations)
        # Registers from the issue of a step to the ROM's word, away from all logic.
        ahead = 4
        held = delayed(m, Cat(*pixels), 1, enable)[0]
        size = len(pixels[0])
        pixels = [held[k * size : (k + 1) * size] for k in range(len(pixels))]
        codes = [pixel[f : f + pattern.code_bits] for pixel in pixels]
        weight: Value | None = None
        if f:
            corner = Signal(range(len(pixels) + 1), name=f"{unit.name}_corner")
            corners = self._by_step(unit, [Const(v, corner.shape()) for _, v in unit.reads])
            select(m, step, corner, corners)
            corner = delayed(m, corner, 1, enable)[0]
            ranks, weights = falling_weights([pixel[:f] for pixel in pixels], f)
            codes = [code + (rank < corner) for code, rank in zip(codes, ranks, strict=True)]
            chosen = Signal(f + 1, name=f"{unit.name}_weight")
            select(m, corner, chosen, weights)
            weight = delayed(m, chosen, ahead, enable)[-1]
        index = _index(codes, pattern.strides)
        address = Signal(len(rom.addr), name=f"{unit.name}_address", reset_less=True)
        with m.If(enable):
            m.d.sync += address.eq(index)
        m.d.comb += rom.addr.eq(address)
        late = delayed(m, step, ahead, enable)[-1]
        landed = Signal.like(rom.data, name=f"{unit.name}_word", reset_less=True)
        with m.If(enable):
            m.d.sync += landed.eq(rom.data)
        bits = pattern.entry_bits
        count = pattern.words.shape[1]
        entries = [landed[k * bits : (k + 1) * bits].as_signed() for k in range(count)]
        places = [patch_source(self.layer.scale, q) for q in range(self.layer.rotations)]
        results: list[Value] = []
        for o in range(count):
            entry = Signal.like(entries[0], name=f"{unit.name}_entry{o}")
            select(m, late, entry, self._by_step(unit, [entries[places[q][o]] for q in rotations]))
            value: Value = times(entry, pattern.gain)
            if len(unit.reads) < self.steps:
                value = Mux(late >= len(unit.reads), 0, value)
            value = delayed(m, value, 1, enable)[0]
            if weight is not None:
                value = value * weight
            if self.interpolated:
                value = delayed(m, value, 1, enable)[0]
            result = Signal(self._bounds(unit).shape, name=f"{unit.name}_{o}")
            m.d.comb += result.eq(value)
            results.append(result)
        return results


def _index(codes: Sequence[Value], strides: Sequence[int]) -> Value:
    """``sum(code * stride)``; wires where the codes' bits stand side by side."""
    bits = [1 << len(code) for code in codes]
    order = sorted(range(len(codes)), key=lambda k: strides[k])
    places = [1, *(strides[k] * bits[k] for k in order)]
    if all(strides[k] == place for k, place in zip(order, places, strict=False)):
        return Cat(*(codes[k] for k in order))
    index = times(codes[0], strides[0])
    for code, stride in zip(codes[1:], strides[1:], strict=True):
        index = index + times(code, stride)
    return index


def falling_weights(
    fractions: Sequence[Value], fraction_bits: int
) -> tuple[list[Value], list[Value]]:
    """The simplex path of golden.layers.pattern_tables.simplex, by comparisons alone.

    Returns:
        rank of each axis in order of falling fractions, and the weight of each corner.
    """
    ranks: list[Value] = []
    for a, fraction in enumerate(fractions):
        ahead = [
            (other >= fraction) if b < a else (other > fraction)
            for b, other in enumerate(fractions)
            if b != a
        ]
        ranks.append(sum(ahead, start=Const(0, 1)))
    # One fraction has each rank: the others of an OR are 0.
    falling: list[Value] = [Const(1 << fraction_bits)]
    for k in range(len(fractions)):
        terms = [Mux(r == k, fraction, 0) for r, fraction in zip(ranks, fractions, strict=True)]
        merged = terms[0]
        for term in terms[1:]:
            merged = merged | term
        falling.append(merged)
    falling.append(Const(0, 1))
    weights = [(falling[k] - falling[k + 1])[: fraction_bits + 1] for k in range(len(falling) - 1)]
    return ranks, weights

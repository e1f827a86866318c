# amaranth: UnusedElaboratable=no
"""Layers that compute each channel from that channel alone, folded: a few channels a clock.

A slot comes once in F clocks, so one multiplier serves F channels. Channel c is computed by unit
``c % units`` in step ``c // units``. Layers of this kind in a row share one stage: the numbers
between them are never stored.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal, Value

from lutscale.hw.arithmetic import clamp, whole_bits
from lutscale.hw.folding import Control, Folded, fold, pick, pick_registers, select
from lutscale.hw.slots import Stage, Track

__all__ = ["ChannelOp", "Channelwise", "Unit", "clamp_registers", "fused"]


class ChannelOp(ABC):
    """What one layer does to a channel.

    Attributes:
        registers: from its operand to its result.
        lead: registers from a slot's issue to what it adds from other tracks; its operand waits
            for that.
        picks: whether that begins with `Unit.picked`, whose registers come on top of ``lead``.
    """

    registers: int
    lead: int = 0
    picks: bool = False

    @abstractmethod
    def build(self, unit: Unit, value: Value, at: int) -> Value:
        """The result, behind exactly `registers` registers that load while ``unit.enable``.

        Args:
            unit: where it is built; tells the channels and the slot.
            value: the operand.
            at: registers between a slot's issue and ``value``.
        """


class Unit:
    """The gates that compute some of the channels, one a step.

    Attributes:
        m, enable: the module, and when its registers load.
        name: what its signals are called.
        channels: by step.
    """

    def __init__(
        self,
        stage: Channelwise,
        m: Module,
        number: int,
        enable: Value,
        steps: Sequence[Value],
        later: Any,
    ) -> None:
        self.m, self.enable, self.name = m, enable, f"unit{number}"
        channels = range(number, stage.channels, stage.units)
        # The last units may run out of channels: what they give then is not used.
        spare = [channels[-1]] * (stage.steps - len(channels))
        self.channels = [*channels, *spare]
        self._stage, self._steps, self._later = stage, steps, later
        self._shared: dict[Hashable, Value] = stage.shared

    def track(self, name: str) -> Track:
        """An input track of the stage."""
        return self._stage.track(name)

    def word(self, name: str) -> Value:
        """A track of the slot whose steps these are."""
        return self._later[name]

    def step(self, at: int) -> Value:
        """The step of the number that lies behind ``at`` registers."""
        return self._steps[at]

    def register(self, value: Value, name: str, shape: Any = None) -> Signal:
        """``value`` behind a register."""
        register = Signal(
            value.shape() if shape is None else shape,
            name=f"{self.name}_{name}",
            reset_less=True,
        )
        with self.m.If(self.enable):
            self.m.d.sync += register.eq(value)
        return register

    def delayed(self, value: Value, clocks: int, name: str) -> Value:
        """``value`` behind so many registers."""
        for k in range(clocks):
            value = self.register(value, f"{name}_late{k}")
        return value

    def chosen(self, choices: Sequence[Value], name: str, at: int) -> Value:
        """The one of ``choices``, by step, of the number behind ``at`` registers; no register."""
        if all(choice is choices[0] for choice in choices):
            return choices[0]
        widest = max(choices, key=len).shape()
        picked = Signal(widest, name=f"{self.name}_{name}")
        select(self.m, self.step(at), picked, choices)
        return picked

    def picked(self, choices: Sequence[Value], name: str) -> Value:
        """The one of ``choices``, by step, behind `pick_registers`."""
        steps = [self.step(at) for at in range(self.pick_registers)]
        return pick(self.m, f"{self.name}_{name}", choices, steps, self.enable)

    @property
    def pick_registers(self) -> int:
        """Registers of `picked`."""
        return self._stage.pick_registers

    def lead(self, op: ChannelOp) -> int:
        """Registers from a slot's issue to what ``op`` adds from other tracks."""
        return self._stage.lead(op)

    def constant(self, numbers: Sequence[int], name: str, at: int, shape: Any) -> Value:
        """The one of ``numbers``, by step, beside the number behind ``at`` registers."""
        choices = [Const(number, shape) for number in numbers]
        if len(set(numbers)) == 1:
            return choices[0]
        return self.register(self.chosen(choices, f"{name}_now", at - 1), name)

    def clamped(
        self, value: Value, ranges: Sequence[tuple[int, int]], name: str, at: int, registers: int
    ) -> Value:
        """``value``, that lies behind ``at`` registers, in its channel's range.

        Args:
            ranges: by step.
            registers: `clamp_registers` of the ranges of all channels.
        """
        lows, highs = ([pair[end] for pair in ranges] for end in (0, 1))
        # In the fewest bits, so that what a narrow channel cannot reach is no logic.
        shape = range(min(0, *lows), max(0, *highs) + 1)
        if registers == 1:
            return self.register(clamp(value, *ranges[0]), name, shape)
        low = self.constant(lows, f"{name}_low", at, shape)
        high = self.constant(highs, f"{name}_high", at, shape)
        below = self.register(value < low, f"{name}_below")
        above = self.register(value > high, f"{name}_above")
        value, low, high = (
            each if isinstance(each, Const) else self.register(each, f"{name}_{word}_late")
            for each, word in ((value, "value"), (low, "low"), (high, "high"))
        )
        return self.register(Mux(below, low, Mux(above, high, value)), name, shape)

    def shared(self, key: Hashable, build: Callable[[], Value]) -> Value:
        """What ``build`` gives, once for all units that ask with the same key."""
        if key not in self._shared:
            self._shared[key] = build()
        return self._shared[key]


def clamp_registers(ranges: Iterable[tuple[int, int]]) -> int:
    """Of `Unit.clamped`: one where a look at the top bits decides, else a comparison ahead."""
    different = set(ranges)
    return 1 if len(different) == 1 and whole_bits(*different.pop()) else 2


class Channelwise(Folded):
    """One track in, another of as many channels out.

    Args:
        inputs, outputs: tracks; the result is the last output.
        given: name of the input track that the first of ``ops`` works on.
        ops: what is done to each channel, in order.
        clocks_per_pixel: F.
        reads: names of other input tracks that the ops read.
    """

    copies = True

    def __init__(
        self,
        inputs: Sequence[Track],
        outputs: Sequence[Track],
        *,
        given: str,
        ops: Sequence[ChannelOp],
        clocks_per_pixel: int,
        reads: Sequence[str] = (),
    ) -> None:
        self.given, self.ops, self.reads = given, tuple(ops), tuple(reads)
        self.clocks_per_pixel = clocks_per_pixel
        self.result = outputs[-1]
        self.channels = self.result.channels
        self.units, steps = fold(self.channels, clocks_per_pixel)
        self.shared: dict[Hashable, Value] = {}
        self.pick_registers = pick_registers(steps)
        depth = self.pick_registers
        for op in ops:
            depth = max(depth, self.lead(op)) + op.registers
        # Steps that follow each other are of the copy, which is there a clock later; and so is what
        # drives all units, a register of the step.
        self.behind = int(steps > 1)
        super().__init__(inputs, outputs, steps=steps, depth=depth + self.behind)

    def lead(self, op: ChannelOp) -> int:
        """Registers from a slot's issue to what ``op`` adds from other tracks."""
        return op.lead + (self.pick_registers if op.picks else 0)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        self.shared.clear()
        control = self.control(m, [self.result.name])
        enable, step, later = control.enable, control.step, control.later
        steps: list[Value] = [step]
        for k in range(self.depth):
            following = Signal.like(step, name=f"step{k + 1}", reset_less=True)
            with m.If(enable):
                m.d.sync += following.eq(steps[-1])
            steps.append(following)
        found = []
        for number in range(self.units):
            unit = Unit(self, m, number, enable, steps[self.behind :], later)
            result = Signal(self.result.bits, name=f"result{number}")
            m.d.comb += result.eq(self._computed(unit))
            found.append(result)
        self._put_together(m, found, steps, control)
        return m

    def _computed(self, unit: Unit) -> Value:
        given = self.track(self.given)
        choices = [given.element(unit.word(self.given), channel) for channel in unit.channels]
        value: Value = unit.picked(choices, "given")
        at = self.pick_registers
        for k, op in enumerate(self.ops):
            waiting = max(self.lead(op) - at, 0)
            value = unit.delayed(value, waiting, f"op{k}")
            at += waiting
            value = op.build(unit, value, at)
            at += op.registers
        assert at + self.behind == self.depth
        return value

    def _put_together(
        self, m: Module, found: Sequence[Signal], steps: Sequence[Value], control: Control
    ) -> None:
        """Results of all but the last step wait for the others."""
        bits = self.result.bits
        waiting = []
        for s in range(self.steps - 1):
            held = Signal(self.units * bits, name=f"held{s}", reset_less=True)
            with m.If(control.strobe(m, f"holds{s}", steps[-2] == s, steps[-1] == s)):
                m.d.sync += held.eq(Cat(*found))
            waiting.append(held)
        everything = Cat(*waiting, *found)
        with m.If(control.load):
            m.d.sync += control.front[self.result.name].eq(everything[: self.channels * bits])


def fused(stages: Sequence[Stage]) -> list[Stage]:
    """The same stages, those that compute channel by channel joined where they stand in a row.

    Those that were joined are never built, which Amaranth would remark but for the first line here.
    """
    joined: list[Stage] = []
    for stage in stages:
        before = joined[-1] if joined else None
        if isinstance(stage, Channelwise) and isinstance(before, Channelwise):
            between = before.result.name
            later = {track.name for track in stage.outputs}
            if stage.given == between and between not in (*stage.reads, *later):
                both = Channelwise(
                    before.inputs,
                    stage.outputs,
                    given=before.given,
                    ops=(*before.ops, *stage.ops),
                    clocks_per_pixel=before.clocks_per_pixel,
                    reads=(*before.reads, *stage.reads),
                )
                both.clocks = stage.clocks
                both.layers = (*before.layers, *stage.layers)
                joined[-1] = both
                continue
        joined.append(stage)
    return joined

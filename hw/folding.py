"""Folding: one slot is worked on for so many clocks, a share of its work in each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from amaranth import Const, Module, Mux, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import Out

from lutscale.hw.slots import MARKS, Latency, Stage, Track

__all__ = ["Control", "Folded", "fold", "pick", "pick_registers", "select"]


def fold(jobs: int, clocks_per_pixel: int) -> tuple[int, int]:
    """(units, steps): the fewest units that do ``jobs`` within the fold, and the steps taken."""
    units = -(-jobs // clocks_per_pixel)
    return units, -(-jobs // units)


# Clocks between two results, at least, for what is decided two clocks before.
_FAR = 3

# Choices that are brought together in a clock.
_NEAR_BITS = 2
_NEAR = 1 << _NEAR_BITS


class Control(NamedTuple):
    """The signals that sequence a folded stage.

    Attributes:
        enable: every register of the pipeline loads while it is high.
        step: number of the step being issued.
        first: the result at the end of the pipeline is that of a slot's first step.
        load: the output registers of the made tracks must load the result now.
        later: the slot from the clock after its first step on: the copy, where there is one.
        front: the register behind ``o.payload``.
        ahead: what ``enable`` will be in the next clock, where that is known.
    """

    enable: Signal
    step: Signal
    first: Signal
    load: Signal
    later: Any
    front: Any
    ahead: Signal | None

    def strobe(self, m: Module, name: str, before: Value, now: Value) -> Signal:
        """``enable & now``, straight from a register where that can be.

        It drives the enables of many registers, across the stage.

        Args:
            before: what ``now`` takes with the next enable.
        """
        return _strobe(m, name, self.enable, self.ahead, before, now)


class Folded(Stage):
    """A stage that takes ``steps`` clocks for a slot.

    The slot at ``i`` stays there while its steps are issued; it is accepted with the last of
    them, or with the first by a stage that copies it. Each step runs through ``depth`` registers;
    when the last of a slot has, `Control.load` tells the stage to put the result together. The
    whole pipeline holds while a finished result cannot be handed on.

    Ports:
        soon: out, what ``i.ready`` will be in the next clock; where the stage is far-sighted.

    Args:
        steps: clocks a slot takes.
        depth: registers between the issue of a step and its result.

    Attributes:
        unhurried: whether a result waits until the one before has left ``o``, and does not take
            its place in the same clock. Then the pipeline's enable is a register, and with three
            steps or more one behind a register, so that it may stand in the middle of the stage.
        copies: whether the slot is copied in the first step, for the later ones: registers that
            let the stage before go on, and cut the chain in which stages stop each other.
    """

    copies = False
    unhurried = False

    def __init__(
        self, inputs: Sequence[Track], outputs: Sequence[Track], *, steps: int, depth: int
    ) -> None:
        super().__init__(inputs, outputs, {"soon": Out(1)})
        self.steps, self.depth = steps, depth
        self.holds = steps > 1 and not self.copies
        self.latency = Latency(clocks=steps + depth)

    def control(self, m: Module, made: Sequence[str]) -> Control:
        """Build the sequencing and the carrying of marks and tracks.

        Args:
            made: names of the output tracks that the stage computes.
        """
        # Gates where the next stage wants the result at once, else a register (see `_hold`).
        enable = Signal(name="enable", init=1)
        step = Signal(range(max(self.steps, 2)), name="step")
        # Of the step being issued; registers, since they stop the stage before.
        at_first, at_last = Signal(name="at_first", init=1), Signal(name="at_last")
        if self.steps == 1:
            at_first, at_last = Const(1), Const(1)
        last_next: Value = at_last
        later: Any = self.i.payload
        issue: Value = self.i.valid
        if self.copies and self.steps > 1:
            later = Signal(self.i.payload.shape(), name="copy", reset_less=True)
            issue = self.i.valid | ~at_first
            # What stands there before a slot does is overwritten by it.
            with m.If(self.i.ready):
                m.d.sync += later.eq(self.i.payload)
        if self.steps > 1:
            steps_on = enable & issue
            last_next = Mux(steps_on, ~at_last & (step == self.steps - 2), at_last)
            with m.If(steps_on):
                m.d.sync += [step.eq(Mux(at_last, 0, step + 1)), at_first.eq(at_last)]
            m.d.sync += at_last.eq(last_next)
        ahead = Signal(name="ahead", init=1) if self.far_sighted else None
        if ahead is not None:
            # A register as well, since it stops the stage before.
            ready = Signal(name="ready", init=int(self.copies))
            accepts = Mux(steps_on, at_last, at_first) if self.copies else last_next
            m.d.comb += [self.soon.eq(ahead & accepts), self.i.ready.eq(ready)]
            m.d.sync += ready.eq(self.soon)
        else:
            m.d.comb += self.i.ready.eq(enable & (at_first if self.copies else at_last))

        kept = [t for t in self.outputs if t.name not in made]
        layout = data.StructLayout(
            dict.fromkeys(MARKS, 1) | {track.name: track.width for track in kept}
        )
        carried: Any = later
        starts: list[Value] = [at_first]
        # Whether the last step of a slot stands there; a slot that has begun stays until it.
        ends: list[Value] = [at_last if self.steps > 1 else issue]
        for k in range(1, self.depth + 1):
            start, end = Signal(name=f"start{k}"), Signal(name=f"end{k}")
            with m.If(enable):
                m.d.sync += [start.eq(starts[-1]), end.eq(ends[-1])]
            # Slots follow each other by the steps: one register holds a slot for as many clocks.
            if (k - 1) % self.steps == 0:
                slot = Signal(layout, name=f"carried{k}", reset_less=True)
                # A slot's last step carries it; the steps before would be overwritten.
                before = ends[-2] if k > 1 else last_next
                carries = _strobe(m, f"carries{k}", enable, ahead, before, ends[-1])
                with m.If(carries):
                    m.d.sync += [slot[name].eq(carried[name]) for name, _ in layout]
                carried = slot
            starts.append(start)
            ends.append(end)

        load = Signal(name="load")
        self._hold(m, enable, ahead, load, ends)
        front = self.front(m)
        with m.If(load):
            m.d.sync += self.o.valid.eq(1)
            m.d.sync += [front[name].eq(carried[name]) for name, _ in layout]
        with m.Elif(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        return Control(enable, step, starts[-1], load, later, front, ahead)

    @property
    def far_sighted(self) -> bool:
        """Whether it is known two clocks before that a result finds its place, or has to wait."""
        return self.unhurried and self.steps >= _FAR and self.depth >= _FAR - 1

    def _hold(
        self,
        m: Module,
        enable: Signal,
        ahead: Signal | None,
        load: Signal,
        ends: Sequence[Value],
    ) -> None:
        """When the pipeline moves, and when it hands a result on.

        It holds while a finished result finds no place at ``o``. Nothing of that waits for the
        clock itself where the stage is unhurried: what will be finished, and whether the place
        will be free, is known a clock before. So both signals, which drive every register of the
        stage, come straight from registers. With steps enough it is known two clocks before:
        results stand so far apart that the place is free by then, unless it must be waited for.
        """
        if not self.unhurried:
            m.d.comb += [
                enable.eq(~ends[-1] | ~self.o.valid | self.o.ready),
                load.eq(ends[-1] & enable),
            ]
            return
        finished, taken = Signal(name="finished"), Signal(name="taken")
        if ahead is not None:
            # In two clocks.
            loads = Signal(name="loads")
            m.d.comb += [
                finished.eq(~ahead | (enable & ends[-3])),
                taken.eq(self.o.valid & ~self.o.ready),
            ]
            m.d.sync += [
                ahead.eq(~finished | ~taken),
                loads.eq(finished & ~taken),
                enable.eq(ahead),
                load.eq(loads),
            ]
            return
        m.d.comb += [
            # In the next clock.
            finished.eq(~enable | ends[-2]),
            taken.eq(load | (self.o.valid & ~self.o.ready)),
        ]
        m.d.sync += [enable.eq(~finished | ~taken), load.eq(finished & ~taken)]


def _strobe(
    m: Module, name: str, enable: Signal, ahead: Signal | None, before: Value, now: Value
) -> Signal:
    """Of `Control.strobe`."""
    strobe = Signal(name=name)
    if ahead is None:
        m.d.comb += strobe.eq(enable & now)
    else:
        m.d.sync += strobe.eq(ahead & Mux(enable, before, now))
    return strobe


def pick_registers(steps: int) -> int:
    """Of `pick`, for a stage of so many steps."""
    return 1 if steps <= _NEAR else 2


def pick(
    m: Module, name: str, choices: Sequence[Value], steps: Sequence[Value], enable: Value
) -> Value:
    """The one of ``choices``, by step, behind `pick_registers`.

    What a slot's numbers come from may lie all over a chip: a few at a time are brought together,
    and then those.

    Args:
        name: what signals are called.
        choices: one for each step of the stage.
        steps: the step being issued, and that behind a register.
        enable: when registers load.
    """
    registers = pick_registers(len(choices))
    shape = max(choices, key=len).shape()

    def register(value: Value, name: str) -> Signal:
        made = Signal(shape, name=name, reset_less=True)
        with m.If(enable):
            m.d.sync += made.eq(value)
        return made

    def chosen(step: Value, among: Sequence[Value], name: str) -> Value:
        now = Signal(shape, name=name)
        select(m, step, now, among)
        return now

    if all(choice is choices[0] for choice in choices):
        return register(choices[0] if registers == 1 else register(choices[0], f"{name}_0"), name)
    if registers == 1:
        return register(chosen(steps[0], choices, f"{name}_now"), name)
    parts = []
    for k in range(0, len(choices), _NEAR):
        near = chosen(steps[0][:_NEAR_BITS], choices[k : k + _NEAR], f"{name}_now{k // _NEAR}")
        parts.append(register(near, f"{name}_part{k // _NEAR}"))
    return register(chosen(steps[1][_NEAR_BITS:], parts, f"{name}_now"), name)


def select(m: Module, step: Value, target: Value, choices: Sequence[Value]) -> None:
    """``target = choices[step]``; the last choice serves all later steps."""
    if len(choices) == 1:
        m.d.comb += target.eq(choices[0])
        return
    with m.Switch(step):
        for k, choice in enumerate(choices[:-1]):
            with m.Case(k):
                m.d.comb += target.eq(choice)
        with m.Default():
            m.d.comb += target.eq(choices[-1])

"""Streams in Amaranth's simulator: items in, items out, under every pattern of stalls.

`Bench` simulates one component as often as a test needs. Every simulation has a cycle limit,
checks that a waiting output does not change, and counts clocks from 0. ``WAVES=1`` writes
build/waves/COMPONENT.vcd of the last simulation.
"""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amaranth import Value
from amaranth.lib import data
from amaranth.sim import Simulator

__all__ = ["SEED", "STALLS", "Bench", "Run", "Stalls", "join", "split"]

SEED = int(os.environ.get("LUTSCALE_SEED", "0"))
"""Of the stall patterns; set LUTSCALE_SEED to try others."""


@dataclass(frozen=True)
class Stalls:
    """When the source offers and the sink takes.

    Attributes:
        source, sink: share of the clocks at which they are willing.
        one_cycle: the sink becomes ready only when it has seen valid, for one clock.
    """

    source: float = 1.0
    sink: float = 1.0
    one_cycle: bool = False


STALLS = {
    "none": Stalls(),
    "random source": Stalls(source=0.5),
    "random sink": Stalls(sink=0.5),
    "one-cycle ready": Stalls(one_cycle=True),
    "both": Stalls(source=0.6, sink=0.6),
}
"""The stall matrix of every stream test."""


@dataclass
class Run:
    """What a simulation saw; item k of ``offered`` belongs to item k that was put.

    Attributes:
        offered: clock at which each item was first valid.
        accepted: clock at which it was taken.
        items: what came out, as integers.
        clocks: when each of them was taken.
        watched: last value of each signal watched.
    """

    offered: list[int] = field(default_factory=list)
    accepted: list[int] = field(default_factory=list)
    items: list[int] = field(default_factory=list)
    clocks: list[int] = field(default_factory=list)
    watched: list[int] = field(default_factory=list)


class Bench:
    """A component with streams ``i`` and ``o``, simulated again and again.

    Args:
        dut: the component.
        beside: signals that are set with each item, and held until it is taken.
        watch: signals of which a `Run` tells the last value.
    """

    def __init__(
        self, dut: Any, *, beside: Sequence[Value] = (), watch: Sequence[Value] = ()
    ) -> None:
        self.dut = dut
        self._given = [Value.cast(dut.i.payload), *beside]
        self._sampled = [dut.i.ready, dut.o.valid, Value.cast(dut.o.payload), *watch]
        self.result = Run()
        self._simulator: Simulator | None = None

    def run(
        self,
        items: Sequence[int | tuple[int, ...]],
        *,
        count: int | None = None,
        stalls: Stalls = STALLS["none"],
        seed: int = SEED,
        period: int = 1,
        pauses: Mapping[int, int] | None = None,
        limit: int | None = None,
        linger: int = 40,
    ) -> Run:
        """Put ``items`` in and wait for ``count`` items to come out.

        Args:
            items: integers, or tuples when signals are set beside.
            count: as many as put in by default.
            seed: of the stall pattern.
            period: an item is offered that many clocks after the one before, at the earliest.
            pauses: by number of an item, clocks without a valid item before it is offered, at the
                least.
            limit: clocks after which the simulation fails.
            linger: clocks to wait for items too many.
        """
        self._items = [item if isinstance(item, tuple) else (item,) for item in items]
        self._count = len(items) if count is None else count
        self._stalls, self._seed, self._period, self._linger = stalls, seed, period, linger
        self._pauses = pauses or {}
        self._limit = limit or 1000 + 20 * period * (len(items) + self._count)
        self._limit += sum(self._pauses.values())
        self.result = Run()
        if self._simulator is None:
            self._simulator = Simulator(self.dut)
            self._simulator.add_clock(1e-6)
            self._simulator.add_testbench(self._drive)
        else:
            self._simulator.reset()
        with ExitStack() as stack:
            if os.environ.get("WAVES") == "1":
                path = Path("build/waves") / f"{type(self.dut).__name__}.vcd"
                path.parent.mkdir(parents=True, exist_ok=True)
                stack.enter_context(self._simulator.write_vcd(str(path)))
            self._simulator.run()
        came = len(self.result.items)
        assert came == self._count, f"expected {self._count} items, got {came} (seed {seed})"
        return self.result

    async def _drive(self, ctx: Any) -> None:
        dut, run, stalls = self.dut, self.result, self._stalls
        chance = random.Random(self._seed).random
        queue = iter(self._items)
        following = next(queue, None)
        offering = ready = waiting = False
        shown = 0
        clock = end = 0
        # The values at an edge come before what is set here for the next clock.
        async for _, _, taken, valid, payload, *watched in ctx.tick().sample(*self._sampled):
            if waiting:
                assert valid, f"clock {clock}: valid fell before the item was taken"
                assert payload == shown, f"clock {clock}: an item changed before it was taken"
            if clock:
                run.watched = watched
                if offering and taken:
                    run.accepted.append(clock)
                    offering, end = False, clock + self._linger
                if valid and ready:
                    run.items.append(payload)
                    run.clocks.append(clock)
                    end = clock + self._linger
                waiting, shown = bool(valid and not ready), payload
            done = following is None and not offering and len(run.items) >= self._count
            if done and clock >= end:
                break
            clock += 1
            if clock > self._limit:
                raise AssertionError(self._overdue(clock))
            due = not run.offered or clock >= run.offered[-1] + self._period
            pause = self._pauses.get(len(run.offered), 0)
            due &= not (pause and run.accepted) or clock > run.accepted[-1] + pause
            if not offering and following is not None and due and chance() < stalls.source:
                for signal, value in zip(self._given, following, strict=True):
                    ctx.set(signal, value)
                following = next(queue, None)
                offering = True
                run.offered.append(clock)
            ctx.set(dut.i.valid, offering)
            ready = waiting if stalls.one_cycle else chance() < stalls.sink
            ctx.set(dut.o.ready, ready)

    def _overdue(self, clock: int) -> str:
        run = self.result
        return (
            f"no end within {clock} clocks: {len(run.accepted)} of {len(self._items)} items "
            f"went in, {len(run.items)} of {self._count} came out (seed {self._seed})"
        )


def join(layout: data.StructLayout, fields: Mapping[str, int]) -> int:
    """An item of a struct: its fields, unsigned, as one integer."""
    word = 0
    for name, value in fields.items():
        place = layout[name]
        assert 0 <= value < 1 << place.width, f"{name} must fit {place.width} bits, not {value}"
        word |= value << place.offset
    return word


def split(layout: data.StructLayout, word: int) -> dict[str, int]:
    """The inverse of `join`."""
    return {str(name): word >> place.offset & ((1 << place.width) - 1) for name, place in layout}

"""Passes of turned tables in time and side by side, and a patch that turns as it is added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from amaranth import Module, Mux, Signal, Value

from lutscale.golden.symmetry import PRODUCTS, inverse, patch_source
from lutscale.hw.tree import Bounds

__all__ = ["Schedule", "TurningPatch"]

# Elements whose products with those of the passes are the whole group, each once: (order, copies).
_SIDES = {
    (8, 2): (0, 4),
    (8, 4): (0, 2, 4, 6),
    (4, 2): (0, 2),
}


@dataclass(frozen=True)
class Schedule:
    """Which element's pass runs when, and at which copy of the tables.

    As many passes as the fold has clocks for run one after the other at the same tables; the
    others need copies, which run beside.

    Attributes:
        order: passes in all, 1, 4 or 8.
        clocks: of the fold.
    """

    order: int
    clocks: int

    @property
    def passes(self) -> int:
        """Passes one after the other."""
        return next(n for n in (8, 4, 2, 1) if self.order % n == 0 and n <= self.clocks)

    @property
    def copies(self) -> int:
        """Passes side by side."""
        return self.order // self.passes

    @property
    def turns(self) -> tuple[int, ...]:
        """The elements at the first copy: each a quarter turn behind the one before, but for the
        step from the rotations to the mirror images.
        """
        return (0, 1, 2, 3, *(PRODUCTS[4][q] for q in range(4)))[: self.passes]

    @property
    def sides(self) -> tuple[int, ...]:
        """By what the element of each copy differs from that of the first, in every pass."""
        return _SIDES.get((self.order, self.copies), tuple(range(self.copies)))

    def element(self, copy: int, number: int) -> int:
        """The element of a copy's pass."""
        return PRODUCTS[self.turns[number]][self.sides[copy]]


class TurningPatch:
    """Adds patches that are turned another way in every pass, in one accumulator a pixel.

    The accumulators hold the sum as the frame of the present pass has it: when a pass begins, each
    takes over the one that turns to its place, and the copies' patches differ from the first one's
    by the same turn in every pass.

    Args:
        schedule: the passes.
        scale: r, side of the patch.
    """

    def __init__(self, schedule: Schedule, scale: int) -> None:
        self.schedule, self.scale = schedule, scale
        turns = schedule.turns
        moves = [PRODUCTS[inverse(a)][b] for a, b in pairwise(turns)]
        #: By pass but the first, whose sum each accumulator takes over.
        self.taken = [patch_source(scale, inverse(move)) for move in moves]
        #: The accumulator of each pixel of the patch, when all is added.
        self.places = patch_source(scale, turns[-1])

    def source(self, copy: int, place: int) -> int:
        """The pixel of a copy's patch that is added to an accumulator."""
        return patch_source(self.scale, self.schedule.sides[copy])[place]

    def ranges(self, steps: Sequence[Sequence[Bounds]]) -> list[range]:
        """All sums that each accumulator ever holds, for bounds by step of a pass and place."""
        sums = [Bounds(0, 0)] * self.scale**2
        found = [Bounds(0, 0)] * self.scale**2
        for number in range(self.schedule.passes):
            if number:
                sums = [sums[place] for place in self.taken[number - 1]]
            for step in steps:
                sums = [a + b for a, b in zip(sums, step, strict=True)]
                found = [
                    Bounds(min(a.lo, b.lo), max(a.hi, b.hi))
                    for a, b in zip(found, sums, strict=True)
                ]
        return [bounds.shape for bounds in found]

    def accumulate(
        self,
        m: Module,
        numbers: Sequence[Value],
        ranges: Sequence[range],
        *,
        starts: Sequence[Value],
        enable: Value,
    ) -> list[Value]:
        """The patch as the frame has it, in the clock of the last number.

        Args:
            numbers: of this clock, for each accumulator.
            ranges: of their sums.
            starts: high in the first step of each pass.
            enable: high in the clocks that count.
        """
        places = range(self.scale**2)
        held = [Signal(ranges[k], name=f"acc{k}", reset_less=True) for k in places]
        values = []
        for k in places:
            before: Value = held[k]
            for taken in {tuple(taken): taken for taken in self.taken}.values():
                begins = [s for s, t in zip(starts[1:], self.taken, strict=True) if t == taken]
                any_begins = begins[0]
                for begin in begins[1:]:
                    any_begins = any_begins | begin
                before = Mux(any_begins, held[taken[k]], before)
            value = Signal(ranges[k], name=f"sum{k}")
            m.d.comb += value.eq(Mux(starts[0], 0, before) + numbers[k])
            with m.If(enable):
                m.d.sync += held[k].eq(value)
            values.append(value)
        return [values[place] for place in self.places]

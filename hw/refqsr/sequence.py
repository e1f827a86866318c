"""The order of passes: load a tile, then pass after pass until the last has left."""

from __future__ import annotations

from typing import Any

from amaranth import Module, Mux, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Sequence"]


class Sequence(wiring.Component):
    """Counts passes, whose words a ROM gives a clock after ``fetch``.

    Ports:
        loaded: In, for the clock of a tile's last pixel; ``reference``: In, by then and later.
        busy: In, the pass is at work. ``last``: In, it is the last; ``onward``: In, how many passes
            on the next one is.
        open: Out, a tile may come in.
        number: Out, of the pass; ``fetch``: Out, its word is wanted. ``start``: Out, for the clock
            in which the word is there first.
        stage: Out, 0 while a tile may come in, else the number of the pass, plus one.

    Args:
        passes: how many.
        query: number of the first pass of a query.
        most: greatest ``onward``.
    """

    def __init__(self, *, passes: int, query: int, most: int) -> None:
        self.query = query
        super().__init__(
            {
                "loaded": In(1),
                "reference": In(1),
                "busy": In(1),
                "last": In(1),
                "onward": In(range(most + 1)),
                "open": Out(1),
                "number": Out(range(passes)),
                "fetch": Out(1),
                "start": Out(1),
                "stage": Out(range(passes + 1)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        with m.FSM(name="sequence") as sequence:
            with m.State("LOAD"):
                with m.If(self.loaded):
                    m.next = "FETCH"
                    begin: Value = self.reference | 0
                    m.d.sync += self.number.eq(Mux(begin, 0, self.query))
            with m.State("FETCH"):
                m.next = "START"
            with m.State("START"):
                m.next = "RUN"
            with m.State("RUN"), m.If(~self.busy):
                m.d.sync += self.number.eq(self.number + self.onward)
                m.next = "FETCH"
                with m.If(self.last):
                    m.next = "LOAD"
        # Assignments, not branches: Icarus does not run a block whose inputs never change.
        m.d.comb += [
            self.stage.eq(Mux(sequence.ongoing("LOAD"), 0, self.number + 1)),
            self.fetch.eq(sequence.ongoing("FETCH")),
            self.open.eq(sequence.ongoing("LOAD")),
            self.start.eq(sequence.ongoing("START")),
        ]
        return m

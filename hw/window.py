"""From a stream of pixels to a stream of neighbourhoods: line buffers, then columns.

Neither stage knows the size of a frame: the marks of the rows and columns in the window say where
a frame or a line ends, so consecutive frames share the buffers without a gap, and a frame may be
smaller than the window.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import In

from lutscale.golden.validate import require_int
from lutscale.hw.memory import Ram
from lutscale.hw.slots import MARKS, Latency, Stage, Track
from lutscale.hw.spans import Span, neighbourhood, require_delay, stored_lines
from lutscale.hw.targets import Target

__all__ = ["Columns", "LineBuffer"]


# Clocks a slot with which one more is not missed.
_RELAXED = 6


class LineBuffer(Stage):
    """Delays all tracks by ``delay`` rows and offers lines above and below the centre.

    One RAM word holds, for one x, the stored lines of every track. A slot takes ``steps`` clocks.

    Args:
        inputs: the tracks at ``i``, each one pixel high.
        spans: the tracks at ``o``.
        delay: rows the centre lags behind the input: the largest `Span.reach` after it, or more.
        max_width: the longest line, in slots.
        clocks_per_pixel: F; where slots come at most every other clock, a register keeps the
            RAM's slow output away from all logic.
        bursts: whether slots may come together all the same, as they do behind a pixel shuffle.
        relaxed: whether the next stage, when it has taken a slot, can wait for the next one. Then
            it is a register that moves a slot to ``o``, where there are the clocks.
        name, layer: for the account of memory.
        target: whose block memories there are.
    """

    def __init__(
        self,
        inputs: Sequence[Track],
        spans: Sequence[Span],
        *,
        delay: int,
        max_width: int,
        name: str,
        layer: int,
        target: Target,
        clocks_per_pixel: int = 1,
        bursts: bool = False,
        relaxed: bool = False,
    ) -> None:
        require_delay(delay, spans)
        require_int("max_width", max_width, 1, 1 << 16)
        known = {track.name: track for track in inputs}
        super().__init__(
            inputs,
            [s.cut(known[s.source], "rows") for s in spans],
        )
        self.spans, self.delay, self.max_width = tuple(spans), delay, max_width
        # Lines kept of each track: from the newest up to the highest that a span takes.
        self.kept = {name: delay + above for name, above in stored_lines(inputs, spans).items()}
        width = sum(known[name].width * lines for name, lines in self.kept.items())
        self.ram = Ram(
            name=name,
            layer=layer,
            purpose="line_buffer",
            width=width,
            depth=max_width,
            target=target,
        )
        self.memories = (self.ram.use,)
        self.bursts = bursts
        self.landed = clocks_per_pixel > 1
        # With a clock to spare, the next slot waits until this one has left.
        self.cuts_ready = clocks_per_pixel > 2 and not bursts
        self.relaxed = relaxed and self.cuts_ready and clocks_per_pixel >= _RELAXED
        self.steps = 1 + int(self.landed) + int(self.cuts_ready) + int(self.relaxed)
        self.latency = Latency(rows=delay, clocks=2 + int(self.landed) + int(self.relaxed))

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.ram = ram = self.ram
        height = max(self.kept.values()) + 1
        centre = height - 1 - self.delay

        # The slot waiting for its RAM word, and the marks of the rows of the window.
        held = Signal(self.i.payload.shape(), name="held", reset_less=True)
        held_valid = Signal(name="held_valid")
        held_start = Signal(name="held_start")
        # A slot that is taken when the last has left finds its word written.
        repeated = Const(0) if self.cuts_ready else Signal(name="repeated")
        held_x = Signal(range(max(self.max_width, 2)), name="held_x")
        first = Signal(height, name="first")
        void = Signal(height, name="void", init=-1)
        accept = Signal(name="accept")
        move = Signal(name="move")
        # Whether the RAM word has reached its register, where it has one.
        there = Signal(name="there") if self.landed else Const(1)
        moves = held_valid & there & (~self.o.valid | self.o.ready)
        if self.relaxed:
            m.d.sync += move.eq(moves & ~move)
        else:
            m.d.comb += move.eq(moves)
        m.d.comb += [
            self.i.ready.eq(~held_valid if self.cuts_ready else ~held_valid | move),
            accept.eq(self.i.valid & self.i.ready),
        ]

        x = Signal(range(max(self.max_width, 2)), name="x")
        start = Signal(name="start", init=1)
        m.d.comb += [ram.rd_en.eq(accept), ram.rd_addr.eq(x)]
        with m.If(accept):
            m.d.sync += [
                held.eq(self.i.payload),
                held_valid.eq(1),
                held_start.eq(start),
                held_x.eq(x),
                start.eq(self.i.payload.last),
                x.eq(Mux(self.i.payload.last, 0, x + 1)),
            ]
            if not self.cuts_ready:
                # In a frame one pixel wide the word wanted is the one being written.
                m.d.sync += repeated.eq(move & (held_x == x))
            with m.If(start):
                m.d.sync += [
                    first.eq(Cat(first[1:], self.i.payload.first)),
                    void.eq(Cat(void[1:], self.i.payload.void)),
                ]
        with m.Elif(move):
            m.d.sync += held_valid.eq(0)
        if self.landed:
            m.d.sync += there.eq(held_valid & ~accept)

        with m.If(move):
            m.d.sync += self.o.valid.eq(1)
        with m.Elif(self.o.ready):
            m.d.sync += self.o.valid.eq(0)

        lines, word = self._lines(m, ram, held, repeated, move)
        m.d.comb += [ram.wr_en.eq(move), ram.wr_addr.eq(held_x), ram.wr_data.eq(word)]

        breaks = self._breaks(first, void, centre)
        front = self.front(m)
        with m.If(move):
            m.d.sync += [
                front.first.eq(first[centre] & held_start),
                front.last.eq(held.last),
                front.void.eq(void[centre]),
            ]
            for span in self.spans:
                rows = neighbourhood(lines[span.source], height, centre, breaks, span)
                m.d.sync += front[span.name].eq(rows)
        return m

    def _lines(
        self, m: Module, ram: Ram, held: Any, repeated: Value, move: Value
    ) -> tuple[dict[str, list[Value]], Value]:
        """Each track's lines at this x, oldest first, and the RAM word for the next row."""
        found: Value = ram.rd_data
        if self.landed:
            # The RAM keeps its word until the next slot is taken, so this may always load.
            found = Signal.like(ram.rd_data, name="landed", reset_less=True)
            m.d.sync += found.eq(ram.rd_data)
        last_word = Signal(len(ram.rd_data), name="last_word", reset_less=True)
        stored = found if self.cuts_ready else Mux(repeated, last_word, found)
        lines: dict[str, list[Value]] = {}
        parts: list[Value] = []
        offset = 0
        for name, count in self.kept.items():
            size = self.track(name).width
            old = [stored[offset + k * size : offset + (k + 1) * size] for k in range(count)]
            lines[name] = [*old, held[name]]
            parts += lines[name][1:]
            offset += size * count
        word = Cat(*parts)
        if not self.cuts_ready:
            with m.If(move):
                m.d.sync += last_word.eq(word)
        return lines, word

    def _breaks(self, first: Value, void: Value, centre: int) -> list[Value]:
        """Whether row k of the window lies outside the centre's frame."""
        breaks: list[Value] = [first[0] & 0] * len(first)
        for k in range(centre + 1, len(first)):
            breaks[k] = breaks[k - 1] | first[k] | void[k]
        for k in range(centre - 1, -1, -1):
            breaks[k] = breaks[k + 1] | first[k + 1]
        return breaks


class Columns(Stage):
    """Delays all tracks by ``delay`` slots and offers columns left and right of the centre.

    Args:
        inputs: the tracks at ``i``, each one pixel wide.
        spans: the tracks at ``o``.
        delay: slots the centre lags behind the input, likewise.

    Ports:
        soon: in, whether ``o`` will be taken in the next clock, once `foresee` was called.

    Attributes:
        foresees: whether it moves by a register, which drives the enables of all columns.
    """

    foresees = False

    def __init__(self, inputs: Sequence[Track], spans: Sequence[Span], *, delay: int) -> None:
        require_delay(delay, spans)
        known = {track.name: track for track in inputs}
        super().__init__(
            inputs,
            [s.cut(known[s.source], "cols") for s in spans],
            {"soon": In(1)},
        )
        self.spans, self.delay = tuple(spans), delay
        self.kept = {name: delay + 1 + left for name, left in stored_lines(inputs, spans).items()}
        self.latency = Latency(slots=delay, clocks=1)

    def foresee(self, clocks: int) -> None:
        """Move by a register, where slots have so many clocks that one more is not missed.

        The next stage must tell at ``soon`` when it takes a slot, and keep it until then.
        """
        if clocks >= _RELAXED:
            self.foresees = True
            self.latency = Latency(slots=self.delay, clocks=2)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        length = max(self.kept.values())
        centre = length - 1 - self.delay
        move = Signal(name="move")
        if self.foresees:
            # A slot that waits moves as the one before it leaves, or a clock after it has come.
            leaves = self.soon | self.o.ready | ~self.o.valid
            m.d.sync += move.eq(self.i.valid & ~move & leaves)
            m.d.comb += self.i.ready.eq(move)
            with m.If(move):
                m.d.sync += self.o.valid.eq(1)
            with m.Elif(self.o.ready):
                m.d.sync += self.o.valid.eq(0)
        else:
            m.d.comb += [
                self.i.ready.eq(~self.o.valid | self.o.ready),
                move.eq(self.i.valid & self.i.ready),
            ]
            with m.If(self.i.ready):
                m.d.sync += self.o.valid.eq(self.i.valid)

        # Chains of registers, newest at the end.
        marks_layout = data.StructLayout(dict.fromkeys(MARKS, 1))
        marks = [
            Signal(marks_layout, name=f"marks{k}", init={"void": 1, "last": 1})
            for k in range(length)
        ]
        chains = {
            name: [
                Signal(self.track(name).width, name=f"{name}_{k}", reset_less=True)
                for k in range(count)
            ]
            for name, count in self.kept.items()
        }
        with m.If(move):
            for old, new in itertools.pairwise(marks):
                m.d.sync += old.eq(new)
            m.d.sync += [marks[-1][mark].eq(self.i.payload[mark]) for mark in MARKS]
            for name, chain in chains.items():
                for older, newer in zip(chain, [*chain[1:], self.i.payload[name]], strict=True):
                    m.d.sync += older.eq(newer)

        # A line ends behind its last slot; void marks need no care, their centre is unused.
        breaks: list[Value] = [marks[0].last & 0] * length
        for k in range(centre + 1, length):
            breaks[k] = breaks[k - 1] | marks[k - 1].last
        for k in range(centre - 1, -1, -1):
            breaks[k] = breaks[k + 1] | marks[k].last

        m.d.comb += [self.o.payload[mark].eq(marks[centre][mark]) for mark in MARKS]
        for span in self.spans:
            columns = neighbourhood(chains[span.source], length, centre, breaks, span)
            m.d.comb += self.o.payload[span.name].eq(columns)
        return m

"""A reference's features, read from where the flow points to, between four pixels."""

from __future__ import annotations

from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lutscale.golden.refqsr.refer_block import FLOW_BITS
from lutscale.hw.refqsr.engine import engine_ports
from lutscale.hw.refqsr.flow import flow_bits
from lutscale.hw.refqsr.outputs import FEATURE_BITS
from lutscale.hw.tree import delayed

__all__ = ["Warp"]

_ONE = 1 << FLOW_BITS
_CLOCKS = 4
"""From a corner to its product: place, address, memory, product."""


class Warp(wiring.Component):
    """``golden.refqsr.refer_block.warp``, pixel by pixel.

    Ports:
        start: In, for one clock; ``width``, ``height``: In, of the tile.
        square_row, square_column: Out, whose ``flow`` is wanted two clocks later: In, rows, then
            columns above.
        row, column: Out, the pixel of the reference; ``features``: In, two clocks later.
        free and so on: `engine_ports`.

    Args:
        channels: of features.
        pool: side of a square.
        number_bits: of ``numbers``.
        max_side: of a tile.
    """

    def __init__(self, *, channels: int, pool: int, number_bits: int, max_side: int) -> None:
        self.channels, self.pool, self.number_bits = channels, pool, number_bits
        squares, self.flow_bits = max(max_side // pool, 2), flow_bits(max_side)
        side = {"width": In(range(max_side + 1)), "height": In(range(max_side + 1))}
        super().__init__(
            {
                "start": In(1),
                **side,
                "square_row": Out(range(squares)),
                "square_column": Out(range(squares)),
                "flow": In(2 * self.flow_bits),
                "row": Out(range(max_side)),
                "column": Out(range(max_side)),
                "features": In(channels * FEATURE_BITS),
                **engine_ports(channels * number_bits, max_side, max_side),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        y, x = self.at_row, self.at_column
        in_y, in_x = (Signal(range(self.pool), name=name) for name in ("in_y", "in_x"))
        wait, corner = Signal(range(3), name="wait"), Signal(2, name="corner")
        issue = Signal(name="issue")
        rows, columns = (self.flow.word_select(k, self.flow_bits).as_signed() for k in range(2))
        # Where it points to, with fraction bits.
        to_y, to_x = (Signal(range(len_ * _ONE), name=name) for name, len_ in self._sides())
        with m.FSM(name="warp") as states:
            with m.State("IDLE"):
                m.d.sync += [y.eq(0), x.eq(0), in_y.eq(0), in_x.eq(0), wait.eq(2)]
                m.d.sync += [self.square_row.eq(0), self.square_column.eq(0)]
                with m.If(self.start):
                    m.next = "FLOW"
            with m.State("FLOW"):
                m.d.sync += [wait.eq(wait - 1), corner.eq(0)]
                m.d.sync += [
                    to_y.eq(_held(y, rows, self.height)),
                    to_x.eq(_held(x, columns, self.width)),
                ]
                with m.If(wait == 0):
                    m.next = "READ"
            with m.State("READ"):
                with m.If(issue):
                    m.d.sync += corner.eq(corner + 1)
                with m.If(self.claim):
                    m.next = "WAIT"
            with m.State("WAIT"):
                m.d.sync += wait.eq(2)
                with m.If(self.done):
                    self._advance(m, in_y, in_x)
        # Assignments, not branches: Icarus does not run a block whose inputs never change.
        m.d.comb += [
            self.busy.eq(~states.ongoing("IDLE")),
            # The last corner waits for room.
            issue.eq(states.ongoing("READ") & ((corner != 3) | self.free)),
            self.claim.eq(issue & (corner == 3)),
        ]
        self._blend(m, issue, corner, to_y, to_x)
        return m

    def _sides(self) -> tuple[tuple[str, int], tuple[str, int]]:
        side = 1 << len(self.row)
        return ("to_y", side), ("to_x", side)

    def _advance(self, m: Module, in_y: Signal, in_x: Signal) -> None:
        """To the next pixel and its square."""
        last = self.pool - 1
        m.next = "FLOW"
        m.d.sync += [self.at_column.eq(self.at_column + 1), in_x.eq(in_x + 1)]
        with m.If(in_x == last):
            m.d.sync += [in_x.eq(0), self.square_column.eq(self.square_column + 1)]
        with m.If(self.at_column == self.width - 1):
            m.d.sync += [self.at_column.eq(0), in_x.eq(0), self.square_column.eq(0)]
            m.d.sync += [self.at_row.eq(self.at_row + 1), in_y.eq(in_y + 1)]
            with m.If(in_y == last):
                m.d.sync += [in_y.eq(0), self.square_row.eq(self.square_row + 1)]
            with m.If(self.at_row == self.height - 1):
                m.next = "IDLE"

    def _blend(self, m: Module, issue: Signal, corner: Signal, to_y: Signal, to_x: Signal) -> None:
        """Four corners by their weights, a clock each; halves go up."""
        weights: list[Value] = []
        for place, to, further, size in (
            (self.row, to_y, corner[1], self.height),
            (self.column, to_x, corner[0], self.width),
        ):
            whole, part = to[FLOW_BITS:], to[:FLOW_BITS]
            after = Mux(whole == size - 1, whole, whole + 1)
            m.d.sync += place.eq(Mux(further, after, whole))
            weights.append(Mux(further, part, _ONE - part))
        down, across = (Signal(range(_ONE + 1), name=name) for name in ("down", "across"))
        m.d.comb += [down.eq(weights[0]), across.eq(weights[1])]
        first, last = issue & (corner == 0), issue & (corner == 3)
        marks = delayed(m, Cat(issue, first, last, down, across), _CLOCKS, Const(1))
        before = marks[_CLOCKS - 2]
        bits = len(down)
        weight = Signal(range(_ONE * _ONE + 1), name="weight")
        m.d.comb += weight.eq(before[3 : 3 + bits] * before[3 + bits :])
        totals = []
        width = FEATURE_BITS + 2 * FLOW_BITS + 2
        for c in range(self.channels):
            feature = self.features.word_select(c, FEATURE_BITS).as_signed()
            product = Signal(signed(width), name=f"product{c}", reset_less=True)
            total = Signal(signed(width), name=f"total{c}", reset_less=True)
            m.d.sync += product.eq(feature * weight)
            with m.If(marks[-1][0]):
                m.d.sync += total.eq(Mux(marks[-1][1], 1 << (2 * FLOW_BITS - 1), total) + product)
            number = Signal(signed(self.number_bits), name=f"number{c}")
            m.d.comb += number.eq(total >> (2 * FLOW_BITS))
            totals.append(number)
        m.d.sync += self.done.eq(marks[-1][2])
        m.d.comb += self.numbers.eq(Cat(totals))


def _held(place: Value, flow: Value, size: Value) -> Value:
    """``place`` and its flow, with fraction bits, inside the tile."""
    most = Cat(Const(0, FLOW_BITS), (size - 1).as_unsigned())
    moved = (place << FLOW_BITS) + flow
    return Mux(moved < 0, 0, Mux(moved > most, most, moved))

"""Hardware of golden/colour/matrices.py: constant matrices as shifts and additions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth import Cat, Const, Module, Value

from lutscale.golden.colour.matrices import FRACTION_BITS
from lutscale.hw.arithmetic import clamp, signed_digits
from lutscale.hw.folding import Folded
from lutscale.hw.slots import Track
from lutscale.hw.tree import Bounds, add_tree, delayed, tree_registers

__all__ = ["MatrixStage"]


class MatrixStage(Folded):
    """Every pixel of a track becomes another: three components each, a slot a clock.

    A row of the matrix is one adder tree, of a shifted component for each signed binary digit of
    its numbers.

    Args:
        inputs: the tracks at ``i``; all but the one that is converted are passed on.
        given, made: the track that is converted, and what it becomes: components of 8 bits.
        rows: of the matrix: a component of the result each.
        constants: what is added to each row, in units of 1 / 2**`FRACTION_BITS`.
        takes, gives: where the matrix's first, second and third component lies in a pixel of
            ``given`` and of ``made``, in bytes.
    """

    def __init__(
        self,
        inputs: Sequence[Track],
        *,
        given: Track,
        made: Track,
        rows: Sequence[Sequence[int]],
        constants: Sequence[int],
        takes: Sequence[int],
        gives: Sequence[int],
    ) -> None:
        self.given, self.made = given, made
        self.rows, self.constants = tuple(rows), tuple(constants)
        self.takes, self.gives = tuple(takes), tuple(gives)
        digits = [sum(len(signed_digits(abs(factor))) for factor in row) + 1 for row in self.rows]
        self.levels = max(map(tree_registers, digits))
        others = [track for track in inputs if track.name != given.name]
        super().__init__(inputs, [*others, made], steps=1, depth=self.levels)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        control = self.control(m, [self.made.name])
        word = self.i.payload[self.given.name]
        found: list[Value] = [Const(0)] * (self.made.width // 8)
        for pixel in range(len(found) // 3):
            components = [word.word_select(3 * pixel + at, 8) for at in self.takes]
            for row, (factors, constant, place) in enumerate(
                zip(self.rows, self.constants, self.gives, strict=True)
            ):
                label = f"{pixel}_{row}"
                total = self._row(m, label, factors, constant, components, control.enable)
                found[3 * pixel + place] = clamp(total >> FRACTION_BITS, 0, 255)[:8]
        with m.If(control.load):
            m.d.sync += control.front[self.made.name].eq(Cat(*found))
        return m

    def _row(
        self,
        m: Module,
        label: str,
        factors: Sequence[int],
        constant: int,
        components: Sequence[Value],
        enable: Value,
    ) -> Value:
        """The rounded sum of a row, with its fraction, behind all levels of registers."""
        constant += 1 << (FRACTION_BITS - 1)
        terms: list[Value] = [Const(constant)]
        bounds = [Bounds(constant, constant)]
        for factor, component in zip(factors, components, strict=True):
            for shift, sign in signed_digits(abs(factor)):
                term = component << shift
                positive = (sign > 0) == (factor > 0)
                terms.append(term if positive else -term)
                most = 255 << shift
                bounds.append(Bounds(0, most) if positive else Bounds(-most, 0))
        total = add_tree(m, label, terms, bounds, enable)
        late = self.levels - tree_registers(len(terms))
        return [total, *delayed(m, total, late, enable)][-1]

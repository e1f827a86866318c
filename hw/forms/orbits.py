"""How tied tables come back: which taps read the same table in which turn of the kernel.

The tables of a tied layer are the same ones in every orientation, so hardware may hold those of one
orientation and let the taps that read them take turns. The turns used here are powers of one
rotation: then the outputs change places in the same way from each turn to the next.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lutscale.golden.layers import TapTables
from lutscale.golden.symmetry import patch_turns, share_turns, turned
from lutscale.hw.forms.banks import Place

__all__ = ["ORDERS", "Orbits"]

ORDERS = (2, 4)
"""Half turns, and quarter turns."""


@dataclass(frozen=True)
class Orbits:
    """The tables of the untied layer, as a rotation moves them.

    Moved by a turn, a place holds the same tables, for outputs that have changed places:
    ``full[moved(place), :, output(o)] == full[place, :, o]``.

    Attributes:
        layer: tied tables.
        order: one of `ORDERS`: how many turns there are, that by 0 included.
    """

    layer: TapTables
    order: int

    @cached_property
    def places(self) -> list[list[Place]]:
        """Every place once, in lists by turn; taps in the middle of a lift have one turn only."""
        full = self.layer.untied
        seen: set[Place] = set()
        found = []
        for place in np.ndindex(full.in_channels, *full.kernel):
            if place not in seen:
                orbit = list(dict.fromkeys(self._orbit(place)))
                seen.update(orbit)
                found.append(orbit)
        return found

    @cached_property
    def outputs(self) -> list[list[int]]:
        """By turn, the output that each output has become."""
        layer, rotation = self.layer, 4 // self.order
        if layer.role == "end":
            one = patch_turns(((0,),) * 4, math.isqrt(layer.outputs))[rotation]
        else:
            assert layer.symmetry is not None
            one = share_turns(layer.symmetry, 4, layer.outputs)[rotation]
        turns = [list(range(len(one)))]
        while len(turns) < self.order:
            turns.append([one[o] for o in turns[-1]])
        return turns

    def _orbit(self, place: Place) -> Iterator[Place]:
        for _ in range(self.order):
            yield place
            place = self._moved(place)

    def _moved(self, place: Place) -> Place:
        layer, rotation = self.layer, 4 // self.order
        channel, i, j = place
        row, column = layer.untied.offset(0, 0)
        down, right = turned(layer.untied.offset(i, j), rotation)
        return self._channels[channel], down - row, right - column

    @cached_property
    def _channels(self) -> tuple[int, ...]:
        layer, rotation = self.layer, 4 // self.order
        assert layer.symmetry is not None
        if layer.role == "lift":
            return tuple(range(layer.in_channels))
        size = layer.untied.in_channels // layer.pass_count
        return share_turns(layer.symmetry, 4, size)[rotation]

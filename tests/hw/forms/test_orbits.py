"""Orbits: places that a rotation carries into each other hold the same tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lutscale.golden.symmetry import GROUPS
from lutscale.hw.forms.orbits import ORDERS, Orbits
from tests.support.hw.tap_windows import tables

CHANNELS = {"lift": (2, 3), "mix": (8, 2), "end": (3, 4)}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("symmetry", GROUPS)
@pytest.mark.parametrize("role", CHANNELS)
def test_every_turn_of_a_place_holds_its_tables(role: str, symmetry: str, order: int) -> None:
    layer = replace(tables((3, 3), CHANNELS[role], nodes=3), symmetry=symmetry, role=role)
    orbits, full = Orbits(layer, order), layer.untied
    places = [place for orbit in orbits.places for place in orbit]
    assert sorted(places) == list(np.ndindex(full.in_channels, 3, 3))
    # Only taps in the middle stay where they are, and only where channels do.
    short = [orbit[0] for orbit in orbits.places if len(orbit) < order]
    assert all(place[1:] == (1, 1) for place in short)
    assert len(short) == (2 if role == "lift" else 0)
    for orbit in orbits.places:
        for place, outputs in zip(orbit, orbits.outputs, strict=False):
            np.testing.assert_array_equal(full.entries[place][:, outputs], full.entries[orbit[0]])

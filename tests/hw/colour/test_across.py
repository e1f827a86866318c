"""Division by a multiplication, and the order in which columns leave."""

from __future__ import annotations

import pytest

from lutscale.golden.colour import Colour
from lutscale.hw.colour.across import Across, reciprocal
from lutscale.hw.colour.geometry import Geometry


@pytest.mark.parametrize("divisor", [4, 9, 16, 18, 64, 128])
def test_every_quotient_is_exact(divisor: int) -> None:
    most = 255 * divisor + divisor // 2
    multiplier, shift = reciprocal(divisor, most)
    for number in range(most + 1):
        assert number * multiplier >> shift == number // divisor
    if shift:
        half = -(-(1 << (shift - 1)) // divisor)
        assert any(n * half >> (shift - 1) != n // divisor for n in range(most + 1))


def test_registers_by_scale() -> None:
    assert Across(Geometry(Colour("ycbcr444"), 4, 4)).registers == 3
    assert Across(Geometry(Colour("ycbcr444"), 3, 1)).registers == 4


def test_geometry() -> None:
    wide = Geometry(Colour("ycbcr422"), 4, 4)
    assert (wide.lanes, wide.lane_bits, wide.beats, wide.upper) == (8, 8, 2, 2)
    assert wide.divisors == (8, 16)
    full = Geometry(Colour("rgb"), 3, 1)
    assert (full.lanes, full.lane_bits, full.beats, full.upper) == (3, 16, 3, 1)
    assert full.divisors == (3, 3)

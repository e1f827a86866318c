"""What a requantise multiplies: cut where nothing is lost, and in how many multiplier blocks."""

from __future__ import annotations

import numpy as np
import pytest

from lutscale.golden.layers import Requantise
from lutscale.golden.program_file import load
from lutscale.golden.zoo import find
from lutscale.hw.forms.choose import choose
from lutscale.hw.forms.operand import operand
from lutscale.hw.targets import TARGETS
from lutscale.hw.tree import Bounds

NARROW = Requantise(np.array([301]), 12, 0, 255)
# What 18 bits do not hold is not clamped in any case.
WIDE = Requantise(np.array([1]), 12, 0, 255)


@pytest.mark.parametrize(
    ("layer", "bits", "dsp", "found"),
    [
        (NARROW, 18, True, (Bounds(-(1 << 17), (1 << 17) - 1), 18, False, 1)),
        (NARROW, 22, True, (Bounds(-(1 << 17), (1 << 17) - 1), 18, True, 1)),
        (NARROW, 22, False, (Bounds(-(1 << 21), (1 << 21) - 1), 22, False, 2)),
        (WIDE, 22, True, (Bounds(-(1 << 21), (1 << 21) - 1), 22, False, 2)),
    ],
)
def test_operands(
    layer: Requantise, bits: int, dsp: bool, found: tuple[Bounds, int, bool, int]
) -> None:
    own = operand(layer, bits, True, dsp=dsp)
    assert (own.bounds, own.bits, own.cut, own.multipliers) == found


def test_a_bias_may_take_a_bit() -> None:
    layer = Requantise(np.array([301]), 12, -50, 50, bias=3)
    assert operand(layer, 17, True, dsp=True).bits == 18


def test_a_wide_product_counts_twice() -> None:
    """Sums of 21 bits; synthesised, the program takes 115 multipliers."""
    program = load(find("iqlut-xs-x4"))
    choices = choose(program, clocks_per_pixel=16, target=TARGETS["ecp5-85f"])
    assert [choices[k].cost.dsp for k in (1, 3, 6, 9)] == [1, 2, 2, 2]
    assert sum(choice.cost.dsp for choice in choices.values()) == 115

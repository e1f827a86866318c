"""The quantiser: its weights interpolate, its figures by hand, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lutscale.golden.quantiser import Quantiser
from tests.support.random_programs import SPACINGS, make_quantiser


def ints(*numbers: Any) -> npt.NDArray[np.int32]:
    """An int32 array of nested numbers."""
    return np.array(numbers, np.int32)


def quantiser(**changed: Any) -> Quantiser:
    """A small valid quantiser, but for what is changed."""
    given = {"segment": ints(0, 1), "weight": ints(0, 1), "nodes": 3, "fraction_bits": 1}
    return Quantiser(**{**given, **changed})


@given(
    nodes=st.integers(2, 9),
    fraction_bits=st.integers(1, 8),
    code_bits=st.integers(1, 8),
    spacing=st.sampled_from(SPACINGS),
)
def test_tents_are_the_interpolation(
    nodes: int, fraction_bits: int, code_bits: int, spacing: str
) -> None:
    quantiser = make_quantiser(
        np.random.default_rng(nodes), code_bits, nodes, fraction_bits, spacing
    )
    tents = quantiser.tents()
    assert tents.shape == (1 << code_bits, nodes)
    assert (tents.sum(axis=1) == 1 << fraction_bits).all()
    assert (tents >= 0).all()
    table = np.random.default_rng(1).integers(-128, 128, nodes)
    segment, weight = quantiser.segment, quantiser.weight
    step = table[segment + 1] - table[segment]
    np.testing.assert_array_equal(tents @ table, (table[segment] << fraction_bits) + weight * step)


@pytest.mark.parametrize(("nodes", "bits"), [(2, 1), (3, 1), (4, 2), (5, 2), (6, 3), (256, 8)])
def test_segment_bits(nodes: int, bits: int) -> None:
    assert Quantiser(ints(0, 0), ints(0, 0), nodes, 1).segment_bits == bits


def test_bits_of_a_word_and_of_the_rom() -> None:
    made = make_quantiser(np.random.default_rng(0), 6, 5, 4)
    assert (made.segment_bits, made.word_bits, made.bits) == (2, 6, 64 * 6)


REFUSALS: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: quantiser(nodes=1), ValueError, r"nodes must be in 2\.\.256, not 1"),
    (lambda: quantiser(nodes=257), ValueError, r"nodes must be in 2\.\.256, not 257"),
    (lambda: quantiser(fraction_bits=0), ValueError, r"fraction_bits must be in 1\.\.8, not 0"),
    (lambda: quantiser(fraction_bits=9), ValueError, r"fraction_bits must be in 1\.\.8, not 9"),
    (
        lambda: quantiser(segment=ints(0, 2)),
        ValueError,
        r"segment\[1\] must be in 0\.\.1, not 2",
    ),
    (lambda: quantiser(segment=ints([0, 1])), ValueError, "segment must have shape n, not 1x2"),
    (lambda: quantiser(weight=ints(2, 0)), ValueError, r"weight\[0\] must be in 0\.\.1, not 2"),
    (lambda: quantiser(weight=ints(0)), ValueError, "weight must have shape 2, not 1"),
]


@pytest.mark.parametrize(("make", "error", "text"), REFUSALS, ids=[r[2][:40] for r in REFUSALS])
def test_refused_when_made(make: Callable[[], object], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        make()

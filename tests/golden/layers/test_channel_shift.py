"""Channel shift: an offset a channel, refusals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from lutscale.golden.layers import ChannelShift, Layer
from lutscale.golden.symmetry import share_turns, turned, turned_planes
from lutscale.golden.value import FRAME, ValueType
from tests.support.golden.layer_cases import both, ints, refused


def test_channels_shift_by_their_own_offsets() -> None:
    layer = ChannelShift(((0, 1), (-1, 0)))
    plane = [[1, 2, 3], [4, 5, 6]]
    got = both(layer, ints(plane, plane))
    np.testing.assert_array_equal(got, [[[2, 3, 3], [5, 6, 6]], [[1, 2, 3], [1, 2, 3]]])
    assert (layer.table_bits, layer.reach) == (0, (1, 0, 0, 1))


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: ChannelShift(((0, 8),)), ValueError, "offsets[0] must be in -7..7, not 8"),
    ],
)
def test_refused_when_made(make: Callable[[], object], error: type[Exception], text: str) -> None:
    refused(error, text, make)


@pytest.mark.parametrize(
    ("layer", "types", "text"),
    [
        (
            ChannelShift(((0, 1), (-1, 0))),
            [FRAME],
            "offsets must have 1 pairs, one a channel, not 2",
        ),
    ],
)
def test_refused_where_it_stands(layer: Layer, types: Sequence[ValueType], text: str) -> None:
    refused(ValueError, text, layer.output_type, types)


@pytest.mark.parametrize(("symmetry", "order"), [("p4", 4), ("p4m", 8)])
def test_shares_that_shift_by_turned_offsets_keep_the_symmetry(symmetry: str, order: int) -> None:
    own = ((0, 0), (0, 1), (-2, 1))
    layer = ChannelShift(tuple(turned(offset, g) for g in range(order) for offset in own))
    turns = share_turns(symmetry, order, len(own))
    assert layer.turns([turns]) == turns
    planes = np.random.default_rng(1).integers(-9, 9, (3 * order, 5, 7)).astype(np.int32)
    result = layer.reference([planes])
    for element, places in enumerate(turns):
        moved = turned_planes(planes[list(places)], element)
        wanted = turned_planes(result[list(places)], element)
        np.testing.assert_array_equal(layer.reference([moved]), wanted)


def test_a_shift_that_is_not_turned_breaks_the_symmetry() -> None:
    layer = ChannelShift(((0, 1), (1, 0), (0, -1), (-1, 1)))
    with pytest.raises(ValueError, match=r"offsets\[3\] must be \(-1, 0\), offsets\[2\] turned"):
        layer.turns([share_turns("p4", 4, 1)])

"""Channel shift: any offsets and borders, with and without a residual of its input."""

from __future__ import annotations

import pytest

from lutscale.golden.layers import ChannelShift
from lutscale.golden.value import ValueType
from tests.support.hw.layer_bench import check_layer

AROUND = ((-1, 0), (1, 0), (0, -1), (0, 1), (0, 0))


@pytest.mark.parametrize("border", ["replicate", "reflect"])
@pytest.mark.parametrize(
    "offsets",
    [AROUND, ((-2, 1), (3, -2), (-2, -2)), ((0, 2), (0, 1)), ((1, 0), (1, 0))],
)
def test_offsets(offsets: tuple[tuple[int, int], ...], border: str) -> None:
    check_layer(ChannelShift(offsets, border), ValueType(len(offsets), -8, 7))


def test_lines_are_stored_only_for_channels_that_need_them() -> None:
    chain = check_layer(ChannelShift(((1, 0), (0, 0), (0, 0))), ValueType(3, 0, 15))
    (lines,) = [use for use in chain.memories if use.purpose == "line_buffer"]
    # One line of the two that wait, of the one that is ahead, and of the passing track.
    assert lines.width == 3 * 4 + 3
    assert not check_layer(ChannelShift(((0, 1), (0, -1))), ValueType(2, 0, 3)).memories

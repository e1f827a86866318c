"""The curves of a layer are the functions that it computes."""

from __future__ import annotations

import numpy as np
import pytest

from lutscale.golden.layers import PixelShuffle, TapTables
from tests.support.random_programs import make_quantiser


def by_layer(layer: TapTables, channel: int, output: int, code: int) -> float:
    """What the layer itself adds for one code, where all other inputs and taps add nothing."""
    alone = np.zeros_like(layer.entries)
    alone[channel, 0, 0, :, output] = layer.entries[channel, 0, 0, :, output]
    only = TapTables(alone, layer.entry_bits, layer.code_bits, layer.code_signed, layer.quantiser)
    value = np.full((layer.in_channels, 1, 1), code, np.int32)
    return float(only.reference([value])[output, 0, 0]) / (1 << layer.fraction_bits)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("nodes", [None, 4])
def test_values_are_what_the_layer_adds(signed: bool, nodes: int | None) -> None:
    random = np.random.default_rng(5)
    quantiser = None if nodes is None else make_quantiser(random, 5, nodes, 3)
    entries = random.integers(-8, 8, (2, 1, 1, nodes or 32, 3), dtype=np.int32)
    layer = TapTables(entries, 4, 5, signed, quantiser)
    curves = layer.curves
    assert curves.count == layer.functions
    codes, values = curves.values(1, 0, 0, 2)
    assert (codes[0], codes[-1], len(codes)) == ((-16, 15, 32) if signed else (0, 31, 32))
    for code, value in zip(codes.tolist(), values.tolist(), strict=True):
        assert value == by_layer(layer, 1, 2, code)


def test_each_channel_has_codes_of_its_own() -> None:
    ranges = np.array([[-2, 1], [0, 2]], np.int32)
    entries = np.zeros((2, 1, 1, 4, 1), np.int32)
    entries[0, 0, 0, :, 0] = [1, 2, 3, 5]
    entries[1, 0, 0, :3, 0] = [-1, 4, 7]
    curves = TapTables(entries, 4, 4, True, code_ranges=ranges).curves
    for channel, expected in enumerate(([1, 2, 3, 5], [-1, 4, 7])):
        codes, values = curves.values(channel, 0, 0, 0)
        first, last = ranges[channel]
        assert codes.tolist() == curves.nodes(channel).tolist() == list(range(first, last + 1))
        assert values.tolist() == expected


def test_the_bend_is_what_a_straight_line_leaves() -> None:
    entries = np.zeros((1, 1, 1, 16, 4), np.int32)
    entries[0, 0, 0, :, 1] = np.arange(16) // 2 * 2 - 8  # stairs
    entries[0, 0, 0, :, 2] = np.arange(16) - 8  # straight
    entries[0, 0, 0, :, 3] = abs(np.arange(16) - 8)  # a corner
    bends = TapTables(entries, 5, 4, False).curves.bends()[0, 0, 0]
    for output in range(4):
        table = entries[0, 0, 0, :, output]
        line = np.polyval(np.polyfit(np.arange(16), table, 1), np.arange(16))
        assert bends[output] == pytest.approx(
            float(np.sqrt(((table - line) ** 2).mean())), abs=1e-9
        )
    assert bends[0] == 0
    assert bends[3] > bends[1] > bends[2] == pytest.approx(0, abs=1e-9)


def test_two_entries_are_always_straight() -> None:
    entries = np.array([-8, 7], np.int32).reshape(1, 1, 1, 2, 1)
    quantiser = make_quantiser(np.random.default_rng(0), 4, 2, 2)
    assert not TapTables(entries, 4, 4, False, quantiser).curves.bends().any()


def test_other_kinds_have_none() -> None:
    assert PixelShuffle(2).curves is None

"""Pattern tables: every fold, patterns, bit fields, borders, rotations, simplex interpolation."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from amaranth import Module, Signal
from amaranth.back import verilog
from amaranth.sim import Simulator

from lutscale.golden.layers import PatternTables
from lutscale.golden.layers.pattern_tables import Pattern, simplex
from lutscale.golden.value import ValueType
from lutscale.hw.layers.pattern_tables import falling_weights
from lutscale.hw.memory import RomCollector
from tests.support.hw.layer_bench import check_layer, layer_chain

H, D, B = ((0, 0), (0, 1), (0, 2)), ((0, 0), (1, 1), (2, 2)), ((0, 0), (1, 2), (2, 1))
SQUARE = ((0, 0), (0, 1), (1, 0), (1, 1))


def pattern(offsets: Any, code_bits: int, scale: int = 2, **options: Any) -> Pattern:
    """Random words; an entry of a pattern's first column never reaches zero."""
    random = np.random.default_rng(len(offsets) + code_bits)
    nodes = (1 << code_bits) + (options.get("fraction_bits", 0) > 0)
    half = 1 << (options.get("entry_bits", 8) - 1)
    words = random.integers(-half, half, (nodes ** len(offsets), scale**2))
    words[:, 0] = np.maximum(words[:, 0], 1)
    return Pattern(offsets, words, code_bits, **options)


def hklut_like() -> PatternTables:
    """Two branches of an 4-bit pixel, three and two pixels, padded differently."""
    high = [pattern(p, 2, shift=2, gain=2, border="reflect") for p in (H, D, B)]
    low = [pattern(p, 2, gain=3) for p in (H[:2], D[:2])]
    return PatternTables((*high, *low), rotations=4)


@pytest.mark.slow
@pytest.mark.parametrize("clocks_per_pixel", [1, 2, 3, 4, 16])
def test_two_branches_in_four_rotations(clocks_per_pixel: int) -> None:
    chain = check_layer(hklut_like(), ValueType(1, 0, 15), clocks_per_pixel=clocks_per_pixel)
    copies = -(-4 // clocks_per_pixel)
    assert sum(use.purpose == "table" for use in chain.memories) == 5 * copies
    # Both windows come out of one line buffer.
    assert sum(use.purpose == "line_buffer" for use in chain.memories) == 1


@pytest.mark.slow
def test_with_a_range_only_the_roms_tell_two_layers_apart() -> None:
    texts = []
    for seed in (1, 2):
        words = np.random.default_rng(seed).integers(-6, 4, (2, 25, 4))
        layer = PatternTables(
            tuple(
                Pattern(D[:2], w, 2, fraction_bits=2, gain=g, entry_bits=5, entry_range=(-7, 3))
                for w, g in zip(words, (2, 3), strict=True)
            )
        )
        check_layer(layer, ValueType(1, 0, 15), clocks_per_pixel=4)
        chain = layer_chain(layer, [ValueType(1, 0, 15)], 4)
        texts.append(verilog.convert(chain, name="p", platform=RomCollector(), emit_src=False))
    assert texts[0] == texts[1]


@pytest.mark.parametrize("border", ["replicate", "reflect"])
@pytest.mark.parametrize("scale", [1, 3, 4])
def test_words_of_any_patch(scale: int, border: str) -> None:
    layer = PatternTables((pattern(B, 3, scale, border=border, entry_bits=5),), rotations=4)
    check_layer(layer, ValueType(1, 0, 7), clocks_per_pixel=4)


def test_without_rotations() -> None:
    layer = PatternTables((pattern(((0, 0), (-1, 2)), 3), pattern(H[:2], 3)), rotations=1)
    check_layer(layer, ValueType(1, 0, 7))


@pytest.mark.slow
@pytest.mark.parametrize("pixels", [2, 3, 4])
@pytest.mark.parametrize("clocks_per_pixel", [1, 3, 20])
def test_simplex_interpolation(pixels: int, clocks_per_pixel: int) -> None:
    layer = PatternTables((pattern(SQUARE[:pixels], 2, fraction_bits=2),), rotations=4)
    check_layer(layer, ValueType(1, 0, 15), clocks_per_pixel=clocks_per_pixel)


def test_direct_and_interpolated_patterns_side_by_side() -> None:
    patterns = (pattern(SQUARE[:3], 2, fraction_bits=2), pattern(H[:2], 3, gain=4, shift=1))
    check_layer(PatternTables(patterns, rotations=4), ValueType(1, 0, 15), clocks_per_pixel=5)


@pytest.mark.parametrize("axes", [2, 3, 4])
def test_weights_are_those_of_the_simplex(axes: int) -> None:
    """All fractions of 2 bits an axis, ties included."""
    m = Module()
    fractions = [Signal(2, name=f"f{k}") for k in range(axes)]
    ranks, weights = falling_weights(fractions, 2)
    outputs = [Signal(4, name=f"o{k}") for k in range(axes + len(weights))]
    m.d.comb += [out.eq(value) for out, value in zip(outputs, (*ranks, *weights), strict=True)]

    async def bench(ctx: Any) -> None:
        for numbers in itertools.product(range(4), repeat=axes):
            for signal, number in zip(fractions, numbers, strict=True):
                ctx.set(signal, number)
            await ctx.delay(1e-9)
            got = [ctx.get(out) for out in outputs]
            path = simplex(numbers, 2)
            assert got[axes:] == [weight for weight, _ in path], numbers
            for place, (_, corner) in enumerate(path):
                assert [int(rank < place) for rank in got[:axes]] == list(corner), numbers

    simulator = Simulator(m)
    simulator.add_testbench(bench)
    simulator.run()

"""Compiled tap tables: every size of a word, every selection, the largest sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lutscale.golden.kernels.words import LANES, idle, parts_of
from lutscale.golden.layers import TapTables
from lutscale.golden.quantiser import Quantiser
from tests.support.golden.kernels import check_layer
from tests.support.random_programs import make_quantiser


def tables(
    outputs: int,
    *,
    channels: int = 2,
    kernel: tuple[int, int] = (3, 3),
    code_bits: int = 4,
    nodes: int = 0,
    fraction_bits: int = 3,
    **options: Any,
) -> TapTables:
    """Random tables; direct ones without nodes."""
    random = np.random.default_rng(outputs)
    levels = nodes or 1 << code_bits
    quantiser = make_quantiser(random, code_bits, nodes, fraction_bits, "any") if nodes else None
    entries = random.integers(-128, 128, (channels, *kernel, levels, outputs))
    return TapTables(entries, 8, code_bits, quantiser=quantiser, **options)


def codes(layer: TapTables, height: int = 5, width: int = 7, shares: int = 1) -> np.ndarray:
    """Random codes that the layer takes."""
    random = np.random.default_rng(height)
    shape = (layer.in_channels * shares, height, width)
    drawn = random.integers(0, 1 << layer.code_bits, shape) - layer.code_offset
    return drawn.astype(np.int32)


def test_outputs_are_cut_into_words() -> None:
    assert parts_of(3) == [(0, 4)]
    assert parts_of(9) == [(0, 16)]
    assert parts_of(24) == [(0, 16), (16, 8)]
    assert parts_of(33) == [(0, 16), (16, 16), (32, 4)]
    assert [idle(tables) for tables in (1, 4, 9)] == [3, 0, 3]


@pytest.mark.parametrize("outputs", [1, 3, *LANES, 9, 17, 24, 33])
@pytest.mark.parametrize("nodes", [0, 5])
def test_every_size_of_a_word(outputs: int, nodes: int) -> None:
    layer = tables(outputs, nodes=nodes)
    check_layer(layer, codes(layer))


@pytest.mark.parametrize("code_bits", range(1, 9))
@pytest.mark.parametrize("code_signed", [False, True])
@pytest.mark.parametrize("nodes", [0, 3])
def test_every_code(code_bits: int, code_signed: bool, nodes: int) -> None:
    layer = tables(2, kernel=(1, 2), code_bits=code_bits, code_signed=code_signed, nodes=nodes)
    count = 1 << code_bits
    every = (np.arange(2 * count) % count - layer.code_offset).astype(np.int32)
    check_layer(layer, np.stack([every, every[::-1]])[:, None])


@pytest.mark.parametrize("border", ["replicate", "reflect"])
@pytest.mark.parametrize("kernel", [(1, 1), (2, 3), (3, 2), (5, 5), (1, 15)])
@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 3), (3, 2), (9, 8)])
def test_borders_of_all_frames(border: str, kernel: tuple[int, int], size: tuple[int, int]) -> None:
    layer = tables(3, kernel=kernel, border=border, origin=(kernel[0] - 1, 0))
    check_layer(layer, codes(layer, *size))


@pytest.mark.parametrize("width", [1023, 1024, 1025])
def test_rows_that_are_summed_up_together(width: int) -> None:
    layer = tables(2, channels=1, kernel=(3, 1))
    check_layer(layer, codes(layer, 3, width))
    check_layer(layer, codes(layer, 70, 40))


@pytest.mark.parametrize("entry", [-128, 127])
def test_the_largest_words_and_sums(entry: int) -> None:
    """Every function at the end of its 16 bits: 8-bit entries with 8 bits of fraction."""
    quantiser = Quantiser(np.zeros(256, np.int32), np.arange(256), 2, 8)
    entries = np.full((16, 3, 3, 2, 17), entry)
    layer = TapTables(entries, 8, 8, quantiser=quantiser)
    check_layer(layer, codes(layer, 2, 3))
    entries[..., 1, :] = -1 - entry
    check_layer(TapTables(entries, 8, 8, quantiser=quantiser), codes(layer, 2, 3))


@pytest.mark.parametrize("shares", [1, 4])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_groups_and_rotations(shares: int, groups: int) -> None:
    layer = tables(5, channels=4, groups=groups, rotations=4, origin=(2, 0), border="reflect")
    check_layer(layer, codes(layer, shares=shares))


def test_ranges_of_codes() -> None:
    random = np.random.default_rng(0)
    ranges = np.array([[-8, 7], [-2, 3]])
    entries = random.integers(-128, 128, (2, 1, 1, 16, 3))
    entries[1, :, :, 6:] = 0
    layer = TapTables(entries, 8, 4, True, code_ranges=ranges)
    check_layer(layer, codes(layer))


@pytest.mark.parametrize(("symmetry", "order"), [("p4", 4), ("p4m", 8)])
@pytest.mark.parametrize("role", ["lift", "mix", "end"])
def test_tied_tables(symmetry: str, order: int, role: str) -> None:
    channels = order * 2 if role == "mix" else 2
    layer = tables(4, channels=channels, nodes=3, symmetry=symmetry, role=role)
    check_layer(layer, codes(layer, shares=order if role == "end" else 1))

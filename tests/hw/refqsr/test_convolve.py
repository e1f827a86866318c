"""The convolution engine against golden's layer, at several precisions, and its clocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.lib import data

from lutscale.golden.refqsr.convolution import QuantisedConvolution
from lutscale.golden.value import ValueType
from lutscale.hw.refqsr.convolve import Convolve
from lutscale.hw.refqsr.passes import Engine, Pass, Source, control_layout, control_words
from lutscale.hw.refqsr.tables import ScheduleTables
from tests.support.refqsr.engines import drive, numbers_of, word_of

HEIGHT, WIDTH = 3, 4

DRAIN = 6
"""Clocks behind the last step of two inputs: place, address, memory, bits, their sum, the total."""


def run(
    layer: QuantisedConvolution,
    codes: np.ndarray,
    kind: ValueType,
    *,
    lanes: int,
    turns: bool = False,
    free: float = 1.0,
) -> tuple[np.ndarray, int]:
    """What the engine makes of codes (channels, height, width), without bias; and the clocks."""
    inputs = layer.inputs // (2 if turns else 1)
    tables = ScheduleTables(lanes, inputs)
    order = [list(range(layer.outputs))]
    weights, wide = tables.add_weights(layer, order, turns=turns)
    tables.fit(layer.output_type([kind]), kind)
    step = Pass(
        engine=Engine.CONVOLVE,
        source=Source.CODES0,
        turns=int(turns),
        bits=kind.bits,
        positive=int(not kind.signed),
        reach=0 if turns else layer.side // 2,
        groups=-(-layer.outputs // lanes),
        outs=layer.outputs,
        weights=weights,
        wide=int(wide),
    )
    layout = control_layout([step])
    dut = Convolve(
        layout=layout,
        inputs=inputs,
        lanes=lanes,
        code_bits=kind.bits,
        high_bits=tables.high_bits,
        accumulator_bits=tables.accumulator_bits,
        max_width=WIDTH,
        max_height=HEIGHT,
        address_bits=max((len(tables.low) - 1).bit_length(), 1),
    )
    low, high = tables.low, tables.high
    found = np.zeros((layer.outputs, *codes.shape[1:]), np.int64)

    def asked(ctx: Any) -> int:
        half = codes
        if turns:
            half = codes[ctx.get(dut.second) * inputs :][:inputs]
        return word_of(half[:, ctx.get(dut.row), ctx.get(dut.column)], kind.bits)

    def keep(ctx: Any) -> None:
        numbers = numbers_of(ctx.get(dut.numbers), tables.accumulator_bits, lanes)
        first = ctx.get(dut.group) * lanes
        for o, number in list(enumerate(numbers, first))[: layer.outputs - first]:
            found[o, ctx.get(dut.at_row), ctx.get(dut.at_column)] = number

    (word,) = control_words([step], layout)
    clocks = drive(
        dut,
        inputs={
            "control": data.Const(layout, word),
            "width": codes.shape[2],
            "height": codes.shape[1],
        },
        reads={
            "codes": asked,
            "low": lambda ctx: low[ctx.get(dut.weight)],
            "high": lambda ctx: high[ctx.get(dut.weight)] if wide else 0,
        },
        done=keep,
        free=free,
    )
    return found, clocks


def made(
    side: int, weight_bits: int, kind: ValueType, outputs: int = 3
) -> tuple[QuantisedConvolution, np.ndarray]:
    random = np.random.default_rng(side)
    top = 1 << (weight_bits - 1)
    weights = random.integers(-top, top, (outputs, kind.channels, side, side))
    layer = QuantisedConvolution(weights, np.zeros(outputs, np.int64), weight_bits)
    codes = random.integers(kind.lo, kind.hi + 1, (kind.channels, HEIGHT, WIDTH))
    return layer, codes.astype(np.int32)


@pytest.mark.parametrize(
    ("side", "bits", "weight_bits", "lanes"),
    [(3, 4, 8, 3), (3, 8, 8, 3), (1, 8, 8, 2), (3, 12, 12, 2), (5, 4, 8, 1)],
)
def test_it_equals_golden_at_every_precision(
    side: int, bits: int, weight_bits: int, lanes: int
) -> None:
    kind = ValueType(2, 1 - (1 << (bits - 1)), (1 << (bits - 1)) - 1)
    layer, codes = made(side, weight_bits, kind)
    found, clocks = run(layer, codes, kind, lanes=lanes)
    assert np.array_equal(found, layer.reference([codes]))
    groups = -(-layer.outputs // lanes)
    # What a bit costs, and what the last numbers need to come out.
    assert clocks == HEIGHT * WIDTH * groups * side**2 * bits + DRAIN


def test_half_the_bits_take_half_the_clocks() -> None:
    clocks = []
    for bits in (4, 8):
        kind = ValueType(2, -7, 7) if bits == 4 else ValueType(2, -127, 127)
        layer, codes = made(3, 8, kind)
        clocks.append(run(layer, codes, kind, lanes=3)[1] - DRAIN)
    assert 2 * clocks[0] == clocks[1]


def test_a_picture_has_no_sign() -> None:
    kind = ValueType(3, 0, 255)
    layer, codes = made(3, 8, kind)
    assert np.array_equal(run(layer, codes, kind, lanes=3)[0], layer.reference([codes]))


def test_halves_of_the_inputs_in_turn() -> None:
    kind = ValueType(4, -127, 127)
    layer, codes = made(1, 8, kind)
    found, _ = run(layer, codes, kind, lanes=2, turns=True)
    assert np.array_equal(found, layer.reference([codes]))


def test_it_waits_for_room() -> None:
    kind = ValueType(2, -7, 7)
    layer, codes = made(3, 8, kind)
    found, clocks = run(layer, codes, kind, lanes=2, free=0.02)
    assert np.array_equal(found, layer.reference([codes]))
    assert clocks > HEIGHT * WIDTH * 2 * 9 * 4 + 50


def test_a_weight_that_is_wrong_is_seen() -> None:
    kind = ValueType(2, -7, 7)
    layer, codes = made(3, 8, kind)
    weights = layer.weights.copy()
    weights[1, 1, 2, 0] ^= 1
    other = QuantisedConvolution(weights, layer.bias, 8)
    assert not np.array_equal(run(other, codes, kind, lanes=3)[0], layer.reference([codes]))

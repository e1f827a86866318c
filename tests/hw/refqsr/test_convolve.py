"""The convolution engine against golden's layer, at several precisions, and its clocks."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import pytest
from amaranth.lib import data
from amaranth.sim import Simulator

from lutscale.golden.refqsr.convolution import QuantisedConvolution
from lutscale.golden.value import ValueType
from lutscale.hw.memory import packed
from lutscale.hw.refqsr.convolve import Convolve
from lutscale.hw.refqsr.passes import Engine, Pass, Source, control_layout, control_words
from lutscale.hw.refqsr.tables import ScheduleTables

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
    clocks = 0
    random = np.random.default_rng(5)

    async def drive(ctx: Any) -> None:
        nonlocal clocks
        (word,) = control_words([step], layout)
        ctx.set(dut.control, data.Const(layout, word))
        ctx.set(dut.width, codes.shape[2])
        ctx.set(dut.height, codes.shape[1])
        ctx.set(dut.start, 1)
        await ctx.tick()
        ctx.set(dut.start, 0)
        room = False
        asked: deque[tuple[int, int, int, int]] = deque([(0, 0, 0, 0)] * 2)
        while ctx.get(dut.busy):
            # A claim takes the room that there was.
            room = (room and not ctx.get(dut.claim)) or random.random() < free
            row, column, second, weight = asked.popleft()
            half = codes[second * inputs : (second + 1) * inputs] if turns else codes
            ctx.set(dut.codes, packed([half[:, row, column]], kind.bits)[0])
            ctx.set(dut.low, low[weight])
            ctx.set(dut.high, high[weight] if wide else 0)
            places = (dut.row, dut.column, dut.second, dut.weight)
            asked.append(tuple(ctx.get(place) for place in places))
            ctx.set(dut.free, room)
            if ctx.get(dut.done):
                numbers = ctx.get(dut.numbers)
                at = (ctx.get(dut.at_row), ctx.get(dut.at_column))
                for lane in range(lanes):
                    o = ctx.get(dut.group) * lanes + lane
                    if o < layer.outputs:
                        bits = tables.accumulator_bits
                        number = numbers >> lane * bits & ((1 << bits) - 1)
                        found[o, *at] = number - (number >> (bits - 1) << bits)
            await ctx.tick()
            clocks += 1

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(drive)
    simulator.run()
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

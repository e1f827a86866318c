"""The encoder against the specification's figure, and what its symbols are for."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from amaranth.sim import Simulator

from lutscale.hw.boards.tmds import CONTROLS, TmdsEncoder
from lutscale.sim.dvi import decode
from tests.support.hw.tmds import encode

SEED = 7


def symbols_of(items: list[tuple[int, int, int]]) -> list[int]:
    """The symbols of (enable, data, control), clock by clock."""
    encoder = TmdsEncoder()
    found = []

    async def drive(ctx: Any) -> None:
        for clock in range(len(items) + encoder.latency):
            enable, data, control = items[min(clock, len(items) - 1)]
            ctx.set(encoder.enable, enable)
            ctx.set(encoder.data, data)
            ctx.set(encoder.control, control)
            if clock >= encoder.latency:
                found.append(ctx.get(encoder.symbol))
            await ctx.tick()

    simulator = Simulator(encoder)
    simulator.add_clock(1e-6)
    simulator.add_testbench(drive)
    simulator.run()
    return found


def a_stream() -> list[tuple[int, int, int]]:
    """Every byte, in two orders, extremes for long, and blanks between."""
    draw = random.Random(SEED)
    data = [*range(256), *draw.sample(range(256), 256), *[255] * 20, *[0] * 20, *[1] * 20]
    blanks = [(0, draw.randrange(256), control) for control in (0, 1, 2, 3, 0)]
    return [*blanks, *((1, level, 0) for level in data[:300]), *blanks,
            *((1, level, 3) for level in data[300:])]  # fmt: skip


def test_symbols_are_those_of_the_specification() -> None:
    items, expected, bias = a_stream(), [], 0
    for enable, data, control in items:
        if enable:
            symbol, bias = encode(data, bias)
            assert abs(bias) <= 10
        else:
            symbol, bias = CONTROLS[control], 0
        expected.append(symbol)
    assert symbols_of(items) == expected


def test_they_decode_to_what_was_sent() -> None:
    items = a_stream()
    levels, controls = decode(np.array(symbols_of(items), np.uint16))
    for (enable, data, control), level, found in zip(items, levels, controls, strict=True):
        assert (found, level) == (-1, data) if enable else found == control


def test_data_has_few_transitions_and_is_no_control_symbol() -> None:
    for data in range(256):
        for bias in (-2, 0, 2):
            symbol, _ = encode(data, bias)
            assert symbol not in CONTROLS
            body = symbol & 0x1FF
            assert ((body ^ body >> 1) & 0xFF).bit_count() <= 5

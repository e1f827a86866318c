"""The register slice: order, throughput, and no path from one side to the other."""

from __future__ import annotations

from typing import Any

import pytest
from amaranth.sim import Simulator

from lutscale.hw.register_slice import RegisterSlice
from lutscale.hw.slots import Track
from tests.support.hw.streams import STALLS, Bench, Stalls

TRACKS = [Track("v0", 2, 6), Track("v1", 1, 1)]


def numbers(count: int) -> list[int]:
    """Items that all differ from their neighbours, in every field."""
    return [k * 2654435761 % (1 << 16) for k in range(count)]


def register_slice(places: int) -> RegisterSlice:
    stage = RegisterSlice(TRACKS)
    stage.places = places
    return stage


@pytest.mark.parametrize("places", [1, 2])
@pytest.mark.parametrize("stalls", STALLS.values(), ids=STALLS)
def test_items_stay_in_order(stalls: Stalls, places: int) -> None:
    assert Bench(register_slice(places)).run(numbers(200), stalls=stalls).items == numbers(200)


@pytest.mark.parametrize("places", [1, 2])
def test_an_item_a_clock_one_clock_later(places: int) -> None:
    stage = register_slice(places)
    run = Bench(stage).run(numbers(50))
    assert run.accepted == list(range(1, 51))
    assert run.clocks == [clock + stage.latency.clocks for clock in run.accepted]
    assert stage.latency.total(7, 3) == 1


def test_ready_and_valid_come_from_registers() -> None:
    dut = RegisterSlice(TRACKS)

    async def drive(ctx: Any) -> None:
        ctx.set(dut.i.valid, 1)
        assert not ctx.get(dut.o.valid)
        await ctx.tick()
        assert (ctx.get(dut.o.valid), ctx.get(dut.i.ready)) == (1, 1)
        await ctx.tick()
        # Both places are full, and a sink that becomes ready shows only a clock later.
        assert not ctx.get(dut.i.ready)
        ctx.set(dut.o.ready, 1)
        assert not ctx.get(dut.i.ready)
        await ctx.tick()
        assert ctx.get(dut.i.ready)

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(drive)
    simulator.run()

"""The FIFO: order, how much it holds, throughput, and its memory."""

from __future__ import annotations

import pytest

from lutscale.hw.fifo import Fifo
from lutscale.hw.memory import MemoryUse
from lutscale.hw.targets import find_target
from lutscale.hw.targets.ecp5 import ECP5
from tests.support.hw.netlist import check_memories
from tests.support.hw.streams import STALLS, Bench, Stalls

DEPTHS = (2, 3, 4, 7, 16)


def fifo(depth: int) -> Fifo:
    return Fifo(width=9, depth=depth, name="rows", layer=4, purpose="fifo", target=ECP5)


NUMBERS = [k * 37 % 512 for k in range(150)]


@pytest.mark.parametrize("depth", DEPTHS)
def test_items_stay_in_order(depth: int) -> None:
    bench = Bench(fifo(depth))
    for stalls in STALLS.values():
        assert bench.run(NUMBERS, stalls=stalls).items == NUMBERS


@pytest.mark.parametrize("depth", DEPTHS)
def test_an_item_a_clock(depth: int) -> None:
    run = Bench(fifo(depth)).run(NUMBERS)
    assert run.accepted == list(range(1, len(NUMBERS) + 1))
    assert run.clocks == [clock + 3 for clock in run.accepted]


@pytest.mark.parametrize("depth", DEPTHS)
def test_it_holds_its_depth_and_two_in_registers(depth: int) -> None:
    bench = Bench(fifo(depth))
    bench.run(NUMBERS[: depth + 2], count=0, stalls=Stalls(sink=0))
    with pytest.raises(AssertionError, match=f"{depth + 2} of {depth + 3} items went in, 0 of 0"):
        bench.run(NUMBERS[: depth + 3], count=0, stalls=Stalls(sink=0))


@pytest.mark.parametrize("depth", DEPTHS)
def test_room_is_for_two(depth: int) -> None:
    """As items go in and none leaves, from one that has gone on into the registers."""
    stage = fifo(depth)
    bench = Bench(stage, watch=(stage.room, stage.i.ready))
    for held in range(depth + 1):
        run = bench.run(NUMBERS[: 2 + held], count=0, stalls=Stalls(sink=0))
        assert run.watched == [int(depth - held >= 2), int(depth - held >= 1)]


def test_deeper_than_a_block_it_is_several() -> None:
    """At 256 words each, none stacked behind one output."""
    stage = Fifo(
        width=16, depth=700, name="rows", layer=4, purpose="fifo", target=find_target("ice40")
    )
    names, depths = ("rows", "rows_from256", "rows_from512"), (256, 256, 188)
    assert stage.memories == tuple(
        MemoryUse(name, 4, "fifo", depth, 16, "block", rom=False)
        for name, depth in zip(names, depths, strict=True)
    )
    check_memories(stage)
    numbers = [k * 37 % 65536 for k in range(1500)]
    bench = Bench(stage)
    for stalls in (Stalls(), Stalls(sink=0.4)):
        assert bench.run(numbers, stalls=stalls).items == numbers


@pytest.mark.parametrize("depth", DEPTHS)
def test_memories_are_as_stated(depth: int) -> None:
    stage = fifo(depth)
    assert stage.memories == (MemoryUse("rows", 4, "fifo", depth, 9, "logic", rom=False),)
    check_memories(stage)

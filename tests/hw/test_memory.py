"""ROM, RAM, and what they say of themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from amaranth import Fragment
from amaranth.sim import Simulator

from lutscale.hw.memory import PURPOSES, MemoryUse, Ram, Rom, RomCollector, packed
from lutscale.hw.targets import TARGETS
from lutscale.hw.targets.ecp5 import ECP5
from tests.support.hw.netlist import instances

WORDS = [k * 29 % 64 for k in range(20)]


def rom(depth: int = 20, **other: Any) -> Rom:
    words = [WORDS[k % 20] for k in range(depth)]
    return Rom(name="tone", layer=2, purpose="table", width=6, words=words, target=ECP5, **other)


def simulate(dut: Any, drive: Callable[[Any], Any]) -> None:
    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(drive)
    simulator.run()


def test_rows_of_entries_become_words_of_twos_complement() -> None:
    assert packed([[1, -1], [-8, 7]], 4) == [0xF1, 0x78]
    assert packed(np.array([[-1, -2, 3]], np.int8), 6) == [3 << 12 | 62 << 6 | 63]


def test_a_memory_use_counts_every_bit() -> None:
    use = MemoryUse("a", 0, PURPOSES[0], 300, 7, "logic", rom=True)
    assert use.bits == 2100


@pytest.mark.parametrize(("depth", "style"), [(20, "logic"), (341, "logic")])
def test_a_rom_takes_the_place_its_size_suggests(depth: int, style: str) -> None:
    made = rom(depth)
    assert made.use == MemoryUse("tone", 2, "table", depth, 6, style, rom=True)
    assert made.image.words == tuple(WORDS[k % 20] for k in range(depth))
    assert made.image.name == "tone"


def test_a_large_rom_becomes_a_block() -> None:
    made = Rom(name="tone", layer=2, purpose="table", width=36, words=range(512), target=ECP5)
    assert made.use.style == "block"


@pytest.mark.parametrize(("target", "style"), [("ecp5", "logic"), ("ice40", "block")])
def test_the_target_decides_where_a_memory_goes(target: str, style: str) -> None:
    made = Rom(
        name="tone", layer=2, purpose="table", width=8, words=range(256), target=TARGETS[target]
    )
    assert made.use.style == style
    ram = Ram(name="a", layer=0, purpose="fifo", width=8, depth=40, target=TARGETS[target])
    assert ram.use.style == style


def test_a_rom_can_be_told_its_place() -> None:
    assert rom(style="block").use.style == "block"
    assert rom(4096, style="logic").use.style == "logic"


def test_a_rom_reads_a_clock_later_and_only_while_enabled() -> None:
    dut = rom()

    async def drive(ctx: Any) -> None:
        ctx.set(dut.en, 1)
        for address, word in enumerate(WORDS):
            ctx.set(dut.addr, address)
            await ctx.tick()
            assert ctx.get(dut.data) == word
        ctx.set(dut.en, 0)
        ctx.set(dut.addr, 3)
        await ctx.tick().repeat(3)
        assert ctx.get(dut.data) == WORDS[-1] != WORDS[3]

    simulate(dut, drive)


def test_a_ram_reads_what_was_written() -> None:
    dut = Ram(name="lines", layer=1, purpose="line_buffer", width=6, depth=20, target=ECP5)

    async def drive(ctx: Any) -> None:
        for address, word in enumerate(WORDS):
            ctx.set(dut.wr_addr, address)
            ctx.set(dut.wr_data, word)
            ctx.set(dut.wr_en, 1)
            await ctx.tick()
        # Nothing is written while wr_en is low, nor read while rd_en is.
        ctx.set(dut.wr_en, 0)
        ctx.set(dut.wr_data, 0)
        await ctx.tick()
        ctx.set(dut.rd_en, 1)
        for address, word in enumerate(WORDS):
            ctx.set(dut.rd_addr, address)
            await ctx.tick()
            assert ctx.get(dut.rd_data) == word
        ctx.set(dut.rd_en, 0)
        ctx.set(dut.rd_addr, 0)
        await ctx.tick().repeat(2)
        assert ctx.get(dut.rd_data) == WORDS[-1] != WORDS[0]

    simulate(dut, drive)


@pytest.mark.parametrize(
    ("depth", "width", "style"),
    [(1, 8, "logic"), (20, 6, "logic"), (255, 8, "logic"), (256, 8, "block"), (40, 60, "block")],
)
def test_a_ram_has_two_words_at_least(depth: int, width: int, style: str) -> None:
    ram = Ram(name="a", layer=-1, purpose="fifo", width=width, depth=depth, target=ECP5)
    assert ram.use == MemoryUse("a", -1, "fifo", max(depth, 2), width, style, rom=False)


@pytest.mark.parametrize(
    ("style", "module"), [("logic", "lutscale__rom_logic"), ("block", "lutscale__rom_block")]
)
def test_in_verilog_a_rom_is_an_instance(style: str, module: str) -> None:
    assert instances(rom(style=style)) == [(module, 20, 6, "lutscale__tone.hex")]


@pytest.mark.parametrize(
    ("depth", "module"), [(8, "lutscale__ram_logic"), (256, "lutscale__ram_block")]
)
def test_in_verilog_a_ram_is_an_instance(depth: int, module: str) -> None:
    ram = Ram(name="a", layer=0, purpose="fifo", width=8, depth=depth, target=ECP5)
    assert instances(ram) == [(module, depth, 8, "")]


def test_the_collector_meets_every_rom() -> None:
    collector, made = RomCollector(), rom()
    Fragment.get(made, collector)
    assert collector.images == {"tone": made.image}


def test_a_word_too_wide_is_refused() -> None:
    with pytest.raises(ValueError, match=r"words\[1\] must be 0 to 2\*\*6 - 1, not 0x40"):
        Rom(name="tone", layer=2, purpose="table", width=6, words=[0, 64], target=ECP5)

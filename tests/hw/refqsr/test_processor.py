"""Memories and ROMs of the tile processor as it states them."""

from __future__ import annotations

import pytest

from lutscale.hw.refqsr.build import TileBuild
from lutscale.hw.refqsr.memories import PURPOSES
from lutscale.hw.refqsr.processor import TileProcessor
from lutscale.hw.refqsr.top import emit
from tests.support.hw.netlist import check_memories
from tests.support.refqsr.networks import network


@pytest.mark.parametrize(("dispatched", "selects"), [(False, False), (True, False), (True, True)])
def test_memories_are_as_stated(dispatched: bool, selects: bool) -> None:
    made = network(1, dispatched=dispatched, selects=selects)
    processor = TileProcessor(made, TileBuild(lanes=2, max_width=8, max_height=8))
    check_memories(processor)
    assert {use.purpose for use in processor.memories} <= set(PURPOSES)
    roms = {use.name: use for use in processor.memories if use.rom}
    assert {rom.name: (rom.depth, rom.width) for rom in processor.roms} == {
        name: (use.depth, use.width) for name, use in roms.items()
    }


def test_references_take_the_store_that_they_are_given() -> None:
    bits = []
    for references in (1, 3):
        build = TileBuild(max_width=8, max_height=8, references=references)
        uses = TileProcessor(network(1), build).memories
        bits.append(sum(use.bits for use in uses if use.purpose == "reference"))
    # Features and descriptors of two blocks: 4 channels of 16 bits a pixel, 2 of 8 a square.
    assert bits[0] == 2 * (64 * 4 * 16 + 4 * 2 * 8)
    assert bits[1] == 3 * bits[0]


def test_the_same_network_gives_the_same_verilog() -> None:
    build = TileBuild(max_width=8, max_height=8)
    texts = [emit(TileProcessor(network(1), build), "tiles") for _ in range(2)]
    assert texts[0] == texts[1]
    assert "module tiles(" in texts[0][0]

"""Whole networks in the simulated tile processor against golden, tile by tile."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from lutscale.golden.refqsr.network import Network
from lutscale.hw.refqsr.build import TileBuild
from lutscale.hw.refqsr.passes import Engine
from lutscale.hw.refqsr.processor import TileProcessor
from lutscale.sim.refqsr.job import Tile, TileJob
from lutscale.sim.stalls import stalls
from tests.support.refqsr import networks


def job(network: Network, folder: Path, simulator: str = "verilator", **build: int) -> TileJob:
    processor = TileProcessor(network, TileBuild(**build))
    return TileJob(processor, folder, simulator, tiles=4, quick=True)


@pytest.mark.slow
def test_a_plain_network_equals_golden_on_pictures_of_any_size(tmp_path: Path) -> None:
    network = networks.network(1, dispatched=False, blocks=2)
    built = job(network, tmp_path, lanes=3, max_width=8, max_height=8)
    built.build()
    for height, width, pattern in ((5, 8, "none"), (6, 3, "both"), (1, 1, "one_cycle_ready")):
        pictures = [networks.picture(seed, height, width) for seed in range(2)]
        tiles = [Tile(picture, network.run_image(picture)) for picture in pictures]
        found = built.run(tiles, stalls=stalls(pattern, 4))
        assert found["mismatches"] == found["timeout"] == found["malformed"] == 0
        for tile, made in zip(tiles, found["pictures"], strict=True):
            assert np.array_equal(tile.expected, made)
    wrong = [Tile(tile.pixels, tile.expected ^ 1) for tile in tiles]
    assert built.run(wrong)["mismatches"] == 2 * 4
    large = Tile(networks.picture(0, 5, 9), tiles[0].expected)
    with pytest.raises(ValueError, match="tile must be at most 8x8, the built size, not 9x5"):
        built.run([large])
    with pytest.raises(ValueError, match="a run must have at most 4 tiles, not 5"):
        built.run([tiles[0]] * 5)


@pytest.mark.slow
def test_references_repair_queries_as_golden_says(tmp_path: Path) -> None:
    network = networks.network(3, scale=3)
    built = job(network, tmp_path, max_width=12, max_height=8, references=2)
    built.build()
    patches = [networks.picture(seed, 4, 12) for seed in range(4)]
    ends = (0, 1, 1, 0)
    expected, _ = network.run_patches(patches, ends)
    tiles = [
        Tile(patch, made, n == end, end)
        for n, (patch, made, end) in enumerate(zip(patches, expected, ends, strict=True))
    ]
    for pattern in ("none", "both"):
        found = built.run(tiles, stalls=stalls(pattern, 4))
        assert found["mismatches"] == found["timeout"] == found["malformed"] == 0
    starts = [0, *(clocks for clocks, _ in found["ends"])]
    clocks = [b - a for a, b in pairwise(starts)]
    # A query takes fewer clocks than a reference.
    assert max(clocks[2:]) < min(clocks[:2])
    # Repaired from another reference, it is another.
    other = [*tiles[:3], replace(tiles[3], slot=1)]
    assert built.run(other)["mismatches"] > 0


@pytest.mark.slow
def test_layers_choose_their_precision_as_golden_does(tmp_path: Path) -> None:
    network = networks.network(1, channels=3, selects=True)
    built = job(network, tmp_path, lanes=2, max_width=12, max_height=8)
    built.build()
    ends, used = (0, 0, 2, 2), set()
    for height, width, pattern in ((4, 12, "none"), (8, 4, "both")):
        patches = [networks.picture(seed, height, width) for seed in range(4)]
        expected, bits = network.run_patches(patches, ends)
        tiles = [
            Tile(patch, made, n == end)
            for n, (patch, made, end) in enumerate(zip(patches, expected, ends, strict=True))
        ]
        found = built.run(tiles, stalls=stalls(pattern, 4))
        assert found["mismatches"] == found["timeout"] == found["malformed"] == 0
        used |= {b for blocks in bits for block in blocks for b in block}
        # Of three alternatives one has run in each tile.
        ran = [clocks > 0 for clocks, _ in found["stages"][1:]]
        passes = built.processor.schedule.passes
        own = [n for n, each in enumerate(passes) if each.engine == Engine.CONVOLVE and each.skip]
        assert any(ran[n] for n in own)
        assert not all(ran[n] for n in own)
    assert used == {4, 6, 8}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("iverilog") is None, reason="needs Icarus Verilog")
@pytest.mark.parametrize("selects", [False, True])
def test_icarus_finds_no_unknown_bit(selects: bool, tmp_path: Path) -> None:
    network = networks.network(3, channels=3, selects=selects)
    built = job(network, tmp_path, "icarus", max_width=4, max_height=4)
    built.build()
    patches = [networks.picture(seed, 4, 4) for seed in range(2)]
    expected, _ = network.run_patches(patches, (0, 0))
    tiles = [
        Tile(patch, made, n == 0)
        for n, (patch, made) in enumerate(zip(patches, expected, strict=True))
    ]
    found = built.run(tiles)
    assert found["mismatches"] == found["timeout"] == found["malformed"] == 0
    assert len(found["ends"]) == 2

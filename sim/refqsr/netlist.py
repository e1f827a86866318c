"""The synthesised netlist of a tile processor against golden: small tiles, every pixel."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lutscale.golden.pictures.image import SAMPLE_PHOTOS, sample_photo
from lutscale.hw.refqsr.processor import TileProcessor
from lutscale.sim.faults import TILES, faults
from lutscale.sim.netlist import NetlistCheck, netlist_sources
from lutscale.sim.refqsr.job import TOP, Tile, TileJob

__all__ = ["check_tile_netlist"]

SIDE = 8
"""Of a tile, in LR pixels, or less where the build is for less."""


def check_tile_netlist(
    processor: TileProcessor, netlist: Path, top: str, folder: Path
) -> NetlistCheck:
    """Simulate the netlist of a tile processor for ECP5 on the middle of a photograph.

    With dispatch there are two tiles, a reference and a query that it repairs; else one.

    Args:
        processor: what was synthesised; golden runs its network.
        netlist: JSON of `hw.flow.yosys.synthesise`.
        top: name of its top module.
        folder: to work in, made if missing.

    Raises:
        InputError: Yosys or the simulator is missing.
    """
    network, build = processor.network, processor.build
    width, height = min(SIDE, build.max_width), min(SIDE, build.max_height)
    photo = sample_photo(next(iter(SAMPLE_PHOTOS)))
    y, x = photo.shape[0] // 2, photo.shape[1] // 2
    patches = [
        np.ascontiguousarray(photo[y : y + height, left : left + width]) for left in (x - width, x)
    ]
    if network.dispatch is None:
        tiles = [Tile(patches[0], network.run_image(patches[0]))]
    else:
        made, _ = network.run_patches(patches, (0, 0))
        tiles = [Tile(patch, expected) for patch, expected in zip(patches, made, strict=True)]
        tiles[1] = Tile(patches[1], made[1], reference=False)
    job = TileJob(
        processor,
        folder,
        tiles=len(tiles),
        quick=True,
        design=netlist_sources(netlist, top, folder, TOP),
    )
    job.build()
    found = job.run(tiles)
    return NetlistCheck(
        frame=f"{width}x{height}x3" + (" twice" if len(tiles) > 1 else ""),
        pixels=sum(tile.expected.size for tile in tiles),
        clocks=found["clocks"],
        faults=tuple(faults(found, **TILES)),
    )

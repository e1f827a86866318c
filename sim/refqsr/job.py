"""One simulation of a tile processor: compiled once, run on any tiles that fit."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lutscale.hw.refqsr.processor import TileProcessor
from lutscale.hw.refqsr.top import write_tile_handoff
from lutscale.sim.compare import planes_of, read_hex
from lutscale.sim.compiled import Compiled
from lutscale.sim.job import STALLS
from lutscale.sim.simulators import WAVES
from lutscale.sim.stalls import Stalls

__all__ = ["TOP", "WAVES", "Tile", "TileJob"]

_BENCH = Path(__file__).with_name("lutscale_tile_bench.v")
TOP = "lutscale_tile_upscaler"
"""The module that the bench drives."""

_NO_STALLS = Stalls()

Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Tile:
    """What is sent.

    Attributes:
        pixels: uint8 (height, width, 3).
        expected: what golden makes of it, uint8 (height * r, width * r, 3).
        reference: whether it is one.
        slot: where it is kept, or its reference is.
    """

    pixels: Picture
    expected: Picture
    reference: bool = True
    slot: int = 0


@dataclass
class TileJob:
    """A built simulation.

    Attributes:
        processor: the hardware.
        folder: of this job; everything it writes lies there.
        simulator: "verilator" or "icarus".
        tiles: the most that a run may have.
        waves, quick, design: as of `sim.job.Job`.
    """

    processor: TileProcessor
    folder: Path
    simulator: str = "verilator"
    tiles: int = 16
    waves: bool = False
    quick: bool = False
    design: Sequence[Path] = ()
    sources: list[Path] = field(default_factory=list, init=False)

    def build(self) -> float:
        """Write the Verilog and compile it, unless the very same is there already.

        Returns:
            seconds it took.
        """
        started = time.monotonic()
        self.folder = self.folder.resolve()
        design = self.design or write_tile_handoff(self.processor, self.folder / "rtl", TOP)
        self.sources = [_BENCH, STALLS, *design]
        build, scale = self.processor.build, self.processor.network.scale
        pixels = self.tiles * build.places
        parameters = {
            "WIDTH_BITS": build.max_width.bit_length(),
            "HEIGHT_BITS": build.max_height.bit_length(),
            "SLOT_BITS": len(self.processor.slot),
            "TILES": self.tiles,
            "STAGE_BITS": len(self.processor.stage),
            "STAGES": len(self.processor.schedule.passes) + 1,
            "IN_DEPTH": pixels + 1,
            "OUT_DEPTH": pixels * scale**2 + 1,
        }
        self._compiled = Compiled(
            _BENCH.stem, self.folder, self.simulator, waves=self.waves, quick=self.quick
        )
        self._compiled.build([_BENCH.with_suffix(".vlt"), *self.sources], parameters)
        return time.monotonic() - started

    def run(self, tiles: Sequence[Tile], *, stalls: Stalls = _NO_STALLS) -> dict[str, Any]:
        """Send tiles of one size back to back and compare what comes out.

        Returns:
            "clocks", "reads" (words of weights), "mismatches", "first_mismatches", "timeout",
            "unstable", "malformed"; "ends", (clocks, reads) when each tile's last pixel came;
            "stages", (clocks, reads) while tiles came in, and of each pass; and "pictures", what
            came out.

        Raises:
            ValueError: tiles are too many or too large.
        """
        build, scale = self.processor.build, self.processor.network.scale
        height, width = tiles[0].pixels.shape[:2]
        if width > build.max_width or height > build.max_height:
            raise ValueError(
                f"tile must be at most {build.max_width}x{build.max_height}, the built size, not "
                f"{width}x{height}"
            )
        if len(tiles) > self.tiles:
            raise ValueError(f"a run must have at most {self.tiles} tiles, not {len(tiles)}")
        size = height * width
        job = {
            "width": width,
            "height": height,
            "pixels": size * len(tiles),
            "tile_pixels": size,
            "tile_beats": size * scale**2,
            "beats": size * scale**2 * len(tiles),
            **stalls.inputs,
            "limit": len(tiles) * self.processor.schedule.most_clocks(width, height) * 8 + 100_000,
        }
        (self.folder / "job.json").write_text(json.dumps(job))
        self._write_tiles(tiles)
        result = self.folder / "result.json"
        result.unlink(missing_ok=True)
        log = self._compiled.run("lutscale.sim.refqsr.tiles", self.folder / "rtl")
        if not result.exists():
            raise RuntimeError(f"the simulation ended without a result: see {log}")
        found: dict[str, Any] = json.loads(result.read_text())
        beats = read_hex(self.folder / "beats.hex", found["received"])
        planes = planes_of(beats, height * scale, 3 * width * scale, 3)
        found["pictures"] = [plane.reshape(height * scale, -1, 3) for plane in planes]
        found["ends"] = self._pairs("ends.hex", len(planes))
        found["stages"] = self._pairs("stages.hex", len(self.processor.schedule.passes) + 1)
        return found

    def _pairs(self, name: str, count: int) -> list[tuple[int, int]]:
        """Clocks and reads, of so many words in a file."""
        words = read_hex(self.folder / name, count).tolist()
        return [(word & ((1 << 64) - 1), word >> 64) for word in words]

    def _write_tiles(self, tiles: Sequence[Tile]) -> None:
        places = [1, 256, 65536]
        pixels = np.concatenate([tile.pixels.reshape(-1, 3) for tile in tiles]) @ places
        (self.folder / "tiles.hex").write_text("\n".join(f"{n:06x}" for n in pixels) + "\n")
        bits = len(self.processor.slot)
        beside = [int(tile.reference) << bits | tile.slot for tile in tiles]
        (self.folder / "beside.hex").write_text("\n".join(f"{n:x}" for n in [*beside, 0]) + "\n")
        expected = {
            f"tile{n}": tile.expected.reshape(len(tile.expected), -1)
            for n, tile in enumerate(tiles)
        }
        np.savez(self.folder / "expected.npz", allow_pickle=False, **expected)

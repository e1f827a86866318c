"""A simulation of tiles that does not run: what it would find is made up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from lutscale.sim.refqsr.job import Tile, TileJob

__all__ = ["pretend"]


def pretend(
    monkeypatch: pytest.MonkeyPatch, *, faulty: bool = False, swapped: bool = False
) -> None:
    """Make `TileJob` find what golden gives at once, or one of every fault.

    Each tile takes 9 clocks and 8 reads, and so does each pass. ``swapped`` gives the tiles, each
    as it should be, in the wrong order.
    """

    def build(job: TileJob) -> float:
        job.folder.mkdir(parents=True, exist_ok=True)
        return 0.0

    def run(job: TileJob, tiles: Sequence[Tile], **__: Any) -> dict[str, Any]:
        pictures = [tile.expected ^ int(faulty) for tile in tiles]
        return {
            "clocks": 9 * len(tiles),
            "reads": 8 * len(tiles),
            "ends": [(9 * n, 8 * n) for n in range(1, len(tiles) + 1)],
            "stages": [(9, 8)] * (len(job.processor.schedule.passes) + 1),
            "pictures": pictures[::-1] if swapped else pictures,
            "mismatches": int(faulty),
            "first_mismatches": ["frame 0 x 0"] * faulty,
            **dict.fromkeys(("timeout", "unstable", "malformed"), int(faulty)),
        }

    monkeypatch.setattr(TileJob, "build", build)
    monkeypatch.setattr(TileJob, "run", run)

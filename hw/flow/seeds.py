"""One seed's place and route as a task that carries all it needs, for a machine elsewhere."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lutscale.golden.errors import InputError
from lutscale.hw.flow.cache import kept
from lutscale.hw.flow.implement import device_of, routed_key
from lutscale.hw.flow.netlist import Netlist
from lutscale.hw.flow.nextpnr import place_and_route
from lutscale.hw.flow.tools import Router, router
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.refqsr.processor import TileProcessor

__all__ = ["SeedTask", "keep_seed", "missing_seeds", "route_seed"]


@dataclass(frozen=True)
class SeedTask:
    """A seed to place and route; the result depends on this alone.

    Attributes:
        netlist: the JSON that nextpnr reads, compressed by zlib.
        file: its name.
        device, seed, frequency: as `place_and_route` takes them.
        tool: as `router` takes it: on the machine that routes.
        identity: what that tool must be.
        key: of the result in a cache.
    """

    netlist: bytes
    file: str
    device: str
    seed: int
    frequency: float
    tool: str | None
    identity: str
    key: str


def missing_seeds(
    pipeline: Pipeline | TileProcessor,
    netlist: Netlist,
    cache: Path,
    *,
    seeds: tuple[int, ...],
    frequency: float,
    tool: str | None,
) -> list[SeedTask]:
    """A task for each seed that the cache has not.

    Raises:
        InputError: the target cannot be routed for, or the tool is missing here.
    """
    device, used = device_of(pipeline.build), router(tool)
    keys = {
        seed: routed_key(netlist, device=device, seed=seed, frequency=frequency, tool=used)
        for seed in seeds
    }
    wanted = {seed: key for seed, key in keys.items() if not (cache / f"routed-{key}").is_dir()}
    if not wanted:
        return []
    path = netlist.made.netlist
    packed = zlib.compress(path.read_bytes(), 6)
    return [
        SeedTask(packed, path.name, device, seed, frequency, tool, used.identity, key)
        for seed, key in wanted.items()
    ]


def route_seed(task: SeedTask) -> dict[str, bytes]:
    """The files that `place_and_route` leaves for a seed, by name, without the netlist.

    Raises:
        InputError: another tool than the task's is here, or the design does not route.
    """
    used: Router = router(task.tool)
    if used.identity != task.identity:
        raise InputError(f"nextpnr must be {task.identity} on every worker, not {used.identity}")
    with tempfile.TemporaryDirectory(prefix="lutscale-seed-") as scratch:
        folder = Path(scratch)
        netlist = folder / task.file
        netlist.write_bytes(zlib.decompress(task.netlist))
        place_and_route(
            netlist,
            device=task.device,
            seed=task.seed,
            frequency=task.frequency,
            tool=used,
        )
        return {
            path.name: path.read_bytes()
            for path in sorted(folder.iterdir())
            if path.name != task.file
        }


def keep_seed(cache: Path, task: SeedTask, files: Mapping[str, bytes]) -> Path:
    """Put what `route_seed` gave where `implement.routed` looks for it; the folder."""

    def make(folder: Path) -> None:
        for name, content in files.items():
            (folder / name).write_bytes(content)

    return kept(cache, "routed", task.key, make)

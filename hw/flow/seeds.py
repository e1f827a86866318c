"""One seed's place and route as a task that carries all it needs, for a machine elsewhere."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lutscale.golden.errors import InputError
from lutscale.hw.flow.cache import kept
from lutscale.hw.flow.implement import routed_key
from lutscale.hw.flow.netlist import Netlist
from lutscale.hw.flow.nextpnr import Route, place_and_route
from lutscale.hw.flow.tools import router

__all__ = ["SeedTask", "keep_seed", "missing_seeds", "route_seed"]


@dataclass(frozen=True)
class SeedTask:
    """A seed to place and route; the result depends on this alone.

    Attributes:
        netlist: the JSON that nextpnr reads, compressed by zlib.
        file: its name.
        seed: of placement.
        route: for what; its tool is looked for anew on the machine that routes.
        key: of the result in a cache.
    """

    netlist: bytes
    file: str
    seed: int
    route: Route
    key: str


def missing_seeds(
    netlist: Netlist, cache: Path, route: Route, seeds: Sequence[int]
) -> list[SeedTask]:
    """A task for each seed that the cache has not."""
    route = route.suited(netlist.made.cells.comb)
    keys = {seed: routed_key(netlist, route, seed) for seed in seeds}
    wanted = {seed: key for seed, key in keys.items() if not (cache / f"routed-{key}").is_dir()}
    if not wanted:
        return []
    path = netlist.made.netlist
    packed = zlib.compress(path.read_bytes(), 6)
    return [SeedTask(packed, path.name, seed, route, key) for seed, key in wanted.items()]


def route_seed(task: SeedTask) -> dict[str, bytes]:
    """The files that `place_and_route` leaves for a seed, by name, without the netlist.

    Raises:
        InputError: another tool than the task's is here, or the design does not route.
    """
    asked = task.route.tool
    tool = router(asked.program).with_options(*asked.options)
    if tool.identity != asked.identity:
        raise InputError(f"nextpnr must be {asked.identity} on every worker, not {tool.identity}")
    with tempfile.TemporaryDirectory(prefix="lutscale-seed-") as scratch:
        folder = Path(scratch)
        netlist = folder / task.file
        netlist.write_bytes(zlib.decompress(task.netlist))
        place_and_route(netlist, replace(task.route, tool=tool), seed=task.seed)
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

"""Seeds of place and route on the workers of a Dask scheduler: ``lutscale fpga --scheduler``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lutscale.golden.command import say
from lutscale.hw.flow.netlist import Netlist
from lutscale.hw.flow.nextpnr import Route
from lutscale.hw.flow.seeds import keep_seed, missing_seeds, route_seed
from lutscale.reports.explore.pool import done

__all__ = ["route_elsewhere"]


def route_elsewhere(
    netlist: Netlist, cache: Path, route: Route, seeds: Sequence[int], *, scheduler: str
) -> list[int]:
    """Route the seeds that the cache has not, and put them there as they come; which they were.

    A worker that is lost loses nothing: its seeds run again on another, and what came is kept.

    Raises:
        InputError: as `explore.pool.done`; a worker without the tool, or a design that does not
            route.
    """
    tasks = missing_seeds(netlist, cache, route, seeds)
    came = []
    for number, files in done(route_seed, tasks, workers=1, scheduler=scheduler):
        keep_seed(cache, tasks[number], files)
        came.append(tasks[number].seed)
        say(f"seed {tasks[number].seed}: routed, {len(came)} of {len(tasks)}")
    return came

"""A seed as a task: routed anywhere, kept where the flow looks for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lutscale.golden.errors import InputError
from lutscale.hw.flow.implement import routed
from lutscale.hw.flow.nextpnr import Route
from lutscale.hw.flow.seeds import keep_seed, missing_seeds, route_seed
from lutscale.hw.flow.tools import router
from tests.support.native_router import stand_in
from tests.support.seeds import REPORT, a_netlist


def test_a_seed_that_was_routed_elsewhere_is_not_routed_again(tmp_path: Path) -> None:
    route = Route(router(str(stand_in(tmp_path, report=REPORT)), "--router router1"), "25F")
    netlist, cache = a_netlist(tmp_path), tmp_path / "cache"
    tasks = missing_seeds(netlist, cache, route, (1, 2))
    assert [task.seed for task in tasks] == [1, 2]
    files = route_seed(tasks[1])
    assert {"seed2.json", "seed2.config"} <= set(files)
    assert netlist.made.netlist.name not in files
    folder = keep_seed(cache, tasks[1], files)
    # Twice is once.
    assert keep_seed(cache, tasks[1], files) == folder
    assert [task.seed for task in missing_seeds(netlist, cache, route, (1, 2))] == [1]
    # A tool that fails is not asked for what is there.
    stand_in(tmp_path)
    run, found = routed(netlist, cache, route, 2)
    assert (run.seed, run.fmax, found) == (2, 125.0, folder)
    with pytest.raises(InputError, match="does not route"):
        routed(netlist, cache, route, 1)


def test_another_tool_on_a_worker(tmp_path: Path) -> None:
    tool = router(str(stand_in(tmp_path, report=REPORT)))
    (task,) = missing_seeds(a_netlist(tmp_path), tmp_path, Route(tool, "25F"), (1,))
    message = "nextpnr must be nextpnr-ecp5 0.9 on every worker, not nextpnr-ecp5 0.11.1"
    older = replace(tool, identity="nextpnr-ecp5 0.9")
    task = replace(task, route=replace(task.route, tool=older))
    with pytest.raises(InputError, match=message):
        route_seed(task)

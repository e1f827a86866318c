"""Seeds on Dask's workers, one of which is killed in the middle."""

from __future__ import annotations

from pathlib import Path

import pytest

from lutscale.golden.errors import InputError
from lutscale.hw.flow.nextpnr import Route
from lutscale.hw.flow.tools import router
from lutscale.reports import elsewhere
from lutscale.reports.elsewhere import route_elsewhere
from tests.support.cluster import kill_a_busy_worker, two_workers
from tests.support.native_router import stand_in
from tests.support.seeds import REPORT, a_netlist

SEEDS = range(1, 25)


@pytest.mark.slow
def test_a_worker_is_killed_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = str(stand_in(tmp_path, report=REPORT))
    netlist, cache, keep = a_netlist(tmp_path), tmp_path / "cache", elsewhere.keep_seed
    kept, killed = [], []
    with two_workers(tmp_path) as scheduler:

        def killing(*given: object) -> Path:
            if not killed:
                killed.append(kill_a_busy_worker(scheduler))
            kept.append(given)
            return keep(*given)  # type: ignore[arg-type]

        def route(tool: str) -> list[int]:
            wanted = Route(router(tool), "25F")
            return route_elsewhere(netlist, cache, wanted, SEEDS, scheduler=scheduler)

        monkeypatch.setattr(elsewhere, "keep_seed", killing)
        came = route(tool)
        assert killed
        assert sorted(came) == list(SEEDS)
        assert len(kept) == len(list(cache.glob("routed-*"))) == len(SEEDS)
        # All is there: nothing is left to do.
        assert route(tool) == []
        # What fails on a worker is told in one line.
        other = tmp_path / "other"
        other.mkdir()
        broken = str(stand_in(other, version="0.12"))
        with pytest.raises(InputError, match="does not route on LFE5U-25F: ended by signal 9"):
            route(broken)

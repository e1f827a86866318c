"""The synthesised netlist of a small tile processor is simulated against golden."""

from __future__ import annotations

from pathlib import Path

import pytest

from lutscale.hw.flow.netlist import synthesised
from lutscale.hw.refqsr.build import TileBuild
from lutscale.hw.refqsr.processor import TileProcessor
from lutscale.hw.targets import TARGETS
from lutscale.sim.refqsr import netlist as checked
from lutscale.sim.refqsr.netlist import check_tile_netlist
from tests.support.refqsr.networks import network
from tests.support.refqsr.simulated import pretend


def processor(seed: int) -> TileProcessor:
    """Of a network whose layers choose their precision."""
    made = network(seed, channels=2, blocks=1, dispatched=False, selects=True)
    build = TileBuild(lanes=1, max_width=4, max_height=4, target=TARGETS["ecp5-25f"])
    return TileProcessor(made, build)


@pytest.mark.slow
def test_the_netlist_is_exact_and_another_is_not(tmp_path: Path) -> None:
    own = processor(1)
    netlist = synthesised(own, tmp_path / "cache")
    where = (netlist.made.netlist, netlist.top, tmp_path / "work")
    found = check_tile_netlist(own, *where)
    assert found.faults == ()
    assert (found.frame, found.pixels) == ("4x4x3", 4 * 4 * 2**2 * 3)
    assert found.clocks > 0
    other = check_tile_netlist(processor(2), *where)
    assert other.result == "differs"
    assert other.faults[0].startswith("mismatch: ")


@pytest.mark.parametrize("faulty", [False, True])
def test_a_query_goes_behind_its_reference(
    faulty: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, faulty=faulty)
    monkeypatch.setattr(checked, "netlist_sources", lambda *_: ())
    own = TileProcessor(network(1), TileBuild(max_width=24, max_height=4))
    found = check_tile_netlist(own, tmp_path / "netlist.json", "tiles", tmp_path)
    assert (found.frame, found.pixels) == ("8x4x3 twice", 2 * 8 * 4 * 2**2 * 3)
    assert found.clocks == 9 * 2
    assert found.result == ("differs" if faulty else "exact")
    assert any("timeout: no last pixel" in fault for fault in found.faults) == faulty

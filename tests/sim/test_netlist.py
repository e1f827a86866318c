"""The synthesised netlist of a small program is simulated against golden, and a fault is seen."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from lutscale.hw.build import Build
from lutscale.hw.flow.netlist import Netlist, synthesised
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.targets import TARGETS
from lutscale.sim.netlist import check_netlist
from tests.support.random_programs import example_program

pytestmark = pytest.mark.slow


_ADDS = re.compile(r"\.(?:tree|acc|sum|number)\d")


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    """With a quantiser, line buffers, a requantise, a residual and a last shuffle."""
    build = Build(
        clocks_per_pixel=4,
        pixels_per_beat=1,
        max_width=12,
        max_height=9,
        target=TARGETS["ecp5-25f"],
    )
    return Pipeline(example_program(2, 2, max_taps=1, max_channels=2), build)


@pytest.fixture(scope="module")
def netlist(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Netlist:
    return synthesised(pipeline, tmp_path_factory.mktemp("cache"))


def test_the_netlist_is_exact(pipeline: Pipeline, netlist: Netlist, tmp_path: Path) -> None:
    found = check_netlist(pipeline, netlist.made.netlist, netlist.top, tmp_path / "work")
    assert found.faults == ()
    assert (found.frame, found.pixels) == ("12x9x3", 3 * 4 * 12 * 9)
    assert found.clocks >= 3 * 12 * 9 * 4
    assert found.as_dict()["result"] == "exact"
    # Registers that drive much have copies in it.
    assert "_copy1" in netlist.made.netlist.read_text()


def with_a_fault(netlist: Path, sixteenth: int, out: Path) -> Path:
    """The netlist with one bit of one lookup table inverted: what it gives for all zeros.

    Args:
        sixteenth: which table of those that add, in order of their names: so many sixteenths of
            the way.
    """
    read = json.loads(netlist.read_text())
    (cells,) = (m["cells"] for m in read["modules"].values() if m["attributes"].get("top"))
    kinds = {name: cell["type"] for name, cell in cells.items()}
    tables = sorted(name for name in kinds if kinds[name] == "LUT4" and _ADDS.search(name))
    parameters = cells[tables[len(tables) * sixteenth // 16]]["parameters"]
    bits = parameters["INIT"]
    parameters["INIT"] = bits[:-1] + str(1 - int(bits[-1]))
    out.write_text(json.dumps(read))
    return out


def test_a_bit_of_one_lookup_table_shows(
    pipeline: Pipeline, netlist: Netlist, tmp_path: Path
) -> None:
    """One of three: what a table gives for inputs that never come, nobody sees."""
    for sixteenth in (3, 8, 13):
        broken = with_a_fault(netlist.made.netlist, sixteenth, tmp_path / "broken.json")
        found = check_netlist(pipeline, broken, netlist.top, tmp_path / f"work{sixteenth}")
        if found.faults:
            break
    assert found.as_dict()["result"] == "differs"
    assert found.faults[0].startswith(("mismatch: frame ", "timeout: "))

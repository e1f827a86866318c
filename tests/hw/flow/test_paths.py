"""Critical paths in the names of our components."""

from __future__ import annotations

from lutscale.hw.flow.nextpnr import Hop
from lutscale.hw.flow.paths import component_of, path_json


def test_the_component_of_a_cell() -> None:
    assert component_of("pipeline.stage3_planesstage.sum_CCU2C_S0") == "stage3_planesstage"
    assert component_of("pipeline.stage3_planesstage.tree.a_b") == "stage3_planesstage.tree"
    assert component_of("s_axis_tvalid_LUT4_A") == "top"
    assert component_of("pipeline.loose_LUT4") == "pipeline"


def test_a_path() -> None:
    hops = [
        Hop("clk-to-q", 0.525, "pipeline.a.x", "pipeline.a.x", ""),
        Hop("routing", 1.0004, "pipeline.a.x", "pipeline.b.y", "pipeline.a.net"),
        Hop("setup", 0.1, "pipeline.b.y", "pipeline.b.y", ""),
    ]
    found = path_json(hops)
    assert (found["ns"], found["routing_ns"]) == (1.625, 1.0)
    assert (found["from"], found["to"], found["through"]) == ("a", "b", ["a", "b"])
    assert found["hops"][1] == {
        "kind": "routing", "ns": 1.0, "cell": "pipeline.b.y", "net": "pipeline.a.net"
    }  # fmt: skip
    assert path_json([]) == {}

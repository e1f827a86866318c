"""What was not checked is said, with the command that checks it."""

from __future__ import annotations

from typing import Any

from lutscale.reports.page.trust import unchecked

SIM, FPGA = "lutscale sim a", "lutscale fpga a --target ecp5-85f"


def texts(simulations: list[dict[str, Any]], fpga: dict[str, Any] | None) -> dict[str, str | None]:
    sources = {"simulations": [{"command": SIM}], "fpga": {"command": FPGA}}
    return dict(unchecked({"simulations": simulations, "fpga": fpga, "sources": sources}))


def test_nothing_was_run() -> None:
    found = texts([], None)
    assert found == {
        "The hardware was not simulated.": SIM,
        "The netlist was not simulated.": f"{FPGA} --check-netlist",
        "Not placed and routed: no clock is known.": FPGA,
        "The routed design itself, and a board: no report speaks of either.": None,
    }


def test_each_check_takes_its_line_away() -> None:
    plain = {"simulator": "verilator"}
    found = texts([plain], {"fmax_mhz": 120.0})
    assert found["Only at full speed: both streams were never held up."] == f"{SIM} --stalls"
    assert found["In no simulator that knows unknown bits."] == f"{SIM} --sim icarus"
    assert "The netlist was not simulated." in found
    assert "Not placed and routed: no clock is known." not in found
    stalled = {"simulator": "icarus", "stalls": {"none": 9}}
    found = texts([plain, stalled], {"fmax_mhz": 120.0, "netlist": {"result": "exact"}})
    assert list(found) == ["The routed design itself, and a board: no report speaks of either."]

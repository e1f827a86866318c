"""What no report vouches for, and the command that would."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from lutscale.sim.simulators import SIMULATORS

__all__ = ["unchecked"]


def unchecked(data: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    """What was not checked, in words, each with the command that checks it, or None.

    Args:
        data: of `gather`.
    """
    simulations, fpga = data["simulations"], data["fpga"]
    command = data["sources"]["simulations"][0]["command"]
    found: list[tuple[str, str | None]] = []
    if not simulations:
        found.append(("The hardware was not simulated.", command))
    elif not any("stalls" in sim for sim in simulations):
        stalled = _with(command, "--stalls")
        found.append(("Only at full speed: both streams were never held up.", stalled))
    if simulations and not any(sim["simulator"] == "icarus" for sim in simulations):
        other = _with(command, "--sim", SIMULATORS[1])
        found.append(("In no simulator that knows unknown bits.", other))
    if fpga is None or "netlist" not in fpga:
        words = shlex.split(data["sources"]["fpga"]["command"])
        if "--check-netlist" not in words:
            words += ["--check-netlist"]
        found.append(("The netlist was not simulated.", shlex.join(words)))
    if fpga is None or fpga["fmax_mhz"] is None:
        found.append(
            ("Not placed and routed: no clock is known.", data["sources"]["fpga"]["command"])
        )
    found.append(("The routed design itself, and a board: no report speaks of either.", None))
    return found


def _with(command: str, *words: str) -> str:
    return shlex.join([*shlex.split(command), *words])

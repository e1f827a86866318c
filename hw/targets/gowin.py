"""Gowin LittleBee (GW1N) and Arora (GW2A)."""

from lutscale.hw.targets.target import BlockMemory, Device, Target

__all__ = ["TARGETS"]

_GOWIN = Target(
    name="gowin",
    family="gowin",
    block=BlockMemory(
        name="BSRAM",
        bits=18432,
        shapes=((16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18), (512, 36)),
        parity=9,
        widest=18,
    ),
    source="Gowin UG285 (BSRAM), UG287 (MULT18X18)",
)

TARGETS = (
    _GOWIN,
    _GOWIN.on("gw1nr-9", Device("GW1NR-9", 8640, 6480, 26, 20, "Gowin DS117")),
    _GOWIN.on("gw2a-18", Device("GW2A-18", 20736, 15552, 46, 48, "Gowin DS102")),
)

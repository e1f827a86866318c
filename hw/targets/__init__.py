"""The targets by name: a family with its block memory, or a device of it with its counts."""

from types import MappingProxyType

from lutscale.golden.validate import require_choice
from lutscale.hw.targets import asic, ecp5, gowin, ice40, intel, xilinx
from lutscale.hw.targets.target import BlockMemory, Device, Target

__all__ = ["TARGETS", "BlockMemory", "Device", "Target", "find_target"]

TARGETS = MappingProxyType(
    {
        target.name: target
        for family in (asic, ecp5, gowin, ice40, intel, xilinx)
        for target in family.TARGETS
    }
)
"""Every target, by its name."""


def find_target(name: str) -> Target:
    """The target of that name, or of the table of ASIC macros at that path (.json).

    Raises:
        ValueError: there is no such target; InputError where the table is bad.
    """
    if name.endswith(".json"):
        return asic.read_macros(name)
    return TARGETS[require_choice("target", name, TARGETS)]

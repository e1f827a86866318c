"""The targets by name: a family with its block memory, or a device of it with its counts."""

from types import MappingProxyType

from lutscale.hw.targets import asic, ecp5, gowin, ice40, intel, xilinx
from lutscale.hw.targets.target import BlockMemory, Device, Target

__all__ = ["TARGETS", "BlockMemory", "Device", "Target"]

TARGETS = MappingProxyType(
    {
        target.name: target
        for family in (asic, ecp5, gowin, ice40, intel, xilinx)
        for target in family.TARGETS
    }
)
"""Every target, by its name."""

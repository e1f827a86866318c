"""What a device has, against what a design takes: refused before tools work in vain."""

from __future__ import annotations

from lutscale.golden.errors import InputError
from lutscale.hw.build import Build
from lutscale.hw.estimates import Estimate
from lutscale.hw.flow.cells import Cells
from lutscale.hw.plan import Plan
from lutscale.hw.refqsr.build import TileBuild
from lutscale.hw.refqsr.processor import TileProcessor
from lutscale.hw.targets import TARGETS, Target

__all__ = ["MARGIN", "check_blocks", "check_cells", "check_estimate", "check_tile_blocks"]

MARGIN = 1.5
"""So many times a device an estimate must be before it is believed."""


def check_blocks(plan: Plan) -> None:
    """Refuse a plan whose memories need more blocks than the device has: that figure is exact.

    Raises:
        InputError: names the devices of the family that have enough.
    """
    _check_blocks(plan.blocks, plan.program.name, plan.build.target, "shorter lines")


def check_tile_blocks(processor: TileProcessor) -> None:
    """The same of a tile processor.

    Raises:
        InputError: likewise.
    """
    name, target = processor.network.name, processor.build.target
    _check_blocks(processor.blocks, name, target, "smaller tiles")


def _check_blocks(blocks: int, name: str, target: Target, fewer: str) -> None:
    """Refuse more than there are; ``fewer`` says of what it takes fewer."""
    if target.device is None or blocks <= target.device.blocks:
        return
    enough = [
        other.name
        for other in TARGETS.values()
        if other.family == target.family and other.device and other.device.blocks >= blocks
    ]
    advice = f"{' or '.join(enough)} has enough" if enough else f"{fewer} take fewer"
    raise InputError(
        f"{target.block.name} must be at most {target.device.blocks} on {target.name}, not "
        f"{blocks} as {name} takes: {advice}"
    )


def check_estimate(expected: Estimate, build: Build) -> None:
    """Refuse what would be synthesised for long, and would not fit by far.

    Raises:
        InputError: says that it is an estimate.
    """
    device = build.target.device
    if device is None or expected.comb is None or expected.comb <= MARGIN * device.luts:
        return
    raise InputError(
        f"design must fit {build.target.name}, but is estimated at {expected.comb} of "
        f"{device.luts} LUTs: more clocks a pixel, or a larger device"
    )


def check_cells(cells: Cells, build: Build | TileBuild) -> None:
    """Refuse a netlist that takes more of anything than the device has.

    Raises:
        InputError: names each of which there are too few.
    """
    device = build.target.device
    if device is None:
        return
    pairs = {
        "LUTs": (cells.comb, device.luts),
        "flip-flops": (cells.ff, device.flip_flops),
        "multipliers": (cells.dsp, device.multipliers),
        "block memories": (cells.blocks, device.blocks),
    }
    over = [f"{n} of {most} {what}" for what, (n, most) in pairs.items() if n > most]
    if over:
        less = "smaller tiles" if isinstance(build, TileBuild) else "more clocks a pixel"
        raise InputError(
            f"netlist must fit {build.target.name}, but takes {', '.join(over)}: {less}, or a "
            "larger device"
        )

"""What goes through the tools: a program's pipeline or a network's tile processor, alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lutscale.hw import verilog
from lutscale.hw.build import Build
from lutscale.hw.estimates import estimate
from lutscale.hw.flow.budget import check_blocks, check_estimate, check_tile_blocks
from lutscale.hw.pipeline import Pipeline
from lutscale.hw.refqsr import top
from lutscale.hw.refqsr.build import TileBuild
from lutscale.hw.refqsr.processor import TileProcessor
from lutscale.hw.rom_formats import RomImage

__all__ = ["Design", "design_of"]


@dataclass(frozen=True)
class Design:
    """A core that can be synthesised.

    Attributes:
        program: name of the program or network.
        build: what for.
        emit: Verilog text and ROM images under a name.
        check: refuses what the target has no place for, before tools work in vain.
        forms: how each layer became gates, as in the hand-off's manifest; none of a network.
    """

    program: str
    build: Build | TileBuild
    emit: Callable[[str], tuple[str, Sequence[RomImage]]]
    check: Callable[[], None]
    forms: tuple[Mapping[str, Any], ...] = ()


def design_of(given: Pipeline | TileProcessor) -> Design:
    """What the tools see of a component."""
    if isinstance(given, TileProcessor):
        return Design(
            given.network.name,
            given.build,
            lambda name: top.emit(given, name),
            lambda: check_tile_blocks(given),
        )

    def check() -> None:
        check_blocks(given.plan)
        check_estimate(estimate(given.plan), given.build)

    forms = tuple(choice.as_dict() for choice in given.plan.choices.values())
    return Design(
        given.program.name, given.build, lambda name: verilog.emit(given, name), check, forms
    )

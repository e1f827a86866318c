"""What a tile processor is built to: how many lanes, how large a tile, how many references."""

from __future__ import annotations

from dataclasses import dataclass

import click
from click.core import ParameterSource

from lutscale.golden.refqsr.network import Network
from lutscale.golden.validate import require_int
from lutscale.hw.build import Build
from lutscale.hw.targets import Target
from lutscale.hw.targets.ecp5 import ECP5

__all__ = ["TileBuild"]


@dataclass(frozen=True)
class TileBuild:
    """What a network is built to.

    Attributes:
        lanes: output channels at once, 1..256; 0 for all channels of the trunk.
        max_width, max_height: the largest tile in LR pixels, 1..256 each.
        references: tiles whose features are kept at the same time, 1..64.
        target: decides which memories become blocks.

    Raises:
        TypeError, ValueError: "X must be ..., not ...".
    """

    lanes: int = 0
    max_width: int = 24
    max_height: int = 24
    references: int = 1
    target: Target = ECP5

    def __post_init__(self) -> None:
        require_int("lanes", self.lanes, 0, 256)
        require_int("max_width", self.max_width, 1, 256)
        require_int("max_height", self.max_height, 1, 256)
        require_int("references", self.references, 1, 64)
        if not isinstance(self.target, Target):
            raise TypeError(f"target must be a Target, not {self.target!r}")

    @classmethod
    def of(cls, build: Build, size: tuple[int, int] | None = None) -> TileBuild:
        """What the options of a command say for a network.

        Args:
            build: they as they are for programs; clocks, beats and patience mean nothing here.
            size: width and height of the tiles; by default what the command line says of the
                largest frame, or else 24x24, the smallest patch.

        Raises:
            ValueError: a colour or a form is given.
        """
        if build.colour is not None or build.form is not None:
            raise ValueError("colour and form must not be given for a network: its tiles are RGB")
        width, height = size or (
            _given("max_width", build.max_width, cls.max_width),
            _given("max_height", build.max_height, cls.max_height),
        )
        return cls(max_width=width, max_height=height, target=build.target)

    def lanes_of(self, network: Network) -> int:
        """Output channels at once, of a network."""
        return self.lanes or network.channels

    @property
    def places(self) -> int:
        """Words of a tile memory, one a pixel."""
        return self.max_width * self.max_height

    def to_json(self) -> dict[str, int | str]:
        """The fields, the target by its name."""
        return {**vars(self), "target": self.target.name}


def _given(name: str, value: int, default: int) -> int:
    """What stands on the command line, if it does."""
    context = click.get_current_context(silent=True)
    said = context and context.get_parameter_source(name) == ParameterSource.COMMANDLINE
    return value if said else default

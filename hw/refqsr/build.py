"""What a tile processor is built to: how many lanes, how large a tile, how many references."""

from __future__ import annotations

from dataclasses import dataclass

from lutscale.golden.refqsr.network import Network
from lutscale.golden.validate import require_int
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

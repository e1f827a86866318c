"""How the bench holds up the streams: the patterns under which every frame must be exact."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PATTERNS", "Stalls", "stalls"]

PATTERNS = ("none", "random_source", "random_sink", "one_cycle_ready", "both")
"""The stall matrix: who pauses, and how."""


@dataclass(frozen=True)
class Stalls:
    """What lutscale_stalls.v does to the streams.

    Attributes:
        source: clocks without valid in front of each pixel, on average; their number is random.
        sink: clocks that ready stays low, and then high, on average, at random; 0 for always high.
        single: ready for a single clock, then not for one to four; ``sink`` is not used.

    Raises:
        ValueError: source or sink is out of range.
    """

    source: int = 0
    sink: int = 0
    single: bool = False

    def __post_init__(self) -> None:
        for name, value in (("source", self.source), ("sink", self.sink)):
            if not 0 <= value <= 10_000:
                raise ValueError(f"{name} must be in 0..10000, not {value}")

    @property
    def inputs(self) -> dict[str, int]:
        """The bench's ports: of 65,536 clocks, how many have no valid, and leave ready as it is."""
        return {
            "stall_in": 65_536 * self.source // (self.source + 1),
            "stall_out": 65_536 * (self.sink - 1) // self.sink if self.sink else 0,
            "stall_single": int(self.single),
        }

    def clocks(self, clocks_per_pixel: int) -> int:
        """A pixel takes fewer clocks than this, on average."""
        return (clocks_per_pixel + self.source) * (5 if self.single else 2 if self.sink else 1)


def stalls(pattern: str, clocks_per_pixel: int) -> Stalls:
    """The stalls of one of `PATTERNS`, long enough to hold up a pipeline of that fold.

    Raises:
        ValueError: no such pattern.
    """
    made = {
        "none": Stalls(),
        "random_source": Stalls(source=clocks_per_pixel),
        "random_sink": Stalls(sink=clocks_per_pixel + 1),
        "one_cycle_ready": Stalls(single=True),
        "both": Stalls(source=clocks_per_pixel, sink=clocks_per_pixel + 1),
    }
    if pattern not in made:
        raise ValueError(f"pattern must be one of {', '.join(PATTERNS)}, not {pattern!r}")
    return made[pattern]

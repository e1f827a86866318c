"""What the streams are fed with in stall_matrix.py: stall patterns and malformed frames."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lutscale.golden.mending import STOP, Beat, Stop, mend

__all__ = ["FLAWS", "Sent", "damaged", "intact", "sink_pauses", "source_pauses"]

Plane = npt.NDArray[np.uint8]

FLAWS = (
    "short_line",
    "long_line",
    "short_frame",
    "extra_line",
    "oversize",
    "stop",
    "stuck_start",
)
"""Ways in which a frame's marks can disagree with its width and height, or stay away."""


@dataclass(frozen=True)
class Sent:
    """A frame as the source sends it.

    Attributes:
        width, height: what the ports of these names say with its first pixel.
        lines: uint8 (n,) each; the last pixel of each has tlast, the very first tuser.
        stuck: whether every pixel has tuser.
        stop: whether the source then gives nothing for longer than the hardware's patience.
        seen: the frame that the hardware must make of it, or None when it must drop it.
    """

    width: int
    height: int
    lines: tuple[Plane, ...]
    seen: Plane | None
    stuck: bool = False
    stop: bool = False

    def stream(self) -> list[Beat | Stop]:
        """Pixel by pixel, as golden's mending takes it."""
        beats: list[Beat | Stop] = [
            Beat(int(pixel), x == y == 0 or self.stuck, x == len(line) - 1, self.width, self.height)
            for y, line in enumerate(self.lines)
            for x, pixel in enumerate(line)
        ]
        return [*beats, STOP] if self.stop else beats


def intact(plane: Plane) -> Sent:
    """A frame, uint8 (height, width), with the marks that belong to it."""
    height, width = plane.shape
    return Sent(width, height, tuple(plane), plane)


def damaged(plane: Plane, flaw: str, largest: tuple[int, int]) -> Sent:
    """A frame with one of `FLAWS`, and what golden's mending makes of it.

    Args:
        plane: uint8 (height, width), at least 2 x 3.
        largest: width and height that the hardware was built for.
    """
    sent = intact(plane)
    lines, y = list(sent.lines), sent.height // 2
    if flaw == "short_line":
        lines[y] = lines[y][:-2]
    elif flaw == "long_line":
        lines[y] = np.concatenate([lines[y], 255 - lines[y][:3]])
    elif flaw in ("short_frame", "stop"):
        lines = lines[:y]
    elif flaw == "extra_line":
        lines.append(255 - lines[-1])
    elif flaw not in ("oversize", "stuck_start"):
        raise ValueError(f"flaw must be one of {', '.join(FLAWS)}, not {flaw!r}")
    flawed = replace(
        sent,
        lines=tuple(lines),
        width=largest[0] + 1 if flaw == "oversize" else sent.width,
        stuck=flaw == "stuck_start",
        stop=flaw == "stop",
    )
    following = [*flawed.stream(), *sent.stream()]
    seen = mend(following, max_width=largest[0], max_height=largest[1]).frames[:-1]
    return replace(flawed, seen=seen[0] if seen else None)


def source_pauses(pattern: str) -> Iterator[bool] | None:
    """For each clock, whether the source holds back; None when it never does."""
    if pattern not in ("random_source", "both"):
        return None
    chance = random.Random(f"source {pattern}")
    return iter(lambda: chance.random() < 0.6, None)


def sink_pauses(pattern: str) -> Iterator[bool] | None:
    """For each clock, whether the sink is not ready; None when it always is."""
    chance = random.Random(f"sink {pattern}")
    if pattern == "one_cycle_ready":
        return _single_clocks(chance)
    if pattern not in ("random_sink", "both"):
        return None
    return iter(lambda: chance.random() < 0.5, None)


def _single_clocks(chance: random.Random) -> Iterator[bool]:
    """Ready for a single clock, then not for one to four."""
    while True:
        yield False
        yield from [True] * chance.randint(1, 4)

"""Whole frames of video, in front of a pipeline and behind it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lutscale.golden.mending import Beat, Stop
from lutscale.sim.compare import compare_beats
from tests.support.hw.streams import SEED

__all__ = ["Item", "Picture", "beat_count", "check_beats", "sent", "video"]

Item = tuple[int, int, int]
"""What goes into a `Pipeline` or `VideoIn`: beat, width, height."""

Picture = npt.NDArray[np.uint8]


def video(frames: Sequence[Picture]) -> list[Item]:
    """The items of frames."""
    return [
        (int(frame[y, x]) | (x == y == 0) << 8 | (x == frame.shape[1] - 1) << 9, *frame.shape[::-1])
        for frame in frames
        for y, x in np.ndindex(*frame.shape)
    ]


def sent(stream: Sequence[Beat | Stop], pause: int) -> tuple[list[Item], dict[int, int]]:
    """The items of a stream, and the pauses of so many clocks before some of them."""
    items: list[Item] = []
    pauses = {}
    for beat in stream:
        if isinstance(beat, Stop):
            pauses[len(items)] = pause
        else:
            word = beat.pixel | beat.first << 8 | beat.last << 9
            items.append((word, beat.width, beat.height))
    return items, pauses


def beat_count(frames: Sequence[Picture], pixels_per_beat: int) -> int:
    """Beats that HR frames take."""
    return sum(height * -(-width // pixels_per_beat) for height, width in map(np.shape, frames))


def check_beats(expected: Sequence[Picture], beats: Sequence[int], pixels_per_beat: int) -> None:
    """Fail unless the beats of a `Pipeline` are the HR frames expected, marks and all."""
    lanes = 9 * pixels_per_beat
    # sim/compare.py has tlast below tuser.
    got = [
        word & ((1 << lanes) - 1)
        | (word >> lanes & 1) << (lanes + 1)
        | word >> (lanes + 1) << lanes
        for word in beats
    ]
    mismatches = compare_beats(expected, np.array(got, np.uint64), pixels_per_beat)
    if mismatches:
        shown = "; ".join(map(str, mismatches[:3]))
        raise AssertionError(f"{len(mismatches)} beats differ: {shown} (seed {SEED})")

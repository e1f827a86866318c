"""Video streams that break the rules, by name, and what golden makes of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lutscale.golden.mending import STOP, Beat, Mended, Stop, mend
from tests.support.hw.video_frames import Picture
from tests.support.random_streams import good_frame

__all__ = [
    "BROKEN",
    "GOOD",
    "LONE",
    "MAX_HEIGHT",
    "MAX_WIDTH",
    "Stream",
    "beats",
    "mended",
    "stream_of",
]

MAX_WIDTH, MAX_HEIGHT = 9, 6

Stream = list[Beat | Stop]


def beats(text: str, width: int, height: int, seed: int = 0) -> Stream:
    """Pixels of a frame, one a character: ``F`` first, ``L`` last, ``B`` both, ``.`` neither;
    ``s`` is a stop."""
    noise = np.random.default_rng(seed).integers(0, 256, len(text)).tolist()
    return [
        STOP if mark == "s" else Beat(noise[k], mark in "FB", mark in "LB", width, height)
        for k, mark in enumerate(text.replace(" ", ""))
    ]


def mended(stream: Sequence[Beat | Stop]) -> Mended:
    return mend(stream, max_width=MAX_WIDTH, max_height=MAX_HEIGHT)


GOOD = "F...L ....L ....L"
"""A frame of 5 x 3."""

BROKEN = {
    "line too short": "F...L ..L ....L",
    "first line too short": "F.L ....L ....L",
    "line of one pixel": "F...L L ....L",
    "first pixel is last": "B ....L ....L",
    "last line too short": "F...L ....L ...L",
    "line too long": "F...L ......L ....L",
    "first line too long": "F....L ....L ....L",
    "last line too long": "F...L ....L .......L",
    "last line without an end": "F...L ....L .....",
    "no ends at all": "F.... ..... .....",
    "a line too many": "F...L ....L ....L ....L",
    "many lines too many": "F...L ....L ....L ....L ....L ....L",
    "early tuser in the first line": "F..",
    "early tuser behind a line": "F...L",
    "early tuser in the last line": "F...L ....L ..",
    "early tuser behind the last pixel": "F...L ....L ....",
    "short, long and early": "F.L ........L .L",
    "stop in the first line": "F.s",
    "stop behind the first pixel": "Fs",
    "stop behind a line": "F...Ls",
    "stop in mid frame, and the rest later": "F...L ..s..L ....L",
    "stop in a line too long": "F...L .....s.L ....L",
    "stop before the last pixel": "F...L ....L ....s",
    "start marks that are stuck in mid frame": "F...L FFFFF",
}
"""Each makes one frame, mended."""

LONE = {
    "a frame of one pixel only": "F",
    "one pixel, both marks": "B",
    "start marks on a whole frame": "FFFFB FFFFB FFFFB",
    "and nothing else, ever": "FFFFF FFFFF FFFFF FFFFF",
}
"""Each makes none: its start marks have no pixel behind them."""


def stream_of(frames: Sequence[Picture]) -> Stream:
    """Frames with the marks that belong to them, in a row."""
    return [beat for frame in frames for beat in good_frame(frame)]

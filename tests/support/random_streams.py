"""Video streams whose marks are damaged at random, for golden's mending and the hardware's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from lutscale.golden.mending import STOP, Beat, Stop

__all__ = ["damaged_stream", "good_frame"]

Items = list[Beat | Stop]


def good_frame(picture: npt.NDArray[np.uint8]) -> list[Beat]:
    """The pixels of a frame, uint8 (height, width), with the marks that belong to them."""
    height, width = picture.shape
    return [
        Beat(int(picture[y, x]), x == y == 0, x == width - 1, width, height)
        for y, x in np.ndindex(height, width)
    ]


def damaged_stream(rng: np.random.Generator, max_width: int, max_height: int) -> Items:
    """Up to five frames, most of them damaged in one way or several, and a stop at the end."""
    stream: Items = []
    for _ in range(rng.integers(1, 6)):
        height, width = rng.integers(1, max_height + 1), rng.integers(1, max_width + 1)
        frame: Items = [*good_frame(rng.integers(0, 256, (height, width), np.uint8))]
        for _ in range(rng.choice([0, 1, 1, 2, 3])):
            _damage(rng, frame, max_width)
        stream += frame
    if not any(isinstance(item, Beat) for item in stream):
        stream.append(Beat(0, True, False, 1, 1))
    return [*stream, STOP]


def _damage(rng: np.random.Generator, frame: Items, max_width: int) -> None:
    """Do one thing to a frame that no source should."""
    if not frame:
        return
    kind = rng.choice(["lose", "repeat", "first", "last", "stuck", "cut", "stop", "size"])
    k = int(rng.integers(len(frame)))
    some = slice(k, k + int(rng.integers(1, 8)))
    beat = frame[k]
    if kind == "lose":
        del frame[some]
    elif kind == "repeat":
        frame[k:k] = frame[some]
    elif kind == "cut":
        del frame[k:]
    elif kind == "stop":
        frame.insert(k, STOP)
    elif kind == "stuck":
        value = bool(rng.integers(2))
        name = "last" if rng.integers(2) else "first"
        frame[some] = [_marked(item, name, value) for item in frame[some]]
    elif isinstance(beat, Beat):
        if kind == "size":
            beat = replace(beat, width=int(rng.choice([0, 1, max_width + 1])))
        else:
            beat = replace(beat, **{kind: not getattr(beat, kind)})
        frame[k] = beat


def _marked(item: Beat | Stop, name: str, value: bool) -> Beat | Stop:
    return item if isinstance(item, Stop) else replace(item, **{name: value})

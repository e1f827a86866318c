"""What becomes of a video stream whose marks disagree with its size: the rule of mending.

The specification of ``hw/video_in.py``, pixel by pixel. Every frame that begins also ends,
complete:

- A frame begins with a start mark whose size is possible. Pixels before it are dropped.
- A start mark directly behind another is the one that counts: a frame of more than one pixel
  begins only when the pixel behind its start mark has none. So a mark that is stuck, on every
  pixel, makes no frame of each.
- A line that ends too early is filled with its last pixel; pixels behind a full line are dropped
  until one has an end mark.
- A start mark inside a frame, or a source that stops, fills the rest of the frame with the last
  pixel taken. After a stop the next frame begins with the next start mark.

A frame with right marks is therefore exact, whatever came before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from lutscale.golden.validate import require_int

__all__ = ["STOP", "Beat", "Mended", "Stop", "mend"]


@dataclass(frozen=True)
class Beat:
    """One pixel of a video stream, with its marks.

    Attributes:
        pixel: 0..255; with several components as `golden.colour.pack` lays them out.
        first, last: the start mark of a frame (tuser) and the end mark of a line (tlast).
        width, height: what the source says of the frame's size beside it.
    """

    pixel: int
    first: bool
    last: bool
    width: int
    height: int


@dataclass(frozen=True)
class Stop:
    """A source that gives nothing for so long that the hardware's patience ends."""


STOP = Stop()


@dataclass
class Mended:
    """What comes of a stream.

    Attributes:
        frames: (height, width) each, in order, uint8 or of the type asked for; one that the
            stream's end cut is missing.
        malformed: whether anything was filled or dropped. What comes before the first start mark
            is no fault: a source may be running already.
    """

    frames: list[npt.NDArray[Any]] = field(default_factory=list)
    malformed: bool = False


def mend(
    stream: Sequence[Beat | Stop],
    *,
    max_width: int,
    max_height: int,
    multiple: tuple[int, int] = (1, 1),
    dtype: npt.DTypeLike = np.uint8,
) -> Mended:
    """The frames that come of a stream.

    Args:
        stream: pixels in order, and stops between them.
        max_width, max_height: the largest frame that is possible.
        multiple: of which width and height must be multiples.
        dtype: of the frames.

    Raises:
        TypeError, ValueError: "X must be ..., not ...".
    """
    require_int("max_width", max_width, 1, 1 << 14)
    require_int("max_height", max_height, 1, 1 << 14)
    mended = Mended()
    begun = False
    k = 0
    while k < len(stream):
        beat = stream[k]
        if isinstance(beat, Stop):
            k += 1
            continue
        fits = 1 <= beat.width <= max_width and 1 <= beat.height <= max_height
        fits &= beat.width % multiple[0] == 0 and beat.height % multiple[1] == 0
        if not beat.first or not fits:
            mended.malformed |= begun or beat.first
            k += 1
            continue
        single = beat.width == beat.height == 1
        if not single and k + 1 == len(stream):
            break
        if not single and _is_start(stream[k + 1]):
            mended.malformed = True
            k += 1
            continue
        begun = True
        frame = _Frame(stream, k, dtype)
        complete = frame.read()
        mended.malformed |= frame.malformed
        if complete:
            mended.frames.append(frame.pixels)
        k = frame.place
    return mended


def _is_start(item: Beat | Stop) -> bool:
    return isinstance(item, Beat) and item.first


class _Frame:
    """One frame as it is read from a stream."""

    def __init__(self, stream: Sequence[Beat | Stop], place: int, dtype: npt.DTypeLike) -> None:
        start = stream[place]
        assert isinstance(start, Beat)
        self.stream, self.place = stream, place
        self.pixels = np.zeros((start.height, start.width), dtype)
        self.malformed = False
        self._pixel = start.pixel

    def read(self) -> bool:
        """Read all lines; whether the stream lasted so long."""
        height, width = self.pixels.shape
        given_up = False
        for y in range(height):
            ended = False
            for x in range(width):
                if not ended and not given_up:
                    if self.place == len(self.stream):
                        return False
                    beat = self._next(fresh=x == y == 0)
                    given_up = beat is None
                    if beat is not None:
                        self._pixel, ended = beat.pixel, beat.last
                        self.malformed |= beat.last != (x == width - 1)
                self.malformed |= given_up
                self.pixels[y, x] = self._pixel
            while not ended and not given_up and y < height - 1 and self.place < len(self.stream):
                beat = self._next()
                given_up, ended = beat is None, beat is not None and beat.last
        return True

    def _next(self, fresh: bool = False) -> Beat | None:
        """The next pixel, taken; None for what ends the frame too early, left where it is.

        Args:
            fresh: the frame's own start mark is next.
        """
        item = self.stream[self.place]
        if isinstance(item, Stop) or (item.first and not fresh):
            return None
        self.place += 1
        return item

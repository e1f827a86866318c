"""A picture as the frames that go through a pipeline, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lutscale.golden.colour import from_rgb, pack, run_colour, to_rgb, unpack
from lutscale.hw.pipeline import Pipeline

__all__ = ["frames_of", "picture_of"]

Picture = npt.NDArray[np.uint8]
Frame = npt.NDArray[Any]

_FRAMES = 3


def frames_of(pipeline: Pipeline, picture: Picture) -> tuple[list[Frame], list[Frame], int]:
    """What is sent, what golden makes of it, and how many frames make a picture.

    Three colour planes; or, where the build has a colour, the picture three times as a stream.

    Args:
        picture: uint8 (height, width, 3).

    Raises:
        ValueError: a side that must be even for the colour is not.
    """
    program, colour = pipeline.program, pipeline.build.colour
    if colour is None:
        planes = [np.ascontiguousarray(picture[..., c]) for c in range(picture.shape[-1])]
        return [*planes], [program.run(plane) for plane in planes], len(planes)
    components = from_rgb(picture, colour)
    made = pack(run_colour(program, components, colour), colour)
    return [pack(components, colour)] * _FRAMES, [made] * _FRAMES, 1


def picture_of(pipeline: Pipeline, frames: Sequence[Frame], height: int, width: int) -> Picture:
    """The picture that came out; 0 where frames are missing.

    Args:
        frames: in order, as many as came.
        height, width: of the picture.
    """
    colour = pipeline.build.colour
    if colour is None:
        planes = np.zeros((3, height, width), np.uint8)
        for c, plane in enumerate(frames[:3]):
            planes[c] = plane
        return planes.transpose(1, 2, 0)
    words = frames[0] if frames else np.zeros((height, width), np.uint32)
    return to_rgb(unpack(words, colour), colour)

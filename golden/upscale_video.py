"""Enlarge raw video, each plane of each frame as a frame of the one-plane core."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import chain
from typing import BinaryIO

from tqdm import tqdm

from lutscale.golden.bands import cores
from lutscale.golden.colour import Colour, enlarge_chroma
from lutscale.golden.colour.run import check_program
from lutscale.golden.errors import InputError
from lutscale.golden.pictures.y4m import CHROMA, VideoFrame, VideoHeader, read_frames, read_header
from lutscale.golden.program import Program
from lutscale.golden.validate import require_choice

__all__ = ["WAYS", "colour_of", "enlarge_frame", "upscale_video"]

WAYS = ("program", "bilinear")
"""How chroma is enlarged: by the program like luma, or as `golden.colour` does."""

_FORMATS = {(2, 2): "ycbcr420", (2, 1): "ycbcr422", (1, 1): "ycbcr444"}


def colour_of(header: VideoHeader) -> Colour:
    """The colour of a stream with chroma, as far as its layout tells."""
    shared = CHROMA[header.chroma]
    assert shared is not None
    siting = "centre" if header.chroma in ("420", "420jpeg") else "left"
    return Colour(_FORMATS[shared], siting=siting)


def enlarge_frame(
    program: Program, header: VideoHeader, frame: VideoFrame, chroma: str = WAYS[0]
) -> VideoFrame:
    """A frame with every plane enlarged, each by the program's factor.

    Where a side of the picture is odd, its last chroma sample reaches beyond it; what becomes of
    that part is cut off.

    Args:
        header: of the frame, not of the result.
        chroma: one of `WAYS`.
    """
    shapes = header.enlarged(program.scale).shapes
    luma, *others = frame.planes
    planes = [program.run(luma, threads=1)]
    if chroma == "bilinear" and others:
        colour = colour_of(header)
        planes += [enlarge_chroma(plane, program.scale, colour) for plane in others]
    else:
        planes += [program.run(plane, threads=1) for plane in others]
    cut = (plane[:h, :w] for plane, (h, w) in zip(planes, shapes, strict=True))
    return VideoFrame(frame.fields, tuple(cut))


def upscale_video(
    program: Program, source: BinaryIO, target: BinaryIO, name: str, chroma: str = WAYS[0]
) -> tuple[VideoHeader, int]:
    """Enlarge a YUV4MPEG2 stream into another, frame by frame, on all cores.

    No more frames than there are cores, and one, are held at a time. The header goes out with the
    first frame, so that a stream without one leaves nothing.

    Args:
        name: the source's, for messages.
        chroma: one of `WAYS`.

    Returns:
        the header that was read, and the number of frames.

    Raises:
        InputError: the stream is none that can be read, or holds no frame; frames before the one
            that is wrong are written.
        OSError: the target takes no more.
        ValueError: the program does not enlarge, and chroma shall be bilinear.
    """
    if require_choice("chroma", chroma, WAYS) == "bilinear":
        check_program(program)
    header = read_header(source, name)
    frames = read_frames(source, header, name)
    first = next(frames, None)
    if first is None:
        raise InputError(f"{name}: must hold at least one frame, not the header alone")
    count = 0
    enlarge = partial(enlarge_frame, program, header, chroma=chroma)
    results = _in_order(enlarge, chain([first], frames))
    for frame in tqdm(results, desc=program.name, unit="frame", leave=False, disable=None):
        if not count:
            header.enlarged(program.scale).write(target)
        frame.write(target)
        # A player at the other end waits for it.
        target.flush()
        count += 1
    return header, count


def _in_order(
    enlarge: Callable[[VideoFrame], VideoFrame], frames: Iterator[VideoFrame]
) -> Iterator[VideoFrame]:
    """The results in the order of the frames, several computed at the same time.

    When reading fails, the results of the frames before come first.
    """
    running: deque[Future[VideoFrame]] = deque()
    more, problem = True, None
    with ThreadPoolExecutor(cores()) as pool:
        try:
            while more or running:
                if not more or len(running) > cores():
                    yield running.popleft().result()
                    continue
                try:
                    running.append(pool.submit(enlarge, next(frames)))
                except StopIteration:
                    more = False
                except InputError as error:
                    more, problem = False, error
        finally:
            # Of a target that takes no more, say: nobody waits for these.
            for future in running:
                future.cancel()
    if problem is not None:
        raise problem

"""Enlarge raw video, each plane of each frame as a frame of the one-plane core."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import chain
from typing import BinaryIO

from tqdm import tqdm

from lutscale.golden.bands import cores
from lutscale.golden.errors import InputError
from lutscale.golden.pictures.y4m import VideoFrame, VideoHeader, read_frames, read_header
from lutscale.golden.program import Program

__all__ = ["enlarge_frame", "upscale_video"]


def enlarge_frame(program: Program, header: VideoHeader, frame: VideoFrame) -> VideoFrame:
    """A frame with every plane enlarged.

    Luma and chroma take the same program, so that the chroma planes keep their share of the size.
    Where a side of the picture is odd, its last chroma sample reaches beyond it; what becomes of
    that part is cut off.

    Args:
        header: of the frame, not of the result.
    """
    shapes = header.enlarged(program.scale).shapes
    planes = (program.run(plane, threads=1) for plane in frame.planes)
    cut = (plane[:h, :w] for plane, (h, w) in zip(planes, shapes, strict=True))
    return VideoFrame(frame.fields, tuple(cut))


def upscale_video(
    program: Program, source: BinaryIO, target: BinaryIO, name: str
) -> tuple[VideoHeader, int]:
    """Enlarge a YUV4MPEG2 stream into another, frame by frame, on all cores.

    No more frames than there are cores, and one, are held at a time. The header goes out with the
    first frame, so that a stream without one leaves nothing.

    Args:
        name: the source's, for messages.

    Returns:
        the header that was read, and the number of frames.

    Raises:
        InputError: the stream is none that can be read, or holds no frame; frames before the one
            that is wrong are written.
        OSError: the target takes no more.
    """
    header = read_header(source, name)
    frames = read_frames(source, header, name)
    first = next(frames, None)
    if first is None:
        raise InputError(f"{name}: must hold at least one frame, not the header alone")
    count = 0
    results = _in_order(program, header, chain([first], frames))
    for frame in tqdm(results, desc=program.name, unit="frame", leave=False, disable=None):
        if not count:
            header.enlarged(program.scale).write(target)
        frame.write(target)
        # A player at the other end waits for it.
        target.flush()
        count += 1
    return header, count


def _in_order(
    program: Program, header: VideoHeader, frames: Iterator[VideoFrame]
) -> Iterator[VideoFrame]:
    """The results in the order of the frames, several computed at the same time.

    When reading fails, the results of the frames before come first.
    """
    enlarge = partial(enlarge_frame, program, header)
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

"""Raw video: headers and frames in and out, and what is refused."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest

from lutscale.golden.errors import InputError
from lutscale.golden.pictures.y4m import (
    CHROMA,
    VideoFrame,
    VideoHeader,
    read_frames,
    read_header,
)

PLAIN = b"YUV4MPEG2 W4 H2 F25:1\n"


def header(line: bytes) -> VideoHeader:
    return read_header(BytesIO(line), "clip")


def test_what_is_read_is_written_again() -> None:
    line = b"YUV4MPEG2 W6 H4 F30000:1001 Ip A8:9 C422 XYSCSS=422 XCOLORRANGE=LIMITED\n"
    frames = b"".join(b"FRAME Xtake" + b"%d\n" % k + bytes(range(k, k + 48)) for k in range(3))
    source, copy = BytesIO(line + frames), BytesIO()
    found = read_header(source, "clip")
    found.write(copy)
    for frame in read_frames(source, found, "clip"):
        frame.write(copy)
    assert copy.getvalue() == line + frames


SHAPES = {
    "420": (2, 3),
    "420jpeg": (2, 3),
    "420mpeg2": (2, 3),
    "420paldv": (2, 3),
    "422": (3, 3),
    "444": (3, 5),
    "mono": None,
}
"""(height, width) of the chroma planes of 5x3 pixels."""


@pytest.mark.parametrize("chroma", CHROMA)
def test_planes_of_each_layout(chroma: str) -> None:
    shape = SHAPES[chroma]
    found = header(f"YUV4MPEG2 H3 W5 C{chroma}\n".encode())
    shapes = [(3, 5)] if shape is None else [(3, 5), shape, shape]
    assert list(found.shapes) == shapes
    numbers = bytes(range(sum(height * width for height, width in shapes)))
    (frame,) = read_frames(BytesIO(b"FRAME\n" + numbers), found, "clip")
    assert [plane.shape for plane in frame.planes] == shapes
    # One plane after the other, each row by row.
    assert b"".join(plane.tobytes() for plane in frame.planes) == numbers


def test_a_larger_header_keeps_every_other_field() -> None:
    found = header(b"YUV4MPEG2 W5 H3 F25:1 I? A1:1 C420paldv XCOLORRANGE=FULL\n")
    large, out = found.enlarged(4), BytesIO()
    assert large.shapes == ((12, 20), (6, 10), (6, 10))
    large.write(out)
    assert out.getvalue() == b"YUV4MPEG2 W20 H12 F25:1 I? A1:1 C420paldv XCOLORRANGE=FULL\n"


def test_layouts_without_their_own_field() -> None:
    assert header(PLAIN).chroma == "420jpeg"
    assert header(b"YUV4MPEG2 W4 H2 XYSCSS=444\n").chroma == "444"
    assert header(b"YUV4MPEG2 W4 H2 XYSCSS=420MPEG2 C422\n").chroma == "422"


def test_planes_need_not_lie_in_one_piece() -> None:
    out = BytesIO()
    VideoFrame((), (np.arange(12, dtype=np.uint8).reshape(3, 4)[:2, :3],)).write(out)
    assert out.getvalue() == b"FRAME\n\0\1\2\4\5\6"


BAD_HEADERS = [
    (b"", "must begin with YUV4MPEG2 (ffmpeg -f yuv4mpegpipe), not nothing"),
    (b"\x89PNG\r\n\x1a\n0000", "must begin with YUV4MPEG2 (ffmpeg -f yuv4mpegpipe), not '\\x89PNG"),
    (b"YUV4MPEG2 W4 H2", "header: must be a line that ends, not one cut off"),
    (b"YUV4MPEG2 X" + b"a" * 2000 + b"\n", "header: must be a line that ends, not one longer than"),
    (b"YUV4MPEG2 W4 H2 X\xff\n", "header: must be ASCII, not"),
    (b"YUV4MPEG23 W4 H2\n", "header: must have a space in front of its fields, not '3 W4 H2'"),
    (b"YUV4MPEG2 H2\n", "header must have a width, but has none"),
    (b"YUV4MPEG2 W4\n", "header must have a height, but has none"),
    (b"YUV4MPEG2 W4 H2 W5\n", "header must have one field W, not several"),
    (b"YUV4MPEG2 W0 H2\n", "width must be 1 to 8,192 pixels, not '0'"),
    (b"YUV4MPEG2 W4 H-2\n", "height must be 1 to 8,192 pixels, not '-2'"),
    (b"YUV4MPEG2 W4 H" + b"9" * 500 + b"\n", "height must be 1 to 8,192 pixels, not '999"),
    (b"YUV4MPEG2 W4 H2 Q7\n", "header fields must begin with one of W H F I A C X, not 'Q7'"),
    (b"YUV4MPEG2 W4 H2 F25\n", "frame rate must be two numbers, as in 25:1, not '25'"),
    (b"YUV4MPEG2 W4 H2 A1:x\n", "pixel aspect must be two numbers, as in 25:1, not '1:x'"),
    (b"YUV4MPEG2 W4 H2 It\n", "video must be progressive (Ip), not interlaced, top field first"),
    (b"YUV4MPEG2 W4 H2 Ib\n", "video must be progressive (Ip), not interlaced, bottom field"),
    (b"YUV4MPEG2 W4 H2 Im\n", "video must be progressive (Ip), not of mixed scan"),
    (b"YUV4MPEG2 W4 H2 Iz\n", "video must be progressive (Ip), not of scan 'z'"),
    (b"YUV4MPEG2 W4 H2 C420p10\n", "420paldv, 422, 444, mono, 8 bits a sample, not '420p10'"),
    (b"YUV4MPEG2 W4 H2 C411\n", "8 bits a sample, not '411'"),
    (b"YUV4MPEG2 W4 H2 C444alpha\n", "8 bits a sample, not '444alpha'"),
]


@pytest.mark.parametrize(("line", "says"), BAD_HEADERS)
def test_headers_that_are_refused(line: bytes, says: str) -> None:
    with pytest.raises(InputError) as caught:
        header(line)
    text = str(caught.value)
    assert text.startswith("clip: ")
    assert says in text
    assert text.isprintable()
    assert len(text) < 200


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (b"F", "clip: frame 1: must begin with FRAME, not 'F'"),
        (b"frame\n", "clip: frame 1: must begin with FRAME, not 'frame'"),
        (b"FRAME", "clip: frame 1: must be a line that ends, not one cut off"),
        (b"FRAMES\n", "clip: frame 1: must have a space in front of its fields, not 'S'"),
        (b"FRAME It1p\n", "clip: frame 1: must be progressive, not of its own scan 'It1p'"),
        (b"FRAME Q\n", "clip: frame 1: fields must be comments (X...), not 'Q'"),
        (b"FRAME\n" + bytes(11), "clip: frame 1: must have 12 bytes, but ends after 11"),
        (b"FRAME\n", "clip: frame 1: must have 12 bytes, but ends after 0"),
    ],
)
def test_frames_that_are_refused(more: bytes, says: str) -> None:
    frames = read_frames(BytesIO(b"FRAME\n" + bytes(12) + more), header(PLAIN), "clip")
    next(frames)
    with pytest.raises(InputError) as caught:
        next(frames)
    assert str(caught.value) == says

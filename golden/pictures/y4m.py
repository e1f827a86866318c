"""Raw video as YUV4MPEG2 (.y4m), which ffmpeg and mjpegtools pipe: 8 bits, progressive.

After the manual page yuv4mpeg(5) of mjpegtools and ffmpeg's reader and writer. A stream is a line
of header, then for each frame a line ``FRAME`` and the planes Y, Cb and Cr, row by row. Libraries
on PyPI are not kept up, or drop fields of the header; what is needed of the format is small.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from lutscale.golden.errors import InputError, printable

__all__ = ["CHROMA", "MOST_PIXELS", "VideoFrame", "VideoHeader", "read_frames", "read_header"]

Plane = npt.NDArray[np.uint8]

CHROMA = {
    "420": (2, 2),
    "420jpeg": (2, 2),
    "420mpeg2": (2, 2),
    "420paldv": (2, 2),
    "422": (2, 1),
    "444": (1, 1),
    "mono": None,
}
"""How many pixels across and down share a chroma sample, by name; None: there is no chroma."""

MOST_PIXELS = 8192
"""The greatest width and height that is read."""

_MAGIC = b"YUV4MPEG2"
_LONGEST = 1024  # bytes of a line; mjpegtools stops at 256
_DEFAULT = "420jpeg"
_PROGRESSIVE = ("p", "?")


class VideoFrame(NamedTuple):
    """A frame of a stream.

    Attributes:
        fields: what its line says behind ``FRAME``: comments (``X...``) only.
        planes: uint8 (height, width) of Y, Cb and Cr, or of Y alone.
    """

    fields: tuple[str, ...]
    planes: tuple[Plane, ...]

    def write(self, stream: BinaryIO) -> None:
        """Write the frame; OSError where the stream takes no more."""
        stream.write(" ".join(("FRAME", *self.fields)).encode() + b"\n")
        for plane in self.planes:
            stream.write(np.ascontiguousarray(plane).data)


@dataclass(frozen=True)
class VideoHeader:
    """What the first line of a stream says.

    Attributes:
        width, height: of the luma plane in pixels, 1 to `MOST_PIXELS`.
        chroma: one of `CHROMA`.
        fields: all other fields in their order, letters included: frame rate ``F``, pixel aspect
            ``A``, ``Ip`` or ``I?``, comments ``X`` (colour range among them), and ``C`` unless
            the stream had none.
    """

    width: int
    height: int
    chroma: str
    fields: tuple[str, ...] = ()

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """(height, width) of each plane; a chroma sample at an odd edge stands for fewer pixels."""
        luma, shared = (self.height, self.width), CHROMA[self.chroma]
        if shared is None:
            return (luma,)
        chroma = (-(-self.height // shared[1]), -(-self.width // shared[0]))
        return (luma, chroma, chroma)

    def enlarged(self, scale: int) -> VideoHeader:
        """The header of the same video with sides ``scale`` times as long."""
        return VideoHeader(self.width * scale, self.height * scale, self.chroma, self.fields)

    def write(self, stream: BinaryIO) -> None:
        """Write the line; OSError where the stream takes no more."""
        words = ("YUV4MPEG2", f"W{self.width}", f"H{self.height}", *self.fields)
        stream.write(" ".join(words).encode() + b"\n")


def read_header(stream: BinaryIO, name: str) -> VideoHeader:
    """The header of a stream that stands at its beginning.

    Args:
        name: the stream's, for messages.

    Raises:
        InputError: no YUV4MPEG2, a field that is missing, unknown or not understood, samples of
            more than 8 bits, interlaced frames, or a layout of chroma that is not in `CHROMA`.
    """
    # No line feed needs to come; and a picture or a film is told by its first bytes.
    start = stream.read(len(_MAGIC))
    if start != _MAGIC:
        found = printable(repr(start)[1:], 40) if start else "nothing"
        raise InputError(f"{name}: must begin with YUV4MPEG2 (ffmpeg -f yuv4mpegpipe), not {found}")
    found_fields: dict[str, str] = {}
    kept = []
    for field in _fields(_line(stream, f"{name}: header")):
        letter, value = field[0], field[1:]
        if letter not in "WHFIACX":
            raise InputError(
                f"{name}: header fields must begin with one of W H F I A C X, not {_show(field)}"
            )
        if letter == "X":
            # What ffmpeg wrote before it knew a tag C for all layouts.
            if value.startswith("YSCSS="):
                found_fields.setdefault("XYSCSS", value.removeprefix("YSCSS=").lower())
        elif letter in found_fields:
            raise InputError(f"{name}: header must have one field {letter}, not several")
        else:
            found_fields[letter] = value
        if letter not in "WH":
            kept.append(field)
    _check_scan(name, found_fields.get("I", "?"))
    for letter, what in (("F", "frame rate"), ("A", "pixel aspect")):
        if letter in found_fields:
            _check_ratio(name, what, found_fields[letter])
    width, height = (
        _size(name, word, found_fields.get(word[0].upper())) for word in ("width", "height")
    )
    chroma = found_fields.get("C", found_fields.get("XYSCSS", _DEFAULT))
    if chroma not in CHROMA:
        raise InputError(
            f"{name}: chroma must be one of {', '.join(CHROMA)}, 8 bits a sample, not "
            f"{_show(chroma)} (ffmpeg -pix_fmt yuv420p)"
        )
    return VideoHeader(width, height, chroma, tuple(kept))


def read_frames(stream: BinaryIO, header: VideoHeader, name: str) -> Iterator[VideoFrame]:
    """The frames that follow a header, one after the other, none kept.

    Args:
        name: the stream's, for messages.

    Raises:
        InputError: a frame does not begin with ``FRAME``, has fields of its own but comments, or
            ends in the middle. The frames before it were given then.
    """
    number = 0
    while start := stream.read(5):
        where = f"{name}: frame {number}"
        if start != b"FRAME":
            raise InputError(f"{where}: must begin with FRAME, not {printable(repr(start)[1:])}")
        fields = _fields(_line(stream, where))
        for field in fields:
            if field[0] == "I":
                raise InputError(
                    f"{where}: must be progressive, not of its own scan {_show(field)}"
                )
            if field[0] != "X":
                raise InputError(f"{where}: fields must be comments (X...), not {_show(field)}")
        yield VideoFrame(tuple(fields), tuple(_planes(stream, header.shapes, where)))
        number += 1


def _planes(stream: BinaryIO, shapes: Sequence[tuple[int, int]], where: str) -> Iterator[Plane]:
    wanted = sum(height * width for height, width in shapes)
    held = 0
    for height, width in shapes:
        data = stream.read(height * width)
        held += len(data)
        if len(data) < height * width:
            raise InputError(f"{where}: must have {wanted:,} bytes, but ends after {held:,}")
        yield np.frombuffer(data, np.uint8).reshape(height, width)


def _line(stream: BinaryIO, where: str) -> str:
    """The rest of a line, without its end."""
    data = stream.readline(_LONGEST)
    if not data.endswith(b"\n"):
        problem = f"longer than {_LONGEST:,} bytes" if len(data) == _LONGEST else "cut off"
        raise InputError(f"{where}: must be a line that ends, not one {problem}")
    try:
        text = data[:-1].decode("ascii")
    except UnicodeDecodeError:
        raise InputError(f"{where}: must be ASCII, not {printable(repr(data)[1:], 40)}") from None
    if text and text[0] != " ":
        raise InputError(f"{where}: must have a space in front of its fields, not {_show(text)}")
    return text


def _fields(line: str) -> list[str]:
    return [field for field in line.split(" ") if field]


def _show(text: str) -> str:
    return printable(repr(text), 40)


def _check_scan(name: str, scan: str) -> None:
    if scan not in _PROGRESSIVE:
        kinds = {"t": "interlaced, top field first", "b": "interlaced, bottom field first"}
        found = kinds.get(scan, "of mixed scan" if scan == "m" else f"of scan {_show(scan)}")
        raise InputError(f"{name}: video must be progressive (Ip), not {found} (ffmpeg -vf bwdif)")


def _check_ratio(name: str, what: str, value: str) -> None:
    numbers = value.split(":")
    if len(numbers) != 2 or not all(n.isdigit() and len(n) < 11 for n in numbers):
        raise InputError(f"{name}: {what} must be two numbers, as in 25:1, not {_show(value)}")


def _size(name: str, what: str, value: str | None) -> int:
    if value is None:
        raise InputError(f"{name}: header must have a {what}, but has none")
    if not value.isdigit() or len(value) > 9 or not 1 <= int(value) <= MOST_PIXELS:
        raise InputError(f"{name}: {what} must be 1 to {MOST_PIXELS:,} pixels, not {_show(value)}")
    return int(value)

"""Frames, beats and the comparison that decides between pass and fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "Mismatch",
    "beats_of",
    "compare_beats",
    "component_bytes",
    "component_words",
    "planes_of",
    "read_hex",
    "write_frames",
]


# Value of each ASCII character as a hex digit; 16 for what is none, such as x.
_DIGIT_VALUES = np.full(256, 16, np.uint8)
for _value, _digit in enumerate(b"0123456789abcdef"):
    _DIGIT_VALUES[[_digit, ord(chr(_digit).upper())]] = _value


@dataclass(frozen=True)
class Mismatch:
    """One thing that differs; prints as frame, x, y, channel, expected, got."""

    frame: int
    x: int
    y: int
    channel: int
    expected: str
    got: str

    def __str__(self) -> str:
        return (
            f"frame {self.frame} x {self.x} y {self.y} channel {self.channel}: "
            f"expected {self.expected}, got {self.got}"
        )


def write_frames(frames: Sequence[npt.NDArray[np.unsignedinteger[Any]]], path: Path) -> None:
    """One pixel a line, hex, raster order, frame after frame."""
    text = "\n".join(f"{pixel:02x}" for frame in frames for pixel in frame.reshape(-1))
    path.write_text(text + "\n")


def component_bytes(words: npt.NDArray[np.uint32], components: int) -> npt.NDArray[np.uint8]:
    """Pixels of several components side by side: uint8 (height, width * components).

    Args:
        words: uint32 (height, width), as of `golden.colour.pack`.
    """
    found = np.ascontiguousarray(words, "<u4").view(np.uint8).reshape(*words.shape, 4)
    return found[..., :components].reshape(len(words), -1)


def component_words(found: npt.NDArray[np.uint8], components: int) -> npt.NDArray[np.uint32]:
    """The inverse of `component_bytes`."""
    pixels = found.reshape(len(found), -1, components)
    words = np.zeros(pixels.shape[:2], np.uint32)
    for k in range(components):
        words |= pixels[..., k].astype(np.uint32) << np.uint32(8 * k)
    return words


def _word_type(beat: int) -> Any:
    """What holds a beat of so many bytes: uint64, or Python's integers."""
    return np.uint64 if 9 * beat + 2 <= 64 else object


def _one(kind: Any, number: int) -> Any:
    return number if kind is object else kind(number)


def beats_of(frame: npt.NDArray[np.uint8], pixels_per_beat: int) -> npt.NDArray[Any]:
    """The beats that a frame must come out as, in the layout of lutscale_bench.v.

    Args:
        frame: uint8 (height, width).
        pixels_per_beat: bytes of a beat, where a pixel has several components.

    Returns:
        uint64 (beats,), or objects where a beat is longer: from the top tuser, tlast, tkeep,
        tdata; pixels not kept are 0.
    """
    height, width = frame.shape
    beat, kind = pixels_per_beat, _word_type(pixels_per_beat)
    count = -(-width // beat)
    padded = np.zeros((height, count * beat), np.uint8)
    padded[:, :width] = frame
    kept = np.zeros((height, count * beat), np.uint8)
    kept[:, :width] = 1
    words = np.zeros((height, count), kind)
    for lane in range(beat):
        words |= padded[:, lane::beat].astype(kind) << _one(kind, 8 * lane)
        words |= kept[:, lane::beat].astype(kind) << _one(kind, 8 * beat + lane)
    words[:, -1] |= _one(kind, 1 << (9 * beat))
    words[0, 0] |= _one(kind, 1 << (9 * beat + 1))
    return words.reshape(-1)


def read_hex(path: Path, count: int) -> npt.NDArray[Any]:
    """The first ``count`` words that $writememh wrote; fewer when the file has fewer.

    A word with unknown bits becomes a number that no beat has.

    Returns:
        uint64, or objects where a word has more digits.
    """
    lines = path.read_bytes().splitlines() if path.exists() else []
    words = [line.strip() for line in lines if line[:1] not in (b"/", b"@", b"")][:count]
    if not words:
        return np.zeros(0, np.uint64)
    if len(words[0]) > 16:
        # Any unknown bit is a letter that is no digit.
        return np.array([_number(word) for word in words], object)
    digits = _DIGIT_VALUES[np.array(words).view(np.uint8).reshape(len(words), -1)]
    places = np.arange(digits.shape[1], dtype=np.uint64)[::-1] * np.uint64(4)
    values = (digits.astype(np.uint64) << places).sum(axis=1, dtype=np.uint64)
    values[(digits > 15).any(axis=1)] = np.iinfo(np.uint64).max
    return values


def _number(word: bytes) -> int:
    try:
        return int(word, 16)
    except ValueError:
        return (1 << (4 * len(word))) - 1


def planes_of(
    beats: npt.NDArray[Any], height: int, width: int, pixels_per_beat: int
) -> list[npt.NDArray[np.uint8]]:
    """The whole planes (height, width) in ``beats``; what is missing at the end stays 0."""
    beat = pixels_per_beat
    count = -(-width // beat)
    size = height * count
    planes = -(-len(beats) // size)
    kind = _word_type(beat)
    padded = np.zeros(planes * size, kind)
    padded[: len(beats)] = beats
    byte = _one(kind, 0xFF)
    lanes = [(padded >> _one(kind, 8 * k) & byte).astype(np.uint8) for k in range(beat)]
    pixels = np.stack(lanes, axis=-1).reshape(planes, height, count * beat)
    return list(pixels[:, :, :width])


def compare_beats(
    expected: Sequence[npt.NDArray[np.uint8]],
    got: npt.NDArray[Any],
    pixels_per_beat: int,
    *,
    channels: int = 1,
    components: int = 1,
) -> list[Mismatch]:
    """All beats that differ from the frames expected, in order; missing ones differ too.

    Args:
        expected: planes in the order they were sent; plane n is frame n // channels.
        got: beats, as `beats_of` lays them out.
        pixels_per_beat: as there.
        components: bytes of a pixel.
    """
    mismatches: list[Mismatch] = []
    start = 0
    beat = pixels_per_beat
    mask = (1 << (8 * beat)) - 1
    for n, frame in enumerate(expected):
        want = beats_of(frame, beat)
        have = got[start : start + len(want)]
        start += len(want)
        kind = _word_type(beat)
        lane_bits = np.zeros(len(have), kind)
        for lane in range(beat):
            kept = (want[: len(have)] >> _one(kind, 8 * beat + lane)) & _one(kind, 1)
            lane_bits |= (kept * _one(kind, 0xFF)) << _one(kind, 8 * lane)
        care = lane_bits | ~_one(kind, mask)
        differs = np.flatnonzero((have ^ want[: len(have)]) & care).tolist()
        differs += range(len(have), len(want))
        per_line = len(want) // frame.shape[0]
        for k in differs:
            y, column = divmod(k, per_line)
            place = (n // channels, column * beat // components, y, n % channels)
            given = _describe(int(have[k]), beat) if k < len(have) else "no beat"
            mismatches.append(Mismatch(*place, _describe(int(want[k]), beat), given))
    if len(got) > start:
        extra = _describe(int(got[start]), beat)
        mismatches.append(Mismatch(len(expected) // channels, 0, 0, 0, "no beat", extra))
    return mismatches


def _describe(word: int, beat: int) -> str:
    """Pixels of a beat in order, and its marks."""
    keep = word >> (8 * beat)
    pixels = [str(word >> (8 * k) & 0xFF) for k in range(beat) if keep >> k & 1]
    marks = [name for bit, name in ((beat + 1, "tuser"), (beat, "tlast")) if keep >> bit & 1]
    return " ".join([",".join(pixels) or "no pixel", *marks])

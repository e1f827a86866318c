"""Frames, beats and the comparison that decides between pass and fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = ["Mismatch", "beats_of", "compare_beats", "planes_of", "read_hex", "write_frames"]


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


def write_frames(frames: Sequence[npt.NDArray[np.uint8]], path: Path) -> None:
    """One pixel a line, hex, raster order, frame after frame."""
    text = "\n".join(f"{pixel:02x}" for frame in frames for pixel in frame.reshape(-1))
    path.write_text(text + "\n")


def beats_of(frame: npt.NDArray[np.uint8], pixels_per_beat: int) -> npt.NDArray[np.uint64]:
    """The beats that a frame must come out as, in the layout of lutscale_bench.v.

    Args:
        frame: uint8 (height, width).

    Returns:
        uint64 (beats,): from the top tuser, tlast, tkeep, tdata; pixels not kept are 0.
    """
    height, width = frame.shape
    beat = pixels_per_beat
    count = -(-width // beat)
    padded = np.zeros((height, count * beat), np.uint64)
    padded[:, :width] = frame
    kept = np.zeros((height, count * beat), np.uint64)
    kept[:, :width] = 1
    lanes = np.arange(beat, dtype=np.uint64)
    words = (padded.reshape(height, count, beat) << (8 * lanes)).sum(-1, dtype=np.uint64)
    keep = (kept.reshape(height, count, beat) << lanes).sum(-1, dtype=np.uint64)
    words |= keep << np.uint64(8 * beat)
    words[:, -1] |= np.uint64(1 << (9 * beat))
    words[0, 0] |= np.uint64(1 << (9 * beat + 1))
    return words.reshape(-1)


def read_hex(path: Path, count: int) -> npt.NDArray[np.uint64]:
    """The first ``count`` words that $writememh wrote; fewer when the file has fewer.

    A word with unknown bits becomes a number that no beat has.
    """
    lines = path.read_bytes().splitlines() if path.exists() else []
    words = [line.strip() for line in lines if line[:1] not in (b"/", b"@", b"")][:count]
    if not words:
        return np.zeros(0, np.uint64)
    digits = _DIGIT_VALUES[np.array(words).view(np.uint8).reshape(len(words), -1)]
    places = np.arange(digits.shape[1], dtype=np.uint64)[::-1] * np.uint64(4)
    values = (digits.astype(np.uint64) << places).sum(axis=1, dtype=np.uint64)
    values[(digits > 15).any(axis=1)] = np.iinfo(np.uint64).max
    return values


def planes_of(
    beats: npt.NDArray[np.uint64], height: int, width: int, pixels_per_beat: int
) -> list[npt.NDArray[np.uint8]]:
    """The whole planes (height, width) in ``beats``; what is missing at the end stays 0."""
    beat = pixels_per_beat
    count = -(-width // beat)
    size = height * count
    planes = -(-len(beats) // size)
    padded = np.zeros(planes * size, np.uint64)
    padded[: len(beats)] = beats
    lanes = [(padded >> np.uint64(8 * k) & np.uint64(0xFF)).astype(np.uint8) for k in range(beat)]
    pixels = np.stack(lanes, axis=-1).reshape(planes, height, count * beat)
    return list(pixels[:, :, :width])


def compare_beats(
    expected: Sequence[npt.NDArray[np.uint8]],
    got: npt.NDArray[np.uint64],
    pixels_per_beat: int,
    *,
    channels: int = 1,
) -> list[Mismatch]:
    """All beats that differ from the frames expected, in order; missing ones differ too.

    Args:
        expected: planes in the order they were sent; plane n is frame n // channels.
        got: beats, as `beats_of` lays them out.
    """
    mismatches: list[Mismatch] = []
    start = 0
    beat = pixels_per_beat
    mask = (1 << (8 * beat)) - 1
    for n, frame in enumerate(expected):
        want = beats_of(frame, beat)
        have = got[start : start + len(want)]
        start += len(want)
        lane_bits = np.zeros(len(have), np.uint64)
        for lane in range(beat):
            kept = (want[: len(have)] >> np.uint64(8 * beat + lane)) & np.uint64(1)
            lane_bits |= (kept * np.uint64(0xFF)) << np.uint64(8 * lane)
        care = lane_bits | ~np.uint64(mask)
        differs = np.flatnonzero((have ^ want[: len(have)]) & care).tolist()
        differs += range(len(have), len(want))
        per_line = len(want) // frame.shape[0]
        for k in differs:
            y, column = divmod(k, per_line)
            place = (n // channels, column * beat, y, n % channels)
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

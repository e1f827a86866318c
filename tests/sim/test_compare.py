"""Beats, planes and the comparison: every kind of difference must show, and where."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from lutscale.sim.compare import beats_of, compare_beats, planes_of, read_hex, write_frames
from tests.support.random_programs import example_frame

SIZES = ((1, 1), (1, 4), (3, 5), (4, 8), (5, 2), (2, 7))


def difference(
    expected: list[npt.NDArray[np.uint8]], got: npt.NDArray[np.uint64], beat: int, channels: int = 1
) -> list[str]:
    return [str(line) for line in compare_beats(expected, got, beat, channels=channels)]


def test_beats_of_one_pixel_a_beat() -> None:
    beats = beats_of(np.array([[1, 2], [3, 4]], np.uint8), 1)
    tuser, tlast, tkeep = 1 << 10, 1 << 9, 1 << 8
    assert beats.tolist() == [tuser | tkeep | 1, tlast | tkeep | 2, tkeep | 3, tlast | tkeep | 4]


def test_beats_of_partial_last_beats() -> None:
    beats = beats_of(np.array([[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]], np.uint8), 4)
    assert [f"{beat:010x}" for beat in beats.tolist()] == [
        "2f04030201",
        "1100000005",
        "0f09080706",
        "110000000a",
    ]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("beat", [1, 2, 4])
def test_planes_of_undoes_beats_of(size: tuple[int, int], beat: int) -> None:
    frames = [example_frame(seed, *size) for seed in range(3)]
    beats = np.concatenate([beats_of(frame, beat) for frame in frames])
    planes = planes_of(beats, *size, beat)
    np.testing.assert_array_equal(planes, frames)


def test_planes_of_missing_beats_are_zero() -> None:
    frame = np.full((2, 4), 9, np.uint8)
    planes = planes_of(beats_of(frame, 2)[:3], 2, 4, 2)
    np.testing.assert_array_equal(planes, [[[9, 9, 9, 9], [9, 9, 0, 0]]])
    assert planes_of(np.zeros(0, np.uint64), 2, 4, 2) == []


@pytest.mark.parametrize("beat", [1, 2, 4])
def test_equal_frames_have_no_mismatch(beat: int) -> None:
    frames = [example_frame(seed, *size) for seed, size in enumerate(SIZES)]
    got = np.concatenate([beats_of(frame, beat) for frame in frames])
    assert difference(frames, got, beat) == []


def test_pixels_not_kept_may_be_anything() -> None:
    frame = example_frame(1, 2, 5)
    got = beats_of(frame, 4)
    got[1] |= np.uint64(0xABCDEF00)
    assert difference([frame], got, 4) == []


@pytest.mark.parametrize("beat", [1, 2, 4])
def test_each_flipped_bit_is_found_where_it_is(beat: int) -> None:
    frame = example_frame(2, 3, 5)
    right = beats_of(frame, beat)
    per_line = -(-5 // beat)
    for k in range(len(right)):
        kept = int(right[k]) >> (8 * beat) & ((1 << beat) - 1)
        for bit in range(9 * beat + 2):
            got = right.copy()
            got[k] ^= np.uint64(1 << bit)
            matters = bit >= 8 * beat or kept >> (bit // 8) & 1
            lines = difference([frame], got, beat)
            assert len(lines) == int(matters)
            if matters:
                y, column = divmod(k, per_line)
                place = f"frame 0 x {column * beat} y {y} channel 0: expected "
                assert lines[0].startswith(place)


def test_text_of_a_flipped_bit() -> None:
    frame = np.array([[10, 20, 30], [40, 50, 60]], np.uint8)
    got = beats_of(frame, 2)
    got[3] ^= np.uint64(1)
    got[0] ^= np.uint64(1 << 19)
    assert difference([frame], got, 2) == [
        "frame 0 x 0 y 0 channel 0: expected 10,20 tuser, got 10,20",
        "frame 0 x 2 y 1 channel 0: expected 60 tlast, got 61 tlast",
    ]


def test_text_of_marks_and_of_no_pixel() -> None:
    frame = np.array([[10, 20]], np.uint8)
    got = beats_of(frame, 2) & np.uint64(0x4FFFF)
    assert difference([frame], got, 2) == [
        "frame 0 x 0 y 0 channel 0: expected 10,20 tuser tlast, got no pixel tlast"
    ]


def test_planes_count_channels_of_frames() -> None:
    planes = [example_frame(seed, 2, 4) for seed in range(6)]
    got = np.concatenate([beats_of(plane, 4) for plane in planes])
    got[4 * 2 + 1] ^= np.uint64(1)
    (line,) = difference(planes, got, 4, channels=3)
    assert line.startswith("frame 1 x 0 y 1 channel 1: expected ")


def test_missing_beats() -> None:
    frames = [example_frame(seed, 2, 4) for seed in range(2)]
    got = np.concatenate([beats_of(frame, 2) for frame in frames])[:-2]
    lines = difference(frames, got, 2)
    assert [line.split(":")[0] for line in lines] == [
        "frame 1 x 0 y 1 channel 0",
        "frame 1 x 2 y 1 channel 0",
    ]
    assert all(line.endswith(", got no beat") for line in lines)
    assert len(difference(frames, got[:0], 2)) == 8


def test_extra_beats() -> None:
    frame = np.array([[1, 2]], np.uint8)
    got = np.concatenate([beats_of(frame, 1), beats_of(frame, 1)])
    assert difference([frame], got, 1) == [
        "frame 1 x 0 y 0 channel 0: expected no beat, got 1 tuser"
    ]


def test_a_dropped_pixel_shows_from_there_on() -> None:
    frame = np.arange(12, dtype=np.uint8).reshape(3, 4)
    got = np.delete(beats_of(frame, 1), 5)
    lines = difference([frame], got, 1)
    assert lines[0] == "frame 0 x 1 y 1 channel 0: expected 5, got 6"
    assert lines[-1] == "frame 0 x 3 y 2 channel 0: expected 11 tlast, got no beat"
    assert len(lines) == 7


def test_read_hex(tmp_path: Path) -> None:
    dump = tmp_path / "beats.hex"
    unknown = (1 << 64) - 1
    dump.write_text("// 0x00000000\n@00000000\n10a\n0ff\n007\nxxx\n005\n")
    assert read_hex(dump, 5).tolist() == [0x10A, 0xFF, 7, unknown, 5]
    assert read_hex(dump, 2).tolist() == [0x10A, 0xFF]
    assert len(read_hex(dump, 9)) == 5
    assert len(read_hex(tmp_path / "none.hex", 9)) == 0


def test_write_frames(tmp_path: Path) -> None:
    frames = [np.array([[0, 255], [16, 1]], np.uint8), np.array([[7]], np.uint8)]
    write_frames(frames, tmp_path / "frames.hex")
    assert (tmp_path / "frames.hex").read_text() == "00\nff\n10\n01\n07\n"

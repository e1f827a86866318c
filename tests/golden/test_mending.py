"""The rule of mending: what it makes of single faults, and what holds for every stream."""

from __future__ import annotations

import numpy as np
import pytest

from lutscale.golden.mending import STOP, Beat, Mended, Stop, mend
from tests.support.random_streams import damaged_stream, good_frame

MAX_WIDTH, MAX_HEIGHT = 9, 6


def stream(text: str, width: int = 3, height: int = 2) -> list[Beat | Stop]:
    """Pixels 10, 11, ..., one a character: ``F`` first, ``L`` last, ``B`` both, ``.`` none;
    ``s`` is a stop."""
    items: list[Beat | Stop] = []
    for mark in text.replace(" ", ""):
        pixel = 10 + sum(isinstance(item, Beat) for item in items)
        beat = Beat(pixel, mark in "FB", mark in "LB", width, height)
        items.append(STOP if mark == "s" else beat)
    return items


def mended(items: list[Beat | Stop]) -> Mended:
    return mend(items, max_width=MAX_WIDTH, max_height=MAX_HEIGHT)


FAULTS = {
    "short line": ("FL ..L", [[[10, 11, 11], [12, 13, 14]]]),
    "first pixel is last": ("B ..L", [[[10, 10, 10], [11, 12, 13]]]),
    "long line": ("F...L ..L", [[[10, 11, 12], [15, 16, 17]]]),
    "no end at all": ("F..... s", [[[10, 11, 12], [12, 12, 12]]]),
    "start in a line": ("F. F.L ..L", [[[10, 11, 11], [11, 11, 11]], [[12, 13, 14], [15, 16, 17]]]),
    "start behind a line": (
        "F.L F.L ..L",
        [[[10, 11, 12], [12, 12, 12]], [[13, 14, 15], [16, 17, 18]]],
    ),
    "start behind a long line": (
        "F... F.L ..L",
        [[[10, 11, 12], [12, 12, 12]], [[14, 15, 16], [17, 18, 19]]],
    ),
    "start behind a start": ("F F.L ..L", [[[11, 12, 13], [14, 15, 16]]]),
    "start behind both marks": ("B F.L ..L", [[[11, 12, 13], [14, 15, 16]]]),
    "start on every pixel of a line": ("FFF ..L", [[[12, 13, 14], [14, 14, 14]]]),
    "stop in a line": ("F. s", [[[10, 11, 11], [11, 11, 11]]]),
    "stop behind the first pixel": ("F s", [[[10, 10, 10], [10, 10, 10]]]),
    "stop behind a line": ("F.L s", [[[10, 11, 12], [12, 12, 12]]]),
    "stop in a long line": ("F.. s L ..L", [[[10, 11, 12], [12, 12, 12]]]),
    "a source that goes on after its stop": (
        "F. s L ..L F.L ..L",
        [[[10, 11, 11], [11, 11, 11]], [[16, 17, 18], [19, 20, 21]]],
    ),
    "stop, then a start": ("F s F.L ..L", [[[10] * 3] * 2, [[11, 12, 13], [14, 15, 16]]]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_mended_as_written(fault: str) -> None:
    text, frames = FAULTS[fault]
    result = mended(stream(text + " s"))
    assert [frame.tolist() for frame in result.frames] == frames
    assert result.malformed


def test_starts_in_mid_frame_end_it_and_the_last_of_them_begins_one() -> None:
    result = mended(stream("F.L FFF ..L s"))
    assert [frame.tolist() for frame in result.frames] == [
        [[10, 11, 12], [12, 12, 12]],
        [[15, 16, 17], [17, 17, 17]],
    ]


def test_pixels_between_frames_are_dropped() -> None:
    result = mended(stream("F.L ..L .L. F.L ..L"))
    assert [frame.tolist() for frame in result.frames] == [
        [[10, 11, 12], [13, 14, 15]],
        [[19, 20, 21], [22, 23, 24]],
    ]


@pytest.mark.parametrize("text", ["F.L ..L", "F.L ..L s F.L ..L", ".. L ..L s F.L ..L", "s", ""])
def test_what_is_no_fault(text: str) -> None:
    result = mended(stream(text))
    assert not result.malformed
    assert len(result.frames) == text.count("F")


def test_a_start_mark_that_is_stuck_makes_no_frame_of_each_pixel() -> None:
    """Twelve pixels with a start mark each, where once there were twelve frames."""
    line = stream("F" * 12, 12, 8)
    good = stream("F..........L" + " ...........L" * 3, 12, 4)
    result = mend([*line, *good], max_width=12, max_height=8)
    assert [frame.shape for frame in result.frames] == [(4, 12)]
    assert result.malformed
    assert not mend(line, max_width=12, max_height=8).frames
    assert len(mend([*line, STOP], max_width=12, max_height=8).frames) == 1


def test_frames_of_one_pixel_have_a_start_mark_on_every_pixel() -> None:
    result = mended(stream("BBB", 1, 1))
    assert [frame.tolist() for frame in result.frames] == [[[10]], [[11]], [[12]]]
    assert not result.malformed


@pytest.mark.parametrize(("width", "height"), [(0, 2), (3, 0), (10, 2), (3, 7)])
def test_a_frame_of_impossible_size_is_dropped(width: int, height: int) -> None:
    good = good_frame(np.arange(6, dtype=np.uint8).reshape(2, 3))
    result = mended([*stream("F.L ..L", width, height), *good])
    assert [frame.tolist() for frame in result.frames] == [[[0, 1, 2], [3, 4, 5]]]
    assert result.malformed


def test_a_frame_that_the_end_of_the_stream_cuts_is_missing() -> None:
    for text in ("F", "F.", "F.L", "F.L .."):
        assert mended(stream(text)) == Mended([], False)


@pytest.mark.parametrize("seed", range(400))
def test_a_good_frame_is_exact_whatever_came_before_it(seed: int) -> None:
    """And all frames are complete, no more of them than start marks that others do not follow."""
    rng = np.random.default_rng(seed)
    damaged = damaged_stream(rng, MAX_WIDTH, MAX_HEIGHT)
    good = rng.integers(0, 256, rng.integers(1, [MAX_HEIGHT + 1, MAX_WIDTH + 1]), np.uint8)
    for before in (damaged, damaged[:-1]):
        result = mended([*before, *good_frame(good), *before])
        alone = mended([*before, *good_frame(good)])
        place = len(alone.frames) - 1
        np.testing.assert_array_equal(alone.frames[-1], good)
        for got, expected in zip(result.frames, alone.frames, strict=False):
            np.testing.assert_array_equal(got, expected)
        np.testing.assert_array_equal(result.frames[place], good)
        assert place <= sum(map(lone, before, [*before[1:], STOP]))


def lone(item: Beat | Stop, following: Beat | Stop) -> bool:
    """Whether it is a start mark that may begin a frame."""
    if isinstance(item, Stop) or not item.first:
        return False
    return isinstance(following, Stop) or not following.first or item.width == item.height == 1


def test_arguments_are_checked() -> None:
    with pytest.raises(ValueError, match="max_width must be in 1..16384, not 0"):
        mend([], max_width=0, max_height=1)
    with pytest.raises(TypeError, match="max_height must be an integer in 1..16384, not 1.5"):
        mend([], max_width=1, max_height=1.5)  # type: ignore[arg-type]

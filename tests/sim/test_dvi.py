"""What a display would complain of is complained of."""

from __future__ import annotations

import numpy as np
import pytest

from lutscale.hw.boards import Mode
from lutscale.hw.boards.serialiser import CLOCK_SYMBOL
from lutscale.hw.boards.tmds import CONTROLS
from lutscale.sim.dvi import frames_of, received
from tests.support.hw.tmds import encode

MODE = Mode(6, 4, across=(1, 2, 1), down=(1, 1, 1), clock=1.0)
PICTURE = (np.arange(6 * 4 * 3).reshape(4, 6, 3) * 37 % 256).astype(np.uint8)


def symbols(frames: int = 2) -> np.ndarray:
    """Of so many frames, (n, 4)."""
    width, height = MODE.total
    rows, bias = [], [0, 0, 0]
    for y in list(range(height)) * frames:
        for x in range(width):
            if x < MODE.width and y < MODE.height:
                row = []
                for c in range(3):
                    symbol, bias[c] = encode(int(PICTURE[y, x, 2 - c]), bias[c])
                    row.append(symbol)
            else:
                syncs = (7 <= x < 9) + 2 * (y == 5)
                row, bias = [CONTROLS[syncs], CONTROLS[0], CONTROLS[0]], [0, 0, 0]
            rows.append([*row, CLOCK_SYMBOL])
    return np.array(rows, np.uint16)


def bits(words: np.ndarray) -> np.ndarray:
    return ((words[:, None, :] >> np.arange(10)[:, None]) & 1).reshape(-1, 4).astype(np.uint8)


@pytest.mark.parametrize("late", [0, 3, 9])
def test_frames_come_back(late: int) -> None:
    """Symbols are found wherever they begin; a frame that was cut is none."""
    found = frames_of(received(bits(symbols())[late:]), MODE)
    assert len(found) == 1 + (late == 0)
    if not late:
        for frame in found:
            np.testing.assert_array_equal(frame, PICTURE)


def test_faults_are_named() -> None:
    good = symbols()
    no_clock = good.copy()
    no_clock[7, 3] ^= 1
    with pytest.raises(ValueError, match="clock channel must be high for five bits of ten"):
        received(bits(no_clock))
    apart = good.copy()
    apart[3, 1] = CONTROLS[0]
    with pytest.raises(ValueError, match="channels must blank at the same time, .* clock 3"):
        received(bits(apart))
    late = good.copy()
    late[8, 0] = CONTROLS[0]
    with pytest.raises(ValueError, match="frame 0 must be as its mode, but differs in x 8 y 0"):
        frames_of(received(bits(late)), MODE)


def test_nothing_is_shown() -> None:
    blank = np.tile(np.array([*[CONTROLS[0]] * 3, CLOCK_SYMBOL], np.uint16), (9, 1))
    assert frames_of(received(bits(blank)), MODE) == []

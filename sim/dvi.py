"""What a display makes of the bits that it is sent: DVI 1.0, section 3.2 and 3.3."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lutscale.hw.boards.board import Mode
from lutscale.hw.boards.serialiser import CLOCK_SYMBOL
from lutscale.hw.boards.tmds import CONTROLS

__all__ = ["Signal", "decode", "frames_of", "received"]

Bits = npt.NDArray[np.uint8]
Picture = npt.NDArray[np.uint8]

_SYMBOL = 10


@dataclass(frozen=True)
class Signal:
    """A decoded signal, a pixel clock an element.

    Attributes:
        active: bool, data is sent.
        levels: uint8 (n, 3), blue, green and red; 0 where none are.
        controls: uint8 (n, 3), C1 and C0 of each channel; of blue vertical and horizontal sync.
    """

    active: npt.NDArray[np.bool_]
    levels: npt.NDArray[np.uint8]
    controls: npt.NDArray[np.uint8]


def decode(symbols: npt.NDArray[np.uint16]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int8]]:
    """Symbols of ten bits, the first one lowest: the bytes, and the control bits or -1.

    Where there are control bits there is no byte: none becomes a symbol of `CONTROLS`.
    """
    body = symbols & 0xFF
    body = np.where(symbols >> 9 & 1, ~body & 0xFF, body)
    changed = body ^ (body << 1 & 0xFE)
    same = (symbols >> 8 & 1) == 0
    levels = np.where(same, changed ^ 0xFE, changed).astype(np.uint8)
    controls = np.full(symbols.shape, -1, np.int8)
    for value, symbol in enumerate(CONTROLS):
        controls[symbols == symbol] = value
    return levels, controls


def received(bits: Bits) -> Signal:
    """The signal of four channels, the fourth the clock.

    Args:
        bits: 0 or 1, (n, 4), as they came. Symbols may begin anywhere, but in all at one place.

    Raises:
        ValueError: the clock is none, or channels disagree on what is blanked.
    """
    weights = 1 << np.arange(_SYMBOL, dtype=np.uint16)
    for start in range(_SYMBOL):
        whole = bits[start : start + (len(bits) - start) // _SYMBOL * _SYMBOL]
        symbols = whole.reshape(-1, _SYMBOL, 4).astype(np.uint16)
        words = (symbols * weights[:, None]).sum(axis=1, dtype=np.uint16)
        if (words[:, 3] == CLOCK_SYMBOL).all():
            break
    else:
        raise ValueError("clock channel must be high for five bits of ten, and is not")
    levels, controls = decode(words[:, :3])
    blanked = controls >= 0
    if (blanked != blanked[:, :1]).any():
        at = int(np.flatnonzero((blanked != blanked[:, :1]).any(axis=1))[0])
        raise ValueError(f"channels must blank at the same time, but differ in pixel clock {at}")
    active = ~blanked[:, 0]
    return Signal(
        active, np.where(blanked, 0, levels), np.where(blanked, controls, 0).astype(np.uint8)
    )


def frames_of(signal: Signal, mode: Mode) -> list[Picture]:
    """The whole frames of a signal, uint8 (height, width, 3) as red, green and blue.

    Every clock is held against the mode: where pixels are, and where both syncs are.

    Raises:
        ValueError: a clock that is not as the mode has it.
    """
    width, height = mode.total
    shown = np.flatnonzero(signal.active)
    sinking = np.flatnonzero(np.diff((signal.controls[:, 0] >> 1).astype(np.int8)) == 1) + 1
    if not len(shown) or not len(sinking):
        return []
    # The vertical sync tells where frames begin; the first one may have been cut.
    start = int(sinking[0]) - (mode.height + mode.down[0]) * width
    start += -((start - int(shown[0])) // (width * height)) * width * height
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    across, down = mode.width + mode.across[0], mode.height + mode.down[0]
    active = (x < mode.width) & (y < mode.height)
    syncs = ((x >= across) & (x < across + mode.across[1])).astype(np.uint8)
    syncs |= ((y >= down) & (y < down + mode.down[1])).astype(np.uint8) << 1
    found: list[Picture] = []
    for begin in range(start, len(signal.active) - width * height + 1, width * height):
        part = slice(begin, begin + width * height)
        blue = np.where(active, 0, syncs).reshape(-1)
        as_it_should = (signal.active[part] == active.reshape(-1)) & (
            signal.controls[part, 0] == blue
        )
        if not as_it_should.all():
            row, column = divmod(int(np.flatnonzero(~as_it_should)[0]), width)
            raise ValueError(
                f"frame {len(found)} must be as its mode, but differs in x {column} y {row}"
            )
        levels = signal.levels[part].reshape(height, width, 3)
        found.append(levels[: mode.height, : mode.width, ::-1])
    return found

"""HKLUT and TinyLUT-S as their authors compute them, written down literally.

Shares nothing with golden/: numpy only, the released arrays as they are, frames rotated as a
whole. It is what imported programs are compared with.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Frame = npt.NDArray[np.uint8]
Tables = Mapping[str, npt.NDArray[np.generic]]


def hklut(tables: Tables, frame: Frame) -> Frame:
    """HKLUT x2 then x2 of one plane (h, w), in exact sixths; the last output to half even."""
    sixths = frame.astype(np.int64) * 6
    for stage in (0, 1):
        pixels = sixths // 6
        high = _hklut_branch(tables, f"S{stage}_MSB_HDB", pixels >> 4, 2, "reflect")
        low = _hklut_branch(tables, f"S{stage}_LSB_HD", pixels & 15, 1, "edge")
        nearest = sixths.repeat(2, axis=0).repeat(2, axis=1)
        sixths = np.clip(2 * high + 3 * low + nearest, 0, 1530)
    return np.round(sixths / 6).astype(np.uint8)


def _hklut_branch(
    tables: Tables, name: str, codes: npt.NDArray[np.int64], pad: int, mode: str
) -> npt.NDArray[np.int64]:
    three = {
        "H": [(0, 0), (0, 1), (0, 2)],
        "D": [(0, 0), (1, 1), (2, 2)],
        "B": [(0, 0), (1, 2), (2, 1)],
    }
    two = {"H": [(0, 0), (0, 1)], "D": [(0, 0), (1, 1)]}
    patterns = three if "MSB" in name else two
    height, width = codes.shape
    total = np.zeros((2 * height, 2 * width), np.int64)
    for letter, places in patterns.items():
        table = tables[f"{name}_LUT_{letter}_x2_4bit_int8"].astype(np.int64)
        for turn in range(4):
            turned = np.rot90(codes, turn)
            h, w = turned.shape
            padded = np.pad(turned, ((0, pad), (0, pad)), mode=mode)
            index = np.zeros((h, w), np.int64)
            for y, x in places:
                index = index * 16 + padded[y : y + h, x : x + w]
            words = table[index].reshape(h, w, 2, 2)
            picture = words.transpose(0, 2, 1, 3).reshape(2 * h, 2 * w)
            total += np.rot90(picture, -turn)
    return total


def tinylut(tables: Tables, frame: Frame) -> Frame:
    """TinyLUT-S x4 of one plane (h, w)."""
    total = np.zeros((4 * frame.shape[0], 4 * frame.shape[1]), np.int64)
    for turn in range(4):
        signed = np.rot90(frame, turn).astype(np.int64) - 128
        high = _tinylut_branch(tables, "H6", "h", np.floor_divide(signed, 4), 64, 32, (-32, 31))
        low = _tinylut_branch(tables, "L2", "l", np.mod(signed, 4), 4, 0, (0, 3))
        sums = np.clip(high + low, -128, 127)
        _, h, w = sums.shape
        picture = sums.reshape(4, 4, h, w).transpose(2, 0, 3, 1).reshape(4 * h, 4 * w)
        total += np.rot90(picture, -turn)
    return (np.clip(total, -128, 127) + 128).astype(np.uint8)


def _tinylut_branch(
    tables: Tables,
    part: str,
    letter: str,
    codes: npt.NDArray[np.int64],
    levels: int,
    offset: int,
    limits: tuple[int, int],
) -> npt.NDArray[np.int64]:
    """(16, h, w): depth, point and up of one branch. Codes are clamped before they select a row
    and before they are added; ``ends`` are those that the tables have rows for.
    """
    h, w = codes.shape
    padded = np.pad(codes, ((2, 0), (2, 0)), mode="reflect")
    depth = tables[f"Model_V_L1_Depth_x4_{part}"][:, :, 0, 0].astype(np.float64)
    total = np.zeros((h, w, 16))
    for tap in range(9):
        window = padded[tap // 3 : tap // 3 + h, tap % 3 : tap % 3 + w]
        total += depth[tap * levels + window + offset]
    values = np.clip(np.round(total / 9) + codes[:, :, None], *limits)
    for number, name, clamp in ((1, "L1_Point", limits), (2, "UP", (-128, 127))):
        table = tables[f"Model_V_{name}_x4_{part}"][:, :, 0, 0].astype(np.float64)
        scales = tables[f"h{letter}{number}"]
        total, codes_read = np.zeros((h, w, 16)), np.zeros((h, w, 16))
        start = 0
        for channel in range(16):
            ends = np.sort(np.round(np.array(limits, np.float32) * scales[channel]))
            scaled = values[:, :, channel].astype(np.float32) * scales[channel]
            code = np.clip(np.round(scaled), *limits)
            total += table[start + (code - ends[0]).astype(np.int64)]
            start += int(ends[1] - ends[0]) + 1
            codes_read[:, :, channel] = code
        values = np.clip(np.round(total / 16) + codes_read, *clamp)
    return values.transpose(2, 0, 1).astype(np.int64)

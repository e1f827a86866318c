"""Sums of words read from tables: the inner loops of tap tables and of pattern tables.

A word is a vector of int16 `lanes`, an output each, and its sum one of int32 lanes. Kernels go
through a row of pixels with four tables at a time, so that the four stay in the processor's
fastest cache and a sum is loaded and stored once for four words. numba does not see that sums and
words lie apart, and would add lane by lane: `_add_words` is the one vector operation it needs, for
any processor.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types, uintp
from numba.extending import intrinsic

from lutscale.golden.kernels.compiler import compiled

__all__ = ["LANES", "idle", "parts_of", "spread", "sum_patterns", "sum_taps", "words_of"]

_AT_ONCE = 4
"""Tables that a pass over a row of pixels reads, whose number is a multiple of it; as many are
written out in the kernels.
"""

LANES = (4, 8, 16)
"""Sizes of a word. A kernel is compiled for each that occurs; it is told by a tuple of so many
zeros, because a tuple's length is part of its type.
"""

# Pixels that are summed up together, in whole rows.
_PIXELS = 1024


def parts_of(outputs: int) -> list[tuple[int, int]]:
    """The first output and the lanes of each word that ``outputs`` are cut into."""
    parts, first = [], 0
    while first < outputs:
        lanes = next((size for size in LANES if first + size >= outputs), LANES[-1])
        parts.append((first, lanes))
        first += lanes
    return parts


def idle(tables: int) -> int:
    """How many tables of zeros make the number one that a pass can take."""
    return -tables % _AT_ONCE


def words_of(functions: npt.NDArray[np.integer], first: int, lanes: int) -> npt.NDArray[np.int16]:
    """(tables, levels, lanes) of the outputs from ``first`` on, zeros where there are no more.

    Args:
        functions: (tables, levels, outputs), each within 16 bits.
    """
    tables, levels, _ = functions.shape
    part = functions[..., first : first + lanes]
    words = np.zeros((tables + idle(tables), levels, lanes), np.int16)
    words[:tables, :, : part.shape[2]] = part
    return words


@intrinsic
def _add_words(_context: Any, _total: Any, _a: Any, _b: Any, _c: Any, _d: Any, lanes: Any) -> Any:
    """Add the words at four addresses to the sums at the address ``total``."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        word = ir.VectorType(ir.IntType(16), lanes.count)
        sums = ir.VectorType(ir.IntType(32), lanes.count)
        place = builder.inttoptr(arguments[0], sums.as_pointer())
        total = builder.load(place, align=4)
        for address in arguments[1:5]:
            read = builder.load(builder.inttoptr(address, word.as_pointer()), align=2)
            total = builder.add(total, builder.sext(read, sums))
        builder.store(total, place, align=4)
        return context.get_dummy_value()

    return types.void(*[types.uintp] * 5, lanes), generate


@compiled
def spread(
    values: npt.NDArray[np.int32],
    offset: int,
    shift: int,
    mask: int,
    rows: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int64],
    codes: npt.NDArray[np.uint8],
) -> None:
    """``codes[c, i, j] = ((values[c, rows[i], columns[j]] + offset) >> shift) & mask``."""
    for c in range(codes.shape[0]):
        for i in range(codes.shape[1]):
            row, out = values[c, rows[i]], codes[c, i]
            for j in range(codes.shape[2]):
                out[j] = ((row[columns[j]] + offset) >> shift) & mask


@compiled
def sum_taps(
    codes: npt.NDArray[np.uint8],
    taps: npt.NDArray[np.int64],
    words: npt.NDArray[np.int16],
    out: npt.NDArray[np.int32],
    lanes: tuple[int, ...],
) -> None:
    """``out[o, y, x] = sum over t of words[t, codes[c, y + i, x + j], o]``, (c, i, j) = taps[t].

    Args:
        codes: (channels, height, width) with all rows and columns that taps reach; each below
            the number of levels.
        taps: (tables, 3) channel, first row and first column of ``codes``.
        words: (tables, levels, lanes).
        out: (outputs, height, width), not more outputs than lanes.
    """
    tables, levels, size = words.shape
    outputs, height, width = out.shape
    together = max(1, _PIXELS // width)
    sums = np.empty((together * width, size), np.int32)
    first_sum, first_word = uintp(sums.ctypes.data), uintp(words.ctypes.data)
    sum_bytes, word_bytes = uintp(4 * size), uintp(2 * size)
    table_bytes = uintp(2 * size * levels)
    for top in range(0, height, together):
        rows = min(together, height - top)
        sums[:] = 0
        for t in range(0, tables, _AT_ONCE):
            t0 = first_word + uintp(t) * table_bytes
            t1, t2, t3 = t0 + table_bytes, t0 + uintp(2) * table_bytes, t0 + uintp(3) * table_bytes
            for row in range(rows):
                y = top + row
                c0 = codes[taps[t, 0], y + taps[t, 1], taps[t, 2] :]
                c1 = codes[taps[t + 1, 0], y + taps[t + 1, 1], taps[t + 1, 2] :]
                c2 = codes[taps[t + 2, 0], y + taps[t + 2, 1], taps[t + 2, 2] :]
                c3 = codes[taps[t + 3, 0], y + taps[t + 3, 1], taps[t + 3, 2] :]
                total = first_sum + uintp(row * width) * sum_bytes
                for x in range(width):
                    _add_words(
                        total,
                        t0 + uintp(c0[x]) * word_bytes,
                        t1 + uintp(c1[x]) * word_bytes,
                        t2 + uintp(c2[x]) * word_bytes,
                        t3 + uintp(c3[x]) * word_bytes,
                        lanes,
                    )
                    total += sum_bytes
        for o in range(outputs):
            for row in range(rows):
                line, start = out[o, top + row], row * width
                for x in range(width):
                    line[x] = sums[start + x, o]


@compiled
def sum_patterns(
    codes: npt.NDArray[np.uint8],
    pixels: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    words: npt.NDArray[np.int16],
    out: npt.NDArray[np.int32],
    lanes: tuple[int, ...],
) -> None:
    """``out[o, y, x] = sum over t of words[starts[t] + index, o]``, the index of the codes of
    ``pixels[t]``, the first highest.

    Args:
        codes: (planes, height, width) with all rows and columns that patterns reach.
        pixels: (tables, 4, 4): plane, first row, first column, and the bits of a code; pixels
            that a pattern has not are of 0 bits, come first, and read codes that are ignored.
        starts: (tables,) where each table begins.
        words: (words of all tables, lanes).
        out: (outputs, height, width), not more outputs than lanes.
    """
    tables, size = starts.shape[0], words.shape[1]
    outputs, height, width = out.shape
    sums = np.empty((width, size), np.int32)
    index = np.empty((_AT_ONCE, width), np.int64)
    first_sum, first_word = uintp(sums.ctypes.data), uintp(words.ctypes.data)
    sum_bytes, word_bytes = uintp(4 * size), uintp(2 * size)
    for y in range(height):
        sums[:] = 0
        for t in range(0, tables, _AT_ONCE):
            for k in range(_AT_ONCE):
                line = index[k]
                line[:] = 0
                for n in range(pixels.shape[1]):
                    bits = pixels[t + k, n, 3]
                    if bits:
                        row = codes[
                            pixels[t + k, n, 0], y + pixels[t + k, n, 1], pixels[t + k, n, 2] :
                        ]
                        for x in range(width):
                            line[x] = (line[x] << bits) | row[x]
            t0 = first_word + uintp(starts[t]) * word_bytes
            t1 = first_word + uintp(starts[t + 1]) * word_bytes
            t2 = first_word + uintp(starts[t + 2]) * word_bytes
            t3 = first_word + uintp(starts[t + 3]) * word_bytes
            total = first_sum
            for x in range(width):
                _add_words(
                    total,
                    t0 + uintp(index[0, x]) * word_bytes,
                    t1 + uintp(index[1, x]) * word_bytes,
                    t2 + uintp(index[2, x]) * word_bytes,
                    t3 + uintp(index[3, x]) * word_bytes,
                    lanes,
                )
                total += sum_bytes
        for o in range(outputs):
            result = out[o, y]
            for x in range(width):
                result[x] = sums[x, o]

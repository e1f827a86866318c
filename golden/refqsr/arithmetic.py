"""Exponential, reciprocal and inverse square root from small tables, in integers.

The tables are made here once, and travel in the program file: whoever reads it computes no
exponential. A number in front of a table is brought to a mantissa of 9 or 10 bits, as a hardware
normaliser does it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = [
    "EXPONENTIAL",
    "INVERSE_ROOT",
    "RECIPROCAL",
    "UNIT",
    "Table",
    "divide",
    "exponential_table",
    "inverse_root_table",
    "reciprocal_table",
    "softmax_weights",
    "unit_vectors",
]

Table = npt.NDArray[np.int32]

EXPONENTIAL, RECIPROCAL, INVERSE_ROOT = 256, 256, 768
"""Entries of the tables."""

UNIT = 127
"""Length of a unit vector in codes."""

_MANTISSA = 9


def exponential_table(step: float) -> Table:
    """int32 (256,): ``255 * exp(-k * step)``, rounded."""
    return np.floor(255 * np.exp(-np.arange(EXPONENTIAL) * step) + 0.5).astype(np.int32)


def reciprocal_table() -> Table:
    """int32 (256,): ``2**23 / m`` for mantissas m of 256..511, rounded; 16 bits."""
    return np.floor(2.0**23 / np.arange(256, 512) + 0.5).astype(np.int32)


def inverse_root_table() -> Table:
    """int32 (768,): ``2**19 / sqrt(m)`` for mantissas m of 256..1023, rounded; 16 bits."""
    return np.floor(2.0**19 / np.sqrt(np.arange(256, 1024)) + 0.5).astype(np.int32)


def _length(x: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Bits of each positive number."""
    # Floats of 53 bits are exact here.
    return np.frexp(x.astype(np.float64))[1].astype(np.int64)


def _shifted(x: npt.NDArray[np.int64], right: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Shifted right, or left where ``right`` is negative."""
    return (x << np.maximum(-right, 0)) >> np.maximum(right, 0)


def divide(
    x: npt.NDArray[np.int64], by: npt.NDArray[np.int64], reciprocal: Table
) -> npt.NDArray[np.int64]:
    """``x / by`` with the mantissa of ``by`` cut to 9 bits, rounded half up.

    Args:
        x: at most 46 bits, broadcast against ``by``.
        by: 1 and up, below 2**40.
        reciprocal: `reciprocal_table`.
    """
    exponent = _length(by) - _MANTISSA
    mantissa = _shifted(by, exponent)
    shift = exponent + 23
    product = x * reciprocal[mantissa - 256].astype(np.int64)
    return (product + (np.int64(1) << (shift - 1))) >> shift


def unit_vectors(vectors: npt.NDArray[np.int64], inverse_root: Table) -> npt.NDArray[np.int64]:
    """Vectors of length `UNIT`, by their directions; a vector of zeros stays.

    Args:
        vectors: (channels, n), the squares of each adding to less than 2**40.
        inverse_root: `inverse_root_table`.

    Returns:
        (channels, n), each number -127..127.
    """
    squares = np.maximum((vectors * vectors).sum(0), 1)
    # An even number of bits, so that the root of the rest is a shift.
    half = (_length(squares) - _MANTISSA) >> 1
    mantissa = _shifted(squares, 2 * half)
    shift = half + 19
    product = vectors * UNIT * inverse_root[mantissa - 256].astype(np.int64)
    return (product + (np.int64(1) << (shift - 1))) >> shift


def softmax_weights(
    scores: npt.NDArray[np.int64], multiplier: int, shift: int, exponential: Table
) -> npt.NDArray[np.int64]:
    """Weights 0..255 along the last axis, 255 for the highest score.

    ``exponential[min((max - score) * multiplier >> shift, 255)]``.
    """
    below = scores.max(-1, keepdims=True) - scores
    index = np.minimum((below * multiplier) >> shift, EXPONENTIAL - 1)
    return exponential[index].astype(np.int64)

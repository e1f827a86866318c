"""Argument checks whose text always reads "X must be ..., not ..."."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["require_array", "require_choice", "require_int", "require_one_of"]


def require_int(name: str, value: Any, low: int, high: int) -> int:
    """``value`` as a plain int when it is an integer in ``low..high``.

    Raises:
        TypeError: it is no integer (a bool is none).
        ValueError: it lies outside ``low..high``.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be an integer in {low}..{high}, not {value!r}")
    if not low <= value <= high:
        raise ValueError(f"{name} must be in {low}..{high}, not {int(value)}")
    return int(value)


def require_choice(name: str, value: Any, choices: Collection[str]) -> str:
    """``value`` when it is one of ``choices``; raise ValueError otherwise."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(sorted(choices))}, not {value!r}")
    return str(value)


def require_one_of(name: str, value: Any, choices: Collection[int]) -> int:
    """``value`` when it is one of ``choices``, and no bool or float; raise ValueError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or value not in choices:
        raise ValueError(f"{name} must be {' or '.join(map(str, choices))}, not {value!r}")
    return value


def require_array(
    name: str, value: Any, shape: tuple[int | None, ...], low: int, high: int
) -> npt.NDArray[np.int32]:
    """A read-only int32 copy of an integer array.

    Args:
        shape: the wanted shape; None stands for any length of at least one.
        low, high: the range every number must lie in.

    Raises:
        TypeError: it is no integer array.
        ValueError: its shape or a number in it is wrong; the first bad number is named.
    """
    array = np.asarray(value)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be an integer array, not {array.dtype}")
    fits = array.ndim == len(shape) and all(
        have > 0 if want is None else have == want
        for have, want in zip(array.shape, shape, strict=True)
    )
    if not fits:
        wanted = "x".join("n" if want is None else str(want) for want in shape)
        got = "x".join(map(str, array.shape)) or "a scalar"
        raise ValueError(f"{name} must have shape {wanted}, not {got}")
    bad = (array < low) | (array > high)
    if bad.any():
        place = tuple(int(i) for i in np.unravel_index(int(bad.argmax()), array.shape))
        raise ValueError(f"{name}{list(place)} must be in {low}..{high}, not {array[place]}")
    array = array.astype(np.int32)
    array.setflags(write=False)
    return array

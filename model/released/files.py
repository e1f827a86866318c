"""Reading what authors have released: tables of one shape each, and no others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from lutscale.golden.errors import InputError

__all__ = ["Int8", "read_table", "refuse_others"]

Int8 = npt.NDArray[np.int8]


def read_table(path: Path, shape: tuple[int | None, ...], why: str) -> Int8:
    """An int8 table of that shape; InputError names the file and what is expected."""
    wanted = f"an int8 array {'x'.join('n' if n is None else str(n) for n in shape)} ({why})"
    try:
        table = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise InputError(f"{path}: must be {wanted}, but there is no such file") from None
    except (ValueError, OSError, EOFError):
        raise InputError(f"{path}: must be {wanted}, but cannot be read as .npy") from None
    fits = (
        isinstance(table, np.ndarray)
        and table.dtype == np.int8
        and table.ndim == len(shape)
        and all(n in (None, have) for n, have in zip(shape, table.shape, strict=True))
    )
    if not fits:
        got = f"{table.dtype} {'x'.join(map(str, table.shape))}" if hasattr(table, "dtype") else "?"
        raise InputError(f"{path}: must be {wanted}, not {got}")
    return np.asarray(table)


def refuse_others(folder: Path, pattern: str, count: int, what: str) -> None:
    """InputError unless ``count`` files match: others would be left out of the program."""
    found = len(list(folder.glob(pattern)))
    if found != count:
        raise InputError(f"{folder}: must hold the {count} tables of {what}, not {found}")

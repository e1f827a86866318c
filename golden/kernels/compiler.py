"""numba, as the kernels use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

__all__ = ["compiled"]

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(function: Kernel) -> Kernel:
    """Compile a kernel when it is first called, for the types it is called with.

    Machine code is kept beside the module, or in the user's cache folder where that cannot be
    written; where neither can, each process compiles anew. Threads run kernels side by side.
    """
    try:
        made: Kernel = numba.njit(function, nogil=True, cache=True)
    except RuntimeError:  # "no locator available"
        made = numba.njit(function, nogil=True)
    return made

"""Where machine code is kept, and what happens where it cannot be."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import numba
import numpy as np
import pytest

from lutscale.golden.kernels.compiler import compiled


def doubled(numbers: np.ndarray) -> int:
    return 2 * numbers.sum()


def test_machine_code_is_kept() -> None:
    kernel: Any = compiled(doubled)
    assert kernel(np.arange(4)) == 12
    assert kernel.stats.cache_path
    assert kernel.targetoptions["nogil"]


def test_nowhere_to_keep_it() -> None:
    make = numba.njit

    def njit(function: Any, *, cache: bool = False, **options: Any) -> Any:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return make(function, **options)

    with patch.object(numba, "njit", njit):
        kernel: Any = compiled(doubled)
    assert kernel(np.arange(4)) == 12
    assert kernel.stats.cache_path is None


def test_no_locator_is_a_runtime_error_of_numba() -> None:
    from numba.core.caching import CacheImpl

    with (
        patch.object(CacheImpl, "_locator_classes", []),
        pytest.raises(RuntimeError, match="no locator available"),
    ):
        numba.njit(doubled, cache=True)

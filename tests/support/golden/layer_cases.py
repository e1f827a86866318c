"""What the tests of golden's layers share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from lutscale.golden.layers import Layer
from lutscale.golden.layers.layer import Array

__all__ = ["both", "ints", "refused"]


def ints(*numbers: Any) -> npt.NDArray[np.int32]:
    """An int32 array of nested numbers."""
    return np.array(numbers, np.int32)


def both(layer: Layer, *values: Array) -> Array:
    """What a layer makes of the values, the same in both forms."""
    reference = layer.reference(values)
    fast = layer.fast(values)
    assert reference.dtype == fast.dtype == np.int32
    np.testing.assert_array_equal(fast, reference)
    return reference


def refused(
    error: type[Exception], text: str, make: Callable[..., object], *arguments: object
) -> None:
    """The call raises the error, whose message says what must be, and has the text in it."""
    with pytest.raises(error, match="must") as caught:
        make(*arguments)
    assert text in str(caught.value)

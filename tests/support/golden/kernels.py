"""A compiled layer beside the plain one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lutscale.golden.kernels import compiled_step
from lutscale.golden.layers import Layer
from lutscale.golden.layers.layer import Array
from lutscale.golden.program import Program
from lutscale.golden.value import FRAME, ValueType

__all__ = ["check_layer", "check_program"]


def check_layer(layer: Layer, *values: Array, types: Sequence[ValueType] | None = None) -> None:
    """The compiled layer gives what the reference gives, in a new array of int32."""
    given = types or [ValueType(len(value), -(1 << 31), (1 << 31) - 1) for value in values]
    before = [value.copy() for value in values]
    found = compiled_step(layer, given[-1])(values)
    np.testing.assert_array_equal(found, layer.reference(values))
    assert found.dtype == np.int32
    assert not any(np.shares_memory(found, value) for value in values)
    for value, copy in zip(values, before, strict=True):
        np.testing.assert_array_equal(value, copy)


def check_program(program: Program, frame: np.ndarray) -> None:
    """Every layer, on the values that the frame leads to."""
    values = program.trace(frame)
    assert program.types[0] == FRAME
    for k, (layer, step) in enumerate(zip(program.layers, program.compiled_steps, strict=True)):
        found = step(values[: k + 1])
        np.testing.assert_array_equal(found, values[k + 1], f"layer {k} ({layer.kind})")
        assert found.dtype == np.int32

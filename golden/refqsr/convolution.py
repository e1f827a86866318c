"""Quantised convolution: integer weights on activation codes, exact accumulators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from lutscale.golden.blas import BLAS
from lutscale.golden.layers.layer import Array, Layer
from lutscale.golden.validate import require_array, require_int
from lutscale.golden.value import ValueType

__all__ = ["MAX_ACCUMULATOR_BITS", "QuantisedConvolution"]

MAX_ACCUMULATOR_BITS = 40
"""What the one rounding rule takes."""

_CODE_BITS = 16
_BIAS = (1 << 38) - 1


@dataclass(frozen=True, eq=False)
class QuantisedConvolution(Layer):
    """``out[o, p] = bias[o] + sum of weights[o, c, tap] * in[c, p + tap]``; the edge is repeated.

    The bits of the activations are those of the layer's input, 16 at most.

    Attributes:
        weights: int32 (outputs, inputs, side, side), two's complement of `weight_bits`; side odd.
        bias: int64 (outputs,), in steps of the accumulator.
        weight_bits: 2..16.

    Raises:
        TypeError, ValueError: "X must be ..., not ...".
    """

    kind: ClassVar[str] = "quantised_convolution"

    weights: npt.NDArray[np.integer]
    bias: npt.NDArray[np.integer]
    weight_bits: int

    def __post_init__(self) -> None:
        require_int("weight_bits", self.weight_bits, 2, 16)
        top = (1 << (self.weight_bits - 1)) - 1
        weights = require_array("weights", self.weights, (None, None, None, None), -top - 1, top)
        rows, columns = weights.shape[2:]
        if rows != columns or rows % 2 == 0 or rows > 9:
            raise ValueError(
                f"weights must be square with a side of 1..9, odd, not {rows}x{columns}"
            )
        object.__setattr__(self, "weights", weights)
        bias = np.asarray(self.bias)
        if bias.dtype.kind not in "iu" or bias.shape != (self.outputs,):
            raise ValueError(
                f"bias must be {self.outputs} integers, one an output, not {bias.dtype} of "
                f"{bias.shape}"
            )
        bias = bias.astype(np.int64)
        for o, number in enumerate(bias.tolist()):
            require_int(f"bias[{o}]", number, -_BIAS, _BIAS)
        bias.setflags(write=False)
        object.__setattr__(self, "bias", bias)

    @property
    def outputs(self) -> int:
        return self.weights.shape[0]

    @property
    def inputs(self) -> int:
        return self.weights.shape[1]

    @property
    def side(self) -> int:
        return self.weights.shape[2]

    @property
    def reach(self) -> tuple[int, int, int, int]:
        return (self.side // 2,) * 4

    def output_type(self, types: Sequence[ValueType]) -> ValueType:
        given = types[-1]
        if given.channels != self.inputs:
            raise ValueError(f"input must have {self.inputs} channels, not {given.channels}")
        if given.bits > _CODE_BITS:
            raise ValueError(f"input must be codes of at most {_CODE_BITS} bits, not {given.bits}")
        weights = self.weights.astype(np.int64)
        above, below = (np.maximum(w, 0).sum((1, 2, 3)) for w in (weights, -weights))
        low = int((above * given.lo - below * given.hi + self.bias).min())
        high = int((above * given.hi - below * given.lo + self.bias).max())
        bits = 1 + max(high, -low - 1, 0).bit_length()
        if bits > MAX_ACCUMULATOR_BITS:
            raise ValueError(f"accumulator must fit {MAX_ACCUMULATOR_BITS} bits, not {bits}")
        return ValueType(self.outputs, low, high, given.scale)

    def reference(self, values: Sequence[Array]) -> Array:
        given, reach = values[-1], self.side // 2
        _, height, width = given.shape
        out = np.empty((self.outputs, height, width), np.int64)
        for o, y, x in np.ndindex(*out.shape):
            total = int(self.bias[o])
            for c, i, j in np.ndindex(self.inputs, self.side, self.side):
                row = min(max(y + i - reach, 0), height - 1)
                column = min(max(x + j - reach, 0), width - 1)
                total += int(self.weights[o, c, i, j]) * int(given[c, row, column])
            out[o, y, x] = total
        return out  # type: ignore[return-value]  # 40 bits do not fit int32.

    def fast(self, values: Sequence[Array]) -> Array:
        given, reach = values[-1], self.side // 2
        channels, height, width = given.shape
        # Products and sums stay below 2**53, where floats are exact in any order.
        padded = np.pad(given, ((0, 0), (reach, reach), (reach, reach)), mode="edge")
        padded = padded.astype(np.float64)
        total = np.empty((self.outputs, height * width))
        total[:] = self.bias[:, None]
        weights = self.weights.astype(np.float64)
        with BLAS.limit(limits=1):
            for i, j in np.ndindex(self.side, self.side):
                seen = padded[:, i : i + height, j : j + width].reshape(channels, -1)
                total += weights[:, :, i, j] @ seen
        return total.astype(np.int64).reshape(-1, height, width)  # type: ignore[return-value]

    def params(self) -> dict[str, Any]:
        return {"weight_bits": self.weight_bits}

    def tables(self) -> dict[str, npt.NDArray[np.integer]]:
        narrow = np.int8 if self.weight_bits <= 8 else np.int16
        return {"weights": self.weights.astype(narrow), "bias": self.bias}

    @classmethod
    def from_manifest(
        cls, params: Mapping[str, Any], tables: Mapping[str, npt.NDArray[np.integer]]
    ) -> Self:
        return cls(tables["weights"], tables["bias"], params["weight_bits"])

    def summary(self, given: ValueType, made: ValueType) -> str:
        kernel = f"{self.side}x{self.side}"
        return (
            f"{kernel}, {given.channels}→{made.channels} channels, {given.bits}-bit activations, "
            f"{self.weight_bits}-bit weights"
        )

    @property
    def table_bits(self) -> int:
        return self.weights.size * self.weight_bits

    @property
    def constant_bits(self) -> int:
        return self.outputs * MAX_ACCUMULATOR_BITS

    @property
    def functions(self) -> int:
        return self.weights.size

"""A chain: layers one after the other, between values that other parts of a network share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from lutscale.golden.layers import PixelShuffle, Requantise, Residual
from lutscale.golden.layers.layer import Layer
from lutscale.golden.refqsr.convolution import MAX_ACCUMULATOR_BITS, QuantisedConvolution
from lutscale.golden.value import ValueType

__all__ = ["KINDS", "PICTURE", "Chain", "Integers", "check_chain", "check_inputs", "feature_type"]

Integers = npt.NDArray[np.integer[Any]]
"""int32 (channels, height, width), or int64 where it does not do."""

_FEATURE = 1 << 15

PICTURE = ValueType(3, 0, 255)
"""What a network reads: R, G and B together."""


def feature_type(channels: int, scale: int = 1) -> ValueType:
    """Features between the parts of a network: 16 bits."""
    return ValueType(channels, -_FEATURE, _FEATURE - 1, scale)


KINDS: dict[str, type[Layer]] = {
    kind.kind: kind for kind in (PixelShuffle, QuantisedConvolution, Requantise, Residual)
}
"""Kinds of layers that a chain may have."""


@dataclass(frozen=True, eq=False)
class Chain:
    """A piece of a network, as a program is one of a whole network.

    Values are numbered: the inputs, from 0, then the output of each layer. The first layer reads
    the last input; a residual names any value.

    Attributes:
        name: what messages call it.
        inputs: types of the values it is given.
        layers: of the kinds in `KINDS`.

    Raises:
        ValueError: a layer does not suit what comes before it ("head, layer 1 (requantise): ..."),
            or an accumulator needs more than 40 bits.
    """

    name: str
    inputs: tuple[ValueType, ...]
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        for k, layer in enumerate(self.layers):
            if layer.kind not in KINDS:
                raise ValueError(
                    f"{self.name}, layer {k}: kind must be one of {', '.join(KINDS)}, not "
                    f"{layer.kind!r}"
                )
        _ = self.types

    @cached_property
    def types(self) -> tuple[ValueType, ...]:
        """Of each value."""
        types = list(self.inputs)
        for k, layer in enumerate(self.layers):
            where = f"{self.name}, layer {k} ({layer.kind})"
            try:
                types.append(layer.output_type(types))
            except ValueError as error:
                raise ValueError(f"{where}: {error}") from None
            bits = types[-1].bits + (not types[-1].signed)
            if bits > MAX_ACCUMULATOR_BITS:
                raise ValueError(
                    f"{where}: accumulator must fit {MAX_ACCUMULATOR_BITS} bits, not {bits}"
                )
        return tuple(types)

    @property
    def output(self) -> ValueType:
        """The type of the result."""
        return self.types[-1]

    @property
    def convolution(self) -> QuantisedConvolution:
        """Its first convolution; ValueError when there is none."""
        for layer in self.layers:
            if isinstance(layer, QuantisedConvolution):
                return layer
        raise ValueError(f"{self.name}: layers must have a convolution, but have none")

    def run(self, *inputs: Integers, reference: bool = False) -> Integers:
        """The last layer's result.

        Args:
            inputs: integers (channels, height, width) each, of the types in `inputs`.
            reference: use the layers' plain semantics instead of the fast ones.
        """
        # Layers take any integers; where 32 bits do not do they give 64.
        values: list[Any] = list(inputs)
        for layer in self.layers:
            values.append(layer.reference(values) if reference else layer.fast(values))
        made: Integers = values[-1]
        return made


def check_chain(where: str, chain: Chain, inputs: tuple[ValueType, ...], output: ValueType) -> None:
    """ValueError where a chain stands between other values than it should."""
    check_inputs(where, chain, inputs)
    made = chain.output
    within = made.lo >= output.lo and made.hi <= output.hi
    if (made.channels, made.scale) != (output.channels, output.scale) or not within:
        raise ValueError(f"{where}: must give {output}, not {made}")


def check_inputs(where: str, chain: Chain, inputs: tuple[ValueType, ...]) -> None:
    """ValueError where a chain reads other values than it should."""
    if chain.inputs != inputs:
        raise ValueError(f"{where}: inputs must be {_list(inputs)}, not {_list(chain.inputs)}")


def _list(types: tuple[ValueType, ...]) -> str:
    return " and ".join(map(str, types))

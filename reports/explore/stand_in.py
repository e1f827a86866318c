"""Programs of shapes that nobody has trained: random tables of a usual spread.

Memory, functions and bytes follow from the shape alone and are exact. Lookup tables and registers
depend on the entries a little, through bounds and through constants that coincide:
docs/explore.md has the difference to trained tables.
"""

from __future__ import annotations

import zlib
from functools import lru_cache

import numpy as np

from lutscale.golden.layers import (
    ChannelShift,
    Layer,
    PixelShuffle,
    Requantise,
    Residual,
    TapTables,
)
from lutscale.golden.program import Program
from lutscale.golden.quantiser import Quantiser
from lutscale.golden.symmetry import GROUPS
from lutscale.golden.validate import require_int
from lutscale.model.shapes import Add, Codes, Shape, Shift, Shuffle, Taps, stored_channels
from lutscale.model.shapes.multipliers import multipliers

__all__ = ["stand_in"]

# Of the zoo's trained tables, in units of the largest entry: how strongly tables slope and bend,
# and how much each node does as it likes. What goes beyond is clipped, as in training. In the
# first layer and in the last few tables are large.
_SLOPE, _BEND, _NODE = 0.4, 0.35, 0.15
_HEAVY = {"first": 0.5, "last": 0.8}
# What the largest entry is worth, in eight-bit codes: multipliers follow.
_WORTH = {"first": 70.0, "block": 20.0, "last": 8.0}


def stand_in(shape: Shape, name: str = "stand-in") -> Program:
    """A program of that shape; the same shape has the same tables, each time.

    Layers of equal shape are one and the same, so that their costs are computed once.

    Raises:
        TypeError, ValueError: layers that do not fit each other, "X must be ..., not ...".
    """
    layers: list[Layer] = []
    place = "first"
    for k, layer in enumerate(shape.layers):
        match layer:
            case Taps():
                place = _place(shape, k)
                layers.append(_tables(layer, place))
            case Codes():
                before = shape.layers[k - 1]
                tables = before if isinstance(before, Taps) else None
                channels = tables.out_channels if tables else shape.scale**2
                layers.append(_codes(layer, tables, place, channels))
            case Add():
                layers.append(
                    Residual(layer.source, layer.upsample, layer.scale, 1, layer.lo, layer.hi)
                )
            case Shift():
                layers.append(ChannelShift(layer.offsets))
            case Shuffle():
                layers.append(PixelShuffle(layer.scale))
    return Program(
        name,
        shape.scale,
        tuple(layers),
        shared=shape.shared,
        quantisers=shape.quantisers,
        symmetry=shape.symmetry,
    )


def _place(shape: Shape, number: int) -> str:
    """Which tables these are among those of a network."""
    numbers = [k for k, layer in enumerate(shape.layers) if isinstance(layer, Taps)]
    return {numbers[0]: "first", numbers[-1]: "last"}.get(number, "block")


@lru_cache(maxsize=1024)
def _tables(layer: Taps, place: str) -> TapTables:
    inputs, outputs = layer.in_channels, layer.out_channels
    if layer.symmetry is not None and layer.role is not None:
        if layer.groups > 1:
            raise ValueError(f"groups must be 1 with a symmetry, not {layer.groups}")
        if layer.nodes is None:
            raise ValueError("nodes must be a number with a symmetry, not None")
        inputs, outputs = stored_channels(layer.symmetry, layer.role, inputs, outputs)
    levels = 1 << layer.code_bits if layer.nodes is None else layer.nodes
    size = (inputs, *layer.kernel, 1, outputs // layer.groups)
    rng = _random(layer)
    draw = rng.laplace if place in _HEAVY else rng.normal
    spread = _HEAVY.get(place, 1.0)
    slope, bend = draw(0, spread, (2, *size))
    along = np.linspace(-1, 1, require_int("nodes", levels, 2, 256))[:, None]
    drawn = _SLOPE * slope * along + _BEND * bend * (abs(along) - 0.5)
    if layer.nodes is not None:
        drawn = drawn + _NODE * draw(0, spread, drawn.shape)
    half = 1 << (require_int("entry_bits", layer.entry_bits, 2, 8) - 1)
    return TapTables(
        np.clip(np.floor(drawn * half + 0.5), -half, half - 1).astype(np.int64),
        layer.entry_bits,
        layer.code_bits,
        layer.code_signed,
        _quantiser(layer),
        groups=layer.groups,
        symmetry=layer.symmetry,
        role=layer.role,
    )


@lru_cache(maxsize=1024)
def _codes(layer: Codes, tables: Taps | None, place: str, channels: int) -> Requantise:
    """16-bit multipliers behind tables, each channel its own; else those of the factor."""
    worth = np.full(channels, float(layer.factor))
    if tables is not None:
        fraction = 0 if tables.nodes is None else tables.fraction_bits
        worth *= _WORTH[place] / (1 << (tables.entry_bits - 1 + fraction))
        shares = channels
        if tables.symmetry is not None:
            # Channels that change places in turns have their multipliers in common.
            shares = 1 if tables.role == "end" else channels // GROUPS[tables.symmetry]
        worth *= np.tile(_random(tables).uniform(0.7, 1.3, shares), channels // shares)
    multiplier, shift = multipliers(worth)
    return Requantise(multiplier, shift, layer.lo, layer.hi)


def _quantiser(layer: Taps) -> Quantiser | None:
    """Nodes at equal distances."""
    if layer.nodes is None:
        return None
    codes = np.arange(1 << layer.code_bits)
    at = codes * ((layer.nodes - 1) / codes[-1])
    segment = np.minimum(at.astype(np.int64), layer.nodes - 2)
    one = 1 << require_int("weight_bits", layer.fraction_bits, 1, 8)
    weight = np.minimum(np.floor((at - segment) * one + 0.5), one - 1).astype(np.int64)
    return Quantiser(segment, weight, layer.nodes, layer.fraction_bits)


def _random(layer: Taps) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(repr(layer).encode()))

"""IQ-LUT, and its base ECNN: the twins of their shapes."""

from __future__ import annotations

from functools import wraps
from typing import Any

from lutscale.model import shapes
from lutscale.model.layers import (
    ChannelShiftTwin,
    PixelShuffleTwin,
    RequantiseTwin,
    ResidualTwin,
    TapTablesTwin,
    Twin,
)
from lutscale.model.network import Network

__all__ = ["ecnn", "iqlut"]


@wraps(shapes.iqlut)
def iqlut(scale: int, **options: Any) -> Network:
    return _network(shapes.iqlut(scale, **options))


@wraps(shapes.ecnn)
def ecnn(scale: int, **options: Any) -> Network:
    return _network(shapes.ecnn(scale, **options))


def _network(shape: shapes.Shape) -> Network:
    """The twins; layers that share tables are one twin."""
    twins: list[Twin] = []
    for k, layer in enumerate(shape.layers):
        if k in shape.shared:
            twins.append(twins[shape.shared[k]])
        elif isinstance(layer, shapes.Taps):
            owner = twins[shape.quantisers[k]] if k in shape.quantisers else None
            twins.append(_taps(layer, owner))
        else:
            twins.append(_twin(layer))
    return Network(shape.scale, twins, shape.task, shape.symmetry)


def _taps(layer: shapes.Taps, quantiser_of: Twin | None) -> TapTablesTwin:
    assert quantiser_of is None or isinstance(quantiser_of, TapTablesTwin)
    return TapTablesTwin(
        **vars(layer),
        # Entries of direct tables see few pixels each: a broken line moves many at once.
        bend=16 if layer.nodes is None else 0,
        quantiser_of=quantiser_of,
    )


def _twin(layer: shapes.LayerShape) -> Twin:
    """Of a layer without tables."""
    match layer:
        case shapes.Codes():
            return RequantiseTwin(**vars(layer))
        case shapes.Add():
            return ResidualTwin(**vars(layer))
        case shapes.Shift():
            return ChannelShiftTwin(layer.offsets)
        case shapes.Shuffle():
            return PixelShuffleTwin(layer.scale)
    raise AssertionError(layer)

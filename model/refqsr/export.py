"""The integer network of a trained one: units, codes and tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from lutscale.golden.errors import InputError
from lutscale.golden.layers import PixelShuffle, Requantise, Residual
from lutscale.golden.layers.layer import Layer
from lutscale.golden.refqsr.arithmetic import (
    UNIT,
    exponential_table,
    inverse_root_table,
    reciprocal_table,
)
from lutscale.golden.refqsr.chain import PICTURE, Chain, feature_type
from lutscale.golden.refqsr.clust_block import ClustBlock as GoldenClust
from lutscale.golden.refqsr.clust_block import patch_sums
from lutscale.golden.refqsr.convolution import QuantisedConvolution
from lutscale.golden.refqsr.mixed import BitSelector, ResidualBlock
from lutscale.golden.refqsr.mixed import MixedConvolution as GoldenMixed
from lutscale.golden.refqsr.network import Dispatch, Network
from lutscale.golden.refqsr.patches import LARGEST
from lutscale.golden.refqsr.refer_block import ReferBlock as GoldenRefer
from lutscale.golden.refqsr.refer_block import square_sums
from lutscale.golden.value import ValueType
from lutscale.model.refqsr.clust_block import ClustBlock
from lutscale.model.refqsr.convolution import WEIGHT_BITS, MixedConvolution, WideConvolution
from lutscale.model.refqsr.network import LEVELS, MixedNetwork
from lutscale.model.refqsr.quantisers import Cadyq, Codes, max_abs
from lutscale.model.refqsr.quantisers.cadyq import CHOICES
from lutscale.model.refqsr.refer_block import TEMPERATURE, ReferBlock
from lutscale.model.shapes.multipliers import multipliers

__all__ = ["WIDE_BITS", "export"]

WIDE_BITS = 12
"""Of weights and activations where a network keeps full precision."""

_EXPORTED = (None, "pams", "cadyq")
_FEATURE = (1 << 15) - 1
# Features may become twice as large as in training, inputs of wide layers a quarter larger.
_ROOM, _WIDE_ROOM = 2.0, 1.25
_PIXELS = Codes(1 / LEVELS, -1.0, 0, 255)
# Of an entry of an exponential table.
_STEP = 1 / 16
# Scores of CADyQ, in units of a float's.
_SCORE = 2.0**30
_LONGEST_SHIFT = 40


@torch.no_grad()
def export(network: MixedNetwork, name: str, provenance: Mapping[str, Any]) -> Network:
    """The integers that the float network was trained for.

    Features between layers get 16 bits in one unit, wide layers 12-bit codes and weights.

    Raises:
        InputError: an architecture or a quantiser without integers, or without statistics.
    """
    shape = network.architecture
    if shape.family not in ("srresnet", "edsr"):
        raise InputError(f"family must be srresnet or edsr to be exported, not {shape.family}")
    if network.quantiser_name not in _EXPORTED:
        raise InputError(
            f"quantiser must be pams or cadyq to be exported, not {network.quantiser_name}"
        )
    unit = _ROOM * network.features.largest / _FEATURE
    features = feature_type(shape.channels)
    head = _conv(network, "head")
    convolution, step = _integers(head, WIDE_BITS, _PIXELS)
    least = 0 if shape.family == "srresnet" else -_FEATURE - 1
    layers = (convolution, _requantise(step / unit, shape.channels, least, _FEATURE))
    blocks = tuple(
        ResidualBlock(_mixed(network, k, "first", unit), _mixed(network, k, "second", unit))
        for k in range(shape.blocks)
    )
    tail = Chain("tail", (PICTURE, features, features), tuple(_tail(network, unit)))
    return Network(
        name,
        network.scale,
        shape.channels,
        Chain("head", (PICTURE,), layers),
        blocks,
        tail,
        _dispatch(network, unit),
        dict(provenance),
    )


def _conv(network: MixedNetwork, name: str) -> nn.Conv2d:
    return cast(nn.Conv2d, network.convolutions[name])


def _integers(
    layer: nn.Conv2d, bits: int, codes: Codes, added: float = 0.0
) -> tuple[QuantisedConvolution, float]:
    """The integer convolution, and what a step of its accumulator is worth.

    Args:
        bits: of the weights.
        codes: what the input's codes mean; their zero goes into the bias.
        added: to each output.
    """
    weight = layer.weight.double()
    step = float(max_abs(weight, bits))
    weights = torch.floor(weight / step + 0.5)
    bias = cast(Tensor, layer.bias).double() + added
    unit = codes.step * step
    whole = torch.floor(bias / unit + codes.zero / codes.step * weights.sum((1, 2, 3)) + 0.5)
    made = QuantisedConvolution(weights.long().cpu().numpy(), whole.long().cpu().numpy(), bits)
    return made, unit


def _requantise(ratio: float, channels: int, lo: int, hi: int) -> Requantise:
    multiplier, shift = multipliers(np.full(channels, ratio), _LONGEST_SHIFT)
    return Requantise(multiplier, shift, lo, hi)


def _wide(layer: WideConvolution, unit: float, added: float = 0.0) -> tuple[list[Layer], float]:
    """Features of a unit to 12-bit codes and an accumulator; and the accumulator's unit."""
    top = (1 << (WIDE_BITS - 1)) - 1
    codes = Codes(_WIDE_ROOM * layer.range.largest / top, 0.0, -top, top)
    convolution, step = _integers(layer, WIDE_BITS, codes, added)
    return [_requantise(unit / codes.step, layer.in_channels, -top, top), convolution], step


def _mixed(network: MixedNetwork, k: int, part: str, unit: float) -> GoldenMixed:
    """A convolution of a block, at all precisions that it has."""
    name = f"block{k}_{part}"
    layer = _conv(network, name)
    features = feature_type(layer.in_channels)
    least = 0 if part == "first" else -_FEATURE - 1

    def chain(layers: list[Layer], step: float) -> Chain:
        last = _requantise(step / unit, layer.out_channels, least, _FEATURE)
        return Chain(name, (features,), (*layers, last))

    if isinstance(layer, WideConvolution):
        return GoldenMixed({WIDE_BITS: chain(*_wide(layer, unit))})
    assert isinstance(layer, MixedConvolution)
    quantisers = {layer.high.bits: layer.high}
    selector = None
    if isinstance(layer.high, Cadyq):
        quantisers = {bits: layer.high.level(bits) for bits in CHOICES}
        selector = _selector(layer.high, unit)
    if layer.low_bits is not None:
        quantisers[layer.low_bits] = layer.quantiser("low")
    chains = {}
    for bits, quantiser in quantisers.items():
        codes = quantiser.export()
        convolution, step = _integers(layer, WEIGHT_BITS, codes)
        first = _requantise(unit / codes.step, layer.in_channels, codes.lo, codes.hi)
        chains[bits] = chain([first, convolution], step)
    return GoldenMixed(chains, selector)


def _selector(quantiser: Cadyq, unit: float) -> BitSelector:
    """CADyQ's choice, of steps and deviations in sixteenths."""
    scale = torch.full((quantiser.score.in_features,), unit / 16, dtype=torch.float64)
    scale[:2] = 1 / (16 * LEVELS)
    weights = quantiser.score.weight.double().cpu() * scale * _SCORE
    bias = quantiser.score.bias.double().cpu() * _SCORE
    return BitSelector(
        CHOICES, torch.round(weights).long().numpy(), torch.round(bias).long().numpy()
    )


def _tail(network: MixedNetwork, unit: float) -> list[Layer]:
    """Of picture (value 0), head's (1) and body's features (2): the enlarged picture."""
    shape, scale = network.architecture, network.scale
    wide = cast(WideConvolution, _conv(network, "after"))
    layers, step = _wide(wide, unit)
    layers.append(_requantise(step / unit, shape.channels, -_FEATURE - 1, _FEATURE))
    layers.append(Residual(1, lo=-_FEATURE - 1, hi=_FEATURE))
    least = 0 if shape.family == "srresnet" else -_FEATURE - 1
    for k, factor in enumerate(shape.steps):
        wide = cast(WideConvolution, _conv(network, f"upsample{k}"))
        made, step = _wide(wide, unit)
        layers += made
        layers.append(_requantise(step / unit, wide.out_channels, least, _FEATURE))
        layers.append(PixelShuffle(factor))
    last = cast(WideConvolution, _conv(network, "patches" if shape.direct else "tail"))
    # Without the picture below it the result is around the middle of all levels.
    made, step = _wide(last, unit, 0.0 if shape.frame_residual else 1.0)
    layers += made
    if shape.frame_residual:
        # Bilinear sums come in such parts of a level.
        part = (scale if scale % 2 else 2 * scale) ** 2
        layers += [
            _requantise(step * LEVELS * part, last.out_channels, -255 * part, 255 * part),
            Residual(0, "bilinear", scale, 1, -510 * part, 510 * part),
            _requantise(1 / part, last.out_channels, 0, 255),
        ]
    else:
        layers.append(_requantise(step * LEVELS, last.out_channels, 0, 255))
    if shape.direct:
        layers.append(PixelShuffle(scale))
    return layers


def _dispatch(network: MixedNetwork, unit: float) -> Dispatch | None:
    if network.clust is None or network.low is None:
        return None
    first, second = (_refer(cast(ReferBlock, block), unit) for block in network.refer)
    high = None if network.quantiser_name == "cadyq" else network.high
    return Dispatch(_clust(network.clust), (first, second), high, network.low)


def _eight(layer: MixedConvolution, unit: float) -> tuple[list[Layer], float]:
    """Values of a unit to PAMS's codes and an accumulator; and the accumulator's unit."""
    codes = layer.high.export()
    convolution, step = _integers(layer, WEIGHT_BITS, codes)
    first = _requantise(unit / codes.step, layer.in_channels, codes.lo, codes.hi)
    return [first, convolution], step


def _clust(block: ClustBlock) -> GoldenClust:
    convolution, step = _integers(block.first, WEIGHT_BITS, _PIXELS)
    stages = [Chain("clust, stage 0", (PICTURE,), (convolution,))]
    # What is summed, not averaged, over squares and over the largest patch.
    pool = block.shape.pool**2
    for k, layer in enumerate(block.others):
        layers, step = _eight(cast(MixedConvolution, layer), step / pool)
        sums = patch_sums(stages[-1].output.channels)
        stages.append(Chain(f"clust, stage {k + 1}", (sums,), tuple(layers)))
    places = (LARGEST // pool) ** 2
    layers, step = _eight(block.last, step / places)
    last = Chain("clust, last", (patch_sums(stages[-1].output.channels),), tuple(layers))
    multiplier, shift = multipliers(np.array([step / _STEP]), _LONGEST_SHIFT)
    return GoldenClust(
        (stages[0], stages[1], stages[2]),
        last,
        int(multiplier[0]),
        shift,
        exponential_table(_STEP),
        reciprocal_table(),
    )


def _refer(block: ReferBlock, unit: float) -> GoldenRefer:
    c, pool = block.shape.channels, block.shape.pool
    sums = square_sums(c)
    layers, _ = _eight(block.descriptor, unit / pool**2)
    made = Chain("descriptor", (sums,), tuple(layers)).output
    # Only directions matter: as large as 16 bits allow whatever comes.
    ratio = min(1.0, _FEATURE / max(made.hi, -made.lo))
    layers.append(_requantise(ratio, made.channels, -_FEATURE, _FEATURE))
    fusion, step = _eight(block.fusion, unit)
    fusion.append(_requantise(step / unit, c, -_FEATURE - 1, _FEATURE))
    joined = ValueType(2 * c, -_FEATURE - 1, _FEATURE)
    ratio = 1 / (UNIT**2 * TEMPERATURE * _STEP)
    multiplier, shift = multipliers(np.array([ratio]), _LONGEST_SHIFT)
    return GoldenRefer(
        Chain("descriptor", (sums,), tuple(layers)),
        Chain("fusion", (joined,), tuple(fusion)),
        pool,
        int(multiplier[0]),
        shift,
        exponential_table(_STEP),
        reciprocal_table(),
        inverse_root_table(),
    )

"""Random small networks of RefQSR in integers, made without PyTorch."""

from __future__ import annotations

import numpy as np

from lutscale.golden.layers import PixelShuffle, Requantise, Residual
from lutscale.golden.refqsr.arithmetic import (
    exponential_table,
    inverse_root_table,
    reciprocal_table,
)
from lutscale.golden.refqsr.chain import PICTURE, Chain, feature_type
from lutscale.golden.refqsr.clust_block import ClustBlock, patch_sums
from lutscale.golden.refqsr.convolution import QuantisedConvolution
from lutscale.golden.refqsr.mixed import BitSelector, MixedConvolution, ResidualBlock
from lutscale.golden.refqsr.network import Dispatch, Network
from lutscale.golden.refqsr.refer_block import ReferBlock, square_sums
from lutscale.golden.value import ValueType

Random = np.random.Generator

FEATURE = (1 << 15) - 1


def convolution(
    random: Random, inputs: int, outputs: int, side: int, bits: int = 8
) -> QuantisedConvolution:
    top = 1 << (bits - 1)
    weights = random.integers(-top, top, (outputs, inputs, side, side))
    return QuantisedConvolution(weights, random.integers(-999, 1000, outputs), bits)


def requantise(ratio: float, channels: int, lo: int, hi: int) -> Requantise:
    shift = int(np.clip(np.floor(np.log2(65535 / ratio)), 1, 40))
    return Requantise(np.full(channels, int(ratio * 2**shift)), shift, lo, hi)


def mixed(
    random: Random, channels: int, precisions: tuple[int, ...], part: str, *, selects: bool = False
) -> MixedConvolution:
    """A 3x3 at some precisions, with features of a few thousand in mind."""
    weights = convolution(random, channels, channels, 3)
    least = 0 if part == "first" else -FEATURE - 1
    chains = {}
    for bits in precisions:
        top = (1 << (bits - 1)) - 1
        own = QuantisedConvolution(weights.weights, weights.bias >> (8 - min(bits, 8)), 8)
        spread = 9 * channels * 64 * top
        chains[bits] = Chain(
            part,
            (feature_type(channels),),
            (
                requantise(top / 8000, channels, -top, top),
                own,
                requantise(8000 / spread, channels, least, FEATURE),
            ),
        )
    selector = None
    if selects:
        scores = random.integers(-999, 1000, (len(precisions), 2 + channels))
        selector = BitSelector(
            tuple(sorted(precisions)), scores, random.integers(-9, 9, len(scores))
        )
    return MixedConvolution(chains, selector)


def clust_block(random: Random, channels: int = 4, classes: int = 4) -> ClustBlock:
    stages = [Chain("stage 0", (PICTURE,), (convolution(random, 3, channels, 3),))]
    for k in (1, 2):
        given = patch_sums(channels)
        layers = (
            requantise(1 / 900, channels, -127, 127),
            convolution(random, channels, channels, 3),
        )
        stages.append(Chain(f"stage {k}", (given,), layers))
    last = (requantise(1 / 200_000, channels, -127, 127), convolution(random, channels, classes, 1))
    return ClustBlock(
        (stages[0], stages[1], stages[2]),
        Chain("last", (patch_sums(channels),), last),
        3,
        5,
        exponential_table(1 / 16),
        reciprocal_table(),
    )


def refer_block(random: Random, channels: int, pool: int = 4) -> ReferBlock:
    descriptor = (
        requantise(127 / (8000 * pool**2), channels, -127, 127),
        convolution(random, channels, 2, 1),
        Requantise(np.full(2, 1), 1, -FEATURE, FEATURE),
    )
    fusion = (
        requantise(127 / 8000, 2 * channels, -127, 127),
        convolution(random, 2 * channels, channels, 1),
        requantise(0.1, channels, -FEATURE - 1, FEATURE),
    )
    return ReferBlock(
        Chain("descriptor", (square_sums(channels),), descriptor),
        Chain("fusion", (ValueType(2 * channels, -FEATURE - 1, FEATURE),), fusion),
        pool,
        2080,
        16,
        exponential_table(1 / 16),
        reciprocal_table(),
        inverse_root_table(),
    )


def network(
    seed: int,
    *,
    channels: int = 4,
    blocks: int = 3,
    dispatched: bool = True,
    selects: bool = False,
    scale: int = 2,
    name: str = "random",
) -> Network:
    """A network whose features are neither all zero nor all clamped."""
    random = np.random.default_rng(seed)
    features = feature_type(channels)
    precisions = (4, 6, 8) if selects else (8, 4) if dispatched else (8,)
    head = (convolution(random, 3, channels, 5), requantise(0.02, channels, 0, FEATURE))
    part = (scale if scale % 2 else 2 * scale) ** 2
    outputs = 3 * scale**2
    tail = (
        requantise(2047 / 8000, channels, -2047, 2047),
        convolution(random, channels, channels, 3, 12),
        requantise(0.004, channels, -FEATURE - 1, FEATURE),
        Residual(1, lo=-FEATURE - 1, hi=FEATURE),
        requantise(2047 / 8000, channels, -2047, 2047),
        convolution(random, channels, outputs, 3, 12),
        requantise(part * 2e-5, outputs, -255 * part, 255 * part),
        Residual(0, "bilinear", scale, 1, -510 * part, 510 * part),
        requantise(1 / part, outputs, 0, 255),
        PixelShuffle(scale),
    )
    body = tuple(
        ResidualBlock(
            mixed(random, channels, precisions, "first", selects=selects),
            mixed(random, channels, precisions, "second", selects=selects),
        )
        for _ in range(blocks)
    )
    dispatch = None
    if dispatched:
        refer = (refer_block(random, channels), refer_block(random, channels))
        dispatch = Dispatch(clust_block(random), refer, None if selects else 8, 4)
    return Network(
        name,
        scale,
        channels,
        Chain("head", (PICTURE,), head),
        body,
        Chain("tail", (PICTURE, features, features), tail),
        dispatch,
        {"seed": seed},
    )


def picture(seed: int, height: int, width: int) -> np.ndarray:
    """Squares of a few colours that come again, with noise."""
    random = np.random.default_rng(seed)
    colours = random.integers(0, 256, (4, 3))
    squares = random.integers(0, 4, (-(-height // 12), -(-width // 12)))
    large = colours[squares].repeat(12, 0).repeat(12, 1)[:height, :width]
    noise = random.integers(-20, 21, large.shape)
    return np.clip(large + noise, 0, 255).astype(np.uint8)

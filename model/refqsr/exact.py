"""The integers of an exported network in torch: golden's very numbers, written a second time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from lutscale.golden.refqsr.chain import Chain
from lutscale.golden.refqsr.clust_block import ClustBlock, follow, led_by_detail
from lutscale.golden.refqsr.convolution import QuantisedConvolution
from lutscale.golden.refqsr.mixed import BitSelector, MixedConvolution, ResidualBlock
from lutscale.golden.refqsr.network import Network
from lutscale.golden.refqsr.patches import LARGEST, tiling_of
from lutscale.golden.refqsr.refer_block import ReferBlock
from lutscale.model.layers import KINDS

__all__ = ["flow", "probabilities", "run_chain", "run_exact", "run_patches"]


def _convolution(layer: QuantisedConvolution, values: Sequence[Tensor]) -> Tensor:
    # Floats of 53 bits hold every sum.
    reach = layer.side // 2
    padded = F.pad(values[-1].double(), (reach,) * 4, mode="replicate")
    weights = torch.from_numpy(layer.weights.astype(np.float64))
    return F.conv2d(padded, weights, torch.from_numpy(layer.bias.astype(np.float64))).long()


_EXACT: dict[str, Callable[[Any, Sequence[Tensor]], Tensor]] = {
    "quantised_convolution": _convolution,
    **{name: KINDS[name].exact for name in ("pixel_shuffle", "requantise", "residual")},
}


def run_chain(chain: Chain, *inputs: Tensor) -> Tensor:
    """int64 (batch, channels, height, width) of such inputs."""
    values = list(inputs)
    for layer in chain.layers:
        values.append(_EXACT[layer.kind](layer, values).long())
    return values[-1]


def run_exact(network: Network, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """`golden.refqsr.network.Network.run_image`, in torch."""
    if network.dispatch is None:
        return _picture(_plain(network, _frame(image), None)[0])
    tiling = tiling_of(*image.shape[:2])
    patches = tiling.cut(image)
    rows = [probabilities(network.dispatch.clust, _frame(patch)) for patch in patches]
    ends = follow([_first_largest([int(row @ other) for other in rows]) for row in rows])
    ends = led_by_detail(ends, [int(_steps(patch).sum()) for patch in patches])
    return tiling.merge(run_patches(network, patches, ends), network.scale)


def run_patches(
    network: Network, patches: Sequence[npt.NDArray[np.uint8]], ends: Sequence[int]
) -> list[npt.NDArray[np.uint8]]:
    """`golden.refqsr.network.Network.run_patches`, in torch: the enlarged patches."""
    assert network.dispatch is not None
    dispatch, last = network.dispatch, len(network.blocks) - 2
    made: dict[int, Tensor] = {}
    kept: dict[int, list[Tensor]] = {}
    for n, end in enumerate(ends):
        if n == end:
            made[n], kept[n] = _plain(network, _frame(patches[n]), dispatch.high)
    for n, end in enumerate(ends):
        if n == end:
            continue
        frame = _frame(patches[n])
        steps = _steps(patches[n])
        first = value = run_chain(network.head, frame)
        for k, block in enumerate(network.blocks[:last]):
            value = _block(block, value, dispatch.low if k else dispatch.high, steps)
        for refer, features in zip(dispatch.refer, kept[end][last:], strict=True):
            value = _refer(refer, value, features)
        made[n] = run_chain(network.tail, frame, first, value)
    return [_picture(made[n]) for n in range(len(patches))]


def _plain(network: Network, frame: Tensor, bits: int | None) -> tuple[Tensor, list[Tensor]]:
    """The enlarged frame, and what enters each block."""
    steps = _steps(frame[0].movedim(0, -1).numpy().astype(np.uint8))
    first = value = run_chain(network.head, frame)
    entered = []
    for block in network.blocks:
        entered.append(value)
        value = _block(block, value, bits, steps)
    return run_chain(network.tail, frame, first, value), entered


def _block(block: ResidualBlock, x: Tensor, bits: int | None, steps: Tensor) -> Tensor:
    value = x
    for part in (block.first, block.second):
        value = run_chain(part.chains[_bits(part, value, bits, steps)], value)
    return torch.clamp(x + value, -32768, 32767)


def _bits(part: MixedConvolution, value: Tensor, bits: int | None, steps: Tensor) -> int:
    if bits is not None:
        return bits
    if part.selector is None:
        return next(iter(part.chains))
    return _choice(part.selector, value, steps)


def _choice(selector: BitSelector, value: Tensor, steps: Tensor) -> int:
    flat = value[0].flatten(1)
    count = flat.shape[1]
    spread = count * (flat * flat).sum(1) - flat.sum(1) ** 2
    # Sixteen times the root, rounded down, by bisection on integers.
    root = torch.zeros_like(spread)
    for k in range(31, -1, -1):
        larger = root + (1 << k)
        root = torch.where(larger * larger <= 256 * spread, larger, root)
    seen = torch.cat([steps, root // count])
    scores = torch.from_numpy(selector.weights) @ seen + torch.from_numpy(selector.bias)
    return selector.bits[_first_largest(scores.tolist())]


def _steps(picture: npt.NDArray[np.uint8]) -> Tensor:
    given = torch.from_numpy(picture.astype(np.int64))
    found = []
    for axis in (0, 1):
        change = given.diff(dim=axis).abs()
        count = change.numel()
        found.append((32 * int(change.sum()) + count) // (2 * count) if count else 0)
    return torch.tensor(found)


def probabilities(clust: ClustBlock, frame: Tensor) -> Tensor:
    """`golden.refqsr.clust_block.ClustBlock.probabilities` of (1, 3, height, width)."""
    value = frame
    for k, stage in enumerate(clust.stages):
        sums = torch.clamp(run_chain(stage, value), min=0)
        if k < 2:
            sums = sums[..., 0::2, :] + sums[..., 1::2, :]
            value = sums[..., 0::2] + sums[..., 1::2]
        else:
            value = sums.sum((2, 3), keepdim=True)
    places = frame.shape[-1] // 4 * (frame.shape[-2] // 4)
    value = (2 * value * (LARGEST // 4) ** 2 + places) // (2 * places)
    logits = run_chain(clust.last, value).flatten()
    weights = _softmax(logits, clust.multiplier, clust.shift, clust.exponential)
    return _divide(weights * 255, weights.sum(), clust.reciprocal)


def flow(refer: ReferBlock, query: Tensor, reference: Tensor) -> Tensor:
    """`golden.refqsr.refer_block.ReferBlock.flow` of (1, channels, height, width)."""
    rows, columns = (n // refer.pool for n in query.shape[-2:])
    cost = torch.einsum("ki,kj->ij", _describe(refer, query), _describe(refer, reference))
    weights = _softmax(cost, refer.multiplier, refer.shift, refer.exponential)
    total = weights.sum(1)
    place = torch.arange(rows * columns)
    found = []
    for at in (place // columns, place % columns):
        away = (weights * (at[None, :] - at[:, None])).sum(1)
        found.append(_divide(away * refer.pool * 16, total, refer.reciprocal))
    return torch.stack(found).reshape(2, rows, columns)


def _describe(refer: ReferBlock, features: Tensor) -> Tensor:
    p = refer.pool
    sums = (F.avg_pool2d(features.double(), p) * p * p).round().long()
    vectors = run_chain(refer.descriptor, sums)[0].flatten(1)
    squares = torch.clamp((vectors * vectors).sum(0), min=1)
    # Floor of half of what is above nine bits.
    half = torch.div(_length(squares) - 9, 2, rounding_mode="floor")
    table = torch.from_numpy(refer.inverse_root.astype(np.int64))
    root = table[_shift(squares, 2 * half) - 256]
    shift = 19 + half
    return (vectors * 127 * root + (torch.ones_like(shift) << (shift - 1))) >> shift


def _refer(refer: ReferBlock, query: Tensor, reference: Tensor) -> Tensor:
    way = flow(refer, query, reference)
    for axis in (1, 2):
        way = way.repeat_interleave(refer.pool, axis)
    joined = torch.cat([_warp(reference, way), query], 1)
    return torch.clamp(query + run_chain(refer.fusion, joined), -32768, 32767)


def _warp(features: Tensor, way: Tensor) -> Tensor:
    """Each of four neighbours gathered from the flat picture."""
    height, width = features.shape[-2:]
    y = (16 * torch.arange(height)[:, None] + way[0]).clamp(0, 16 * (height - 1))
    x = (16 * torch.arange(width) + way[1]).clamp(0, 16 * (width - 1))
    flat = features.flatten(2)
    total = torch.zeros_like(features)
    for down in (0, 1):
        for right in (0, 1):
            row = (y // 16 + down).clamp(max=height - 1)
            column = (x // 16 + right).clamp(max=width - 1)
            share = (y % 16 if down else 16 - y % 16) * (x % 16 if right else 16 - x % 16)
            taken = flat[:, :, (row * width + column).flatten()]
            total += taken.reshape(features.shape) * share
    return (total + 128) // 256


def _softmax(scores: Tensor, multiplier: int, shift: int, table: npt.NDArray[np.int32]) -> Tensor:
    below = scores.amax(-1, keepdim=True) - scores
    index = torch.clamp(below * multiplier // 2**shift, max=len(table) - 1)
    return torch.from_numpy(table.astype(np.int64))[index]


def _divide(x: Tensor, by: Tensor, table: npt.NDArray[np.int32]) -> Tensor:
    exponent = _length(by) - 9
    mantissa = _shift(by, exponent)
    product = x * torch.from_numpy(table.astype(np.int64))[mantissa - 256]
    shift = exponent + 23
    return (product + (torch.ones_like(shift) << (shift - 1))) >> shift


def _length(x: Tensor) -> Tensor:
    """Bits of each positive number, by counting."""
    return sum(((x >> k) > 0).long() for k in range(48))  # type: ignore[return-value]


def _shift(x: Tensor, right: Tensor) -> Tensor:
    return torch.where(right >= 0, x >> right.clamp(min=0), x << (-right).clamp(min=0))


def _first_largest(numbers: Sequence[int]) -> int:
    return numbers.index(max(numbers))


def _frame(picture: npt.NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(picture, -1, 0))[None]).long()


def _picture(planes: Tensor) -> npt.NDArray[np.uint8]:
    return planes[0].movedim(0, -1).numpy().astype(np.uint8)

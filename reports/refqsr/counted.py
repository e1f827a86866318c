"""BitOPs of real pictures: what an integer network did to them, from its trace."""

from __future__ import annotations

from lutscale.golden.errors import InputError
from lutscale.golden.layers import PixelShuffle, Residual
from lutscale.golden.refqsr.chain import Chain
from lutscale.golden.refqsr.convolution import QuantisedConvolution
from lutscale.golden.refqsr.network import Dispatch, Network, Trace
from lutscale.model.refqsr.architecture import Architecture
from lutscale.model.refqsr.parts import REFER_BLOCKS, ClustShape, ReferShape
from lutscale.reports.refqsr.bitops import FULL_BITS, Patch

__all__ = ["architecture_of", "is_full", "patches_of", "weight_bits"]


def architecture_of(network: Network) -> Architecture:
    """The description of the network that the integers were made of.

    Raises:
        InputError: they compute something else than any description says.
    """
    direct = sum(isinstance(layer, PixelShuffle) for layer in network.tail.layers) == 1
    direct = direct and isinstance(network.tail.layers[-1], PixelShuffle)
    below = any(isinstance(r, Residual) and r.source == 0 for r in network.tail.layers)
    last = _convolutions(network.tail)[-1][0]
    made = Architecture(
        "srresnet",
        network.scale,
        network.channels,
        len(network.blocks),
        network.head.convolution.side,
        last.side,
        direct,
        below,
    )
    outside = sum(_macs(chain) for chain in (network.head, network.tail))
    body = sum(
        _macs(next(iter(part.chains.values())))
        for block in network.blocks
        for part in (block.first, block.second)
    )
    if (outside + body, body) != (made.macs, made.body_macs):
        raise InputError(
            f"{network.name}: must have the {made.macs:,} multiplications for each LR pixel of an "
            f"SRResNet, not {outside + body:,}"
        )
    return made


def _convolutions(chain: Chain) -> list[tuple[QuantisedConvolution, int]]:
    """Convolutions with the scale of their planes."""
    outputs = chain.types[len(chain.inputs) :]
    return [
        (layer, given.scale)
        for layer, given in zip(chain.layers, outputs, strict=True)
        if isinstance(layer, QuantisedConvolution)
    ]


def _macs(chain: Chain) -> int:
    return sum(layer.weights.size * scale**2 for layer, scale in _convolutions(chain))


def is_full(network: Network) -> bool:
    """Whether its body keeps full precision, for which wide codes stand in integers."""
    return all(
        set(part.chains) == {12} for block in network.blocks for part in (block.first, block.second)
    )


def weight_bits(network: Network) -> int:
    """Of the body, as BitOPs count them."""
    if is_full(network):
        return FULL_BITS
    return next(iter(network.blocks[0].first.chains.values())).convolution.weight_bits


def patches_of(network: Network, trace: Trace, height: int, width: int) -> list[Patch]:
    """What ran on each patch of a picture, or on the picture as one.

    Args:
        trace: of `Network.run_traced`.
        height, width: of the picture, in LR pixels.
    """
    shape = architecture_of(network)
    names = [(first.name, second.name) for first, second in map(shape.block, range(shape.blocks))]
    if network.dispatch is None or trace.tiling is None:
        ran: list[tuple[int, dict[str, int]]] = [(height * width, {})]
    else:
        ran = _dispatched(network.dispatch, network.channels, trace)
    full = is_full(network)
    patches = []
    for (area, added), used in zip(ran, trace.bits, strict=True):
        bits: dict[str, int] = {}
        for block, chosen in zip(names, used, strict=False):
            bits |= zip(block, [FULL_BITS] * 2 if full else chosen, strict=True)
        patches.append(Patch(area, bits, added))
    return patches


def _dispatched(
    dispatch: Dispatch, channels: int, trace: Trace
) -> list[tuple[int, dict[str, int]]]:
    """Pixels of each patch, and what runs beside the network's own convolutions."""
    assert trace.tiling is not None
    size = trace.tiling.patch
    clust = ClustShape(dispatch.clust.stages[0].output.channels, dispatch.clust.classes)
    refer = dispatch.refer[0]
    shape = ReferShape(channels, refer.pool, channels // refer.descriptor.output.channels)
    leads = {end for n, end in enumerate(trace.pointers) if n != end}
    found = []
    for n, end in enumerate(trace.pointers):
        added = {"ClustBlock": clust.macs(*size)}
        if n != end:
            added |= {step: REFER_BLOCKS * macs for step, macs in shape.query_macs(*size)}
        elif n in leads:
            added["descriptors"] = REFER_BLOCKS * shape.reference_macs(*size)
        found.append((size[0] * size[1], added))
    return found

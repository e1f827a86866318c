"""Among which precisions the layers of a network choose."""

from __future__ import annotations

from lutscale.golden.refqsr.chain import Chain
from lutscale.golden.refqsr.mixed import MixedConvolution
from lutscale.golden.refqsr.network import Network

__all__ = ["chains_of", "choices_of"]


def chains_of(mixed: MixedConvolution, bits: int | None, where: str) -> list[Chain]:
    """A layer at all precisions at which it may run, the highest first.

    Args:
        mixed: the layer.
        bits: of it; None lets it choose.
        where: what a message calls it.

    Raises:
        ValueError: it has nothing to choose by.
    """
    if bits is not None:
        return [mixed.chains[bits]]
    if mixed.selector is not None:
        return [mixed.chains[given] for given in reversed(mixed.selector.bits)]
    if len(mixed.chains) > 1:
        raise ValueError(
            f"{where}: precision must be prescribed or chosen by a selector for the tile "
            "processor, but is neither"
        )
    return list(mixed.chains.values())


def choices_of(network: Network) -> int:
    """The number of precisions that layers choose among; 1 where none chooses.

    Raises:
        ValueError: it differs between layers.
    """
    if network.dispatch is not None and network.dispatch.high is not None:
        return 1
    counts = {
        len(mixed.selector.bits)
        for block in network.blocks
        for mixed in (block.first, block.second)
        if mixed.selector is not None
    } - {1}
    if len(counts) > 1:
        raise ValueError(
            "layers must choose among one number of precisions for the tile processor, not "
            f"{' and '.join(map(str, sorted(counts)))}"
        )
    return max(counts, default=1)

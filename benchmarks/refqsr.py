"""Where a network with references and queries (RefQSR) loses quality, step by step.

    python -m benchmarks.refqsr srresnet-s-pams8-refqsr-x4 --data FOLDER

Each way is the same integer network, run another way: as a whole at high precision; cut into
patches, all of them references; with references and queries, but these at high precision, too; as
it is; with RefER's fusion at zero; and with the references that the paper's pointers name. PSNR is
of luma, the mean over the pictures.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import click
import numpy as np
import numpy.typing as npt

from lutscale.golden.command import Command, one_line_errors, program_argument
from lutscale.golden.errors import InputError
from lutscale.golden.model_file import load
from lutscale.golden.pictures.folder import list_images
from lutscale.golden.refqsr.chain import Chain
from lutscale.golden.refqsr.clust_block import pointers
from lutscale.golden.refqsr.convolution import QuantisedConvolution
from lutscale.golden.refqsr.mixed import MixedConvolution, ResidualBlock
from lutscale.golden.refqsr.network import Dispatch, Network
from lutscale.golden.refqsr.patches import tiling_of
from lutscale.golden.refqsr.refer_block import ReferBlock
from lutscale.reports.scores import Trial, pair, score

__all__ = ["main", "ways", "without_refer"]

Picture = npt.NDArray[np.uint8]


def without_refer(network: Network) -> Network:
    """The network whose RefER blocks add nothing.

    Raises:
        InputError: it has none.
    """
    dispatch = _dispatch(network)

    def idle(block: ReferBlock) -> ReferBlock:
        layers = tuple(
            QuantisedConvolution(0 * layer.weights, 0 * layer.bias, layer.weight_bits)
            if isinstance(layer, QuantisedConvolution)
            else layer
            for layer in block.fusion.layers
        )
        return replace(block, fusion=Chain("fusion", block.fusion.inputs, layers))

    first, second = dispatch.refer
    return replace(network, dispatch=replace(dispatch, refer=(idle(first), idle(second))))


def _dispatch(network: Network) -> Dispatch:
    if network.dispatch is None:
        raise InputError(f"{network.name}: must have references and queries, but has none")
    return network.dispatch


def _whole(network: Network) -> Network:
    """The network without patches, at high precision."""
    high = _dispatch(network).high

    def only(part: MixedConvolution) -> MixedConvolution:
        return part if high is None else MixedConvolution({high: part.chains[high]})

    blocks = tuple(ResidualBlock(only(b.first), only(b.second)) for b in network.blocks)
    return replace(network, blocks=blocks, dispatch=None)


def ways(network: Network, lr: Picture) -> Iterator[tuple[str, Picture]]:
    """(way, enlarged picture) of each way.

    Raises:
        InputError: the network has no references, or the picture is too small.
    """
    yield "whole, high", _whole(network).run_image(lr)
    tiling = tiling_of(*lr.shape[:2])
    patches = tiling.cut(lr)
    made, _ = network.run_patches(patches, tuple(range(len(patches))))
    yield "patches, all high", tiling.merge(made, network.scale)
    dispatch = _dispatch(network)
    if dispatch.high is not None:
        alike = replace(network, dispatch=replace(dispatch, low=dispatch.high))
        yield "queries at high precision", alike.run_image(lr)
    yield "as it is", network.run_image(lr)
    yield "without RefER", without_refer(network).run_image(lr)
    ends = pointers(np.stack([dispatch.clust.probabilities(patch) for patch in patches]))
    made, _ = network.run_patches(patches, ends)
    yield "references as pointed to", tiling.merge(made, network.scale)


@click.command(cls=Command)
@program_argument
@click.option("--data", type=click.Path(path_type=Path), required=True, help="A folder of images.")
@one_line_errors
def main(program: Path, data: Path) -> None:
    """Measure PSNR of PROGRAM run in several ways; a line of JSON each."""
    network = load(program)
    if not isinstance(network, Network):
        raise InputError(f"{network.name}: must have references and queries, but has none")
    found: dict[str, list[float]] = {}
    for number, path in enumerate(list_images(data)):
        wanted, given, _ = pair(path, Trial(network.scale), number)
        for way, made in ways(network, given):
            found.setdefault(way, []).append(score(made, wanted, network.scale)[0])
    for way, levels in found.items():
        click.echo(
            json.dumps({"program": network.name, "way": way, "psnr": round(fmean(levels), 3)})
        )


if __name__ == "__main__":
    main()

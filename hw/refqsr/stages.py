"""Chains of a network as convolutions with what stands around each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lutscale.golden.layers import PixelShuffle, Requantise, Residual
from lutscale.golden.layers.layer import Layer
from lutscale.golden.refqsr.chain import Chain
from lutscale.golden.refqsr.convolution import QuantisedConvolution
from lutscale.golden.value import ValueType

__all__ = ["Stage", "phase_order", "stages_of"]


@dataclass(frozen=True, eq=False)
class Stage:
    """A convolution of codes, and the layers around it.

    Attributes:
        before: what makes its codes; None where they are the picture.
        convolution: of the codes.
        codes: their type.
        after: accumulators to features; None keeps them.
        residual: added then, or None.
        final: to pixels, or None.
        scale: of the pixel shuffle behind, or 1.
    """

    before: Requantise | None
    convolution: QuantisedConvolution
    codes: ValueType
    after: Requantise | None = None
    residual: Residual | None = None
    final: Requantise | None = None
    scale: int = 1


def stages_of(chain: Chain) -> list[Stage]:
    """The convolutions of a chain, in order.

    Raises:
        ValueError: layers stand otherwise than the tile processor runs them: requantise,
            convolution, requantise, residual, and in the end requantise and pixel shuffle; or a
            requantise has a bias, ranges of its own for channels or an even divisor.
    """
    layers, types = list(chain.layers), chain.types[len(chain.inputs) - 1 :]
    for layer in layers:
        if isinstance(layer, Requantise):
            _check(chain.name, layer)
    found, at = [], 0
    while at < len(layers):
        before, at = _take(layers, at, Requantise)
        convolution, at = _take(layers, at, QuantisedConvolution)
        if not isinstance(convolution, QuantisedConvolution):
            raise ValueError(_order(chain))
        codes = types[at - 1]
        after, at = _take(layers, at, Requantise)
        residual, at = _take(layers, at, Residual)
        final = shuffle = None
        if not any(isinstance(layer, QuantisedConvolution) for layer in layers[at:]):
            final, at = _take(layers, at, Requantise)
            shuffle, at = _take(layers, at, PixelShuffle)
            if at != len(layers):
                raise ValueError(_order(chain))
        assert before is None or isinstance(before, Requantise)
        assert after is None or isinstance(after, Requantise)
        assert residual is None or isinstance(residual, Residual)
        assert final is None or isinstance(final, Requantise)
        scale = shuffle.scale if isinstance(shuffle, PixelShuffle) else 1
        found.append(Stage(before, convolution, codes, after, residual, final, scale))
    return found


def phase_order(layer: QuantisedConvolution, phases: int) -> list[list[int]]:
    """The outputs of each row of HR pixels: pixel by pixel, R, G and B together."""
    if phases == 1:
        return [list(range(layer.outputs))]
    colours = layer.outputs // phases**2
    return [
        [(c * phases + i) * phases + j for j in range(phases) for c in range(colours)]
        for i in range(phases)
    ]


def _take(layers: Sequence[Layer], at: int, kind: type[Layer]) -> tuple[Layer | None, int]:
    """The layer at a place if it is of that kind, and the place behind it."""
    if at < len(layers) and isinstance(layers[at], kind):
        return layers[at], at + 1
    return None, at


def _order(chain: Chain) -> str:
    kinds = ", ".join(layer.kind for layer in chain.layers)
    return (
        f"{chain.name}: layers must be [requantise,] quantised_convolution, requantise [, "
        f"residual] again and again, then [requantise,] [pixel_shuffle] for the tile "
        f"processor, not {kinds}"
    )


def _check(name: str, layer: Requantise) -> None:
    plain = layer.channel_lo is None and layer.channel_hi is None
    if layer.bias or layer.even_divisor or not plain:
        raise ValueError(
            f"{name}: requantise must have no bias, no even_divisor and one range for the tile "
            "processor, but has"
        )

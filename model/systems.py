"""The systems of the literature as configurations of the same layers."""

from __future__ import annotations

from collections.abc import Callable

from model.layers import PixelShuffleTwin, RequantiseTwin, ResidualTwin, TapTablesTwin, Twin
from model.network import Network

__all__ = ["SYSTEMS", "ecnn", "iqlut"]


def iqlut(
    scale: int,
    *,
    channels: int = 16,
    blocks: int = 2,
    nodes: int | None = 5,
    entry_bits: int = 8,
    learn_nodes: bool = True,
    residual: bool = True,
    last_kernel: int = 3,
) -> Network:
    """IQ-LUT (arXiv 2604.07000), our reconstruction: one 3x3 layer into ``channels``,
    ``blocks`` residual 3x3 blocks, and one layer into the r x r patch, added to the frame
    upsampled bilinearly.

    Args:
        nodes: per table; None makes the tables direct.
        residual: whether blocks add their input.
        last_kernel: side of the last layer's kernel.
    """

    def taps(inputs: int, outputs: int, side: int = 3, **options: object) -> TapTablesTwin:
        return TapTablesTwin(
            inputs,
            outputs,
            (side, side),
            nodes=nodes,
            entry_bits=entry_bits,
            learn_nodes=learn_nodes,
            **options,  # type: ignore[arg-type]
        )

    layers: list[Twin] = [taps(1, channels, code_signed=False), RequantiseTwin(-128, 127)]
    for _ in range(blocks):
        source = len(layers)
        layers.append(taps(channels, channels, spread=0.2 if residual else 0.5))
        if residual:
            layers += [RequantiseTwin(-255, 255), ResidualTwin(source, -128, 127)]
        else:
            layers.append(RequantiseTwin(-128, 127))
    # The bilinear residual is exact in units of 1/denominator**2: the delta joins it there.
    unit = (scale if scale % 2 else 2 * scale) ** 2
    layers += [
        taps(channels, scale**2, last_kernel, spread=0.05),
        RequantiseTwin(-255 * unit, 255 * unit, factor=unit),
        ResidualTwin(0, -510 * unit, 510 * unit, "bilinear", scale),
        RequantiseTwin(0, 255, factor=1 / unit),
        PixelShuffleTwin(scale),
    ]
    return Network(scale, layers)


def ecnn(scale: int, *, channels: int = 16, blocks: int = 2) -> Network:
    """ECNN (ACM MM 2024): the same shape with full direct tables of 256 levels, no blocks'
    residual. The frame's bilinear residual is kept, so that both start from the same picture.
    """
    return iqlut(scale, channels=channels, blocks=blocks, nodes=None, residual=False)


SYSTEMS: dict[str, Callable[[], Network]] = {
    "iqlut-s-x2": lambda: iqlut(2),
    "iqlut-s-x3": lambda: iqlut(3),
    "iqlut-s-x4": lambda: iqlut(4),
    "iqlut-tiny-x4": lambda: iqlut(4, channels=4, blocks=1, last_kernel=1),
    "ecnn-s-x4": lambda: ecnn(4),
    "ecnn-tiny-x2": lambda: ecnn(2, channels=4, blocks=1),
}
"""Networks by the name of the program they become."""

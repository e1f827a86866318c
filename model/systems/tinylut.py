"""TinyLUT, for super-resolution and for denoising."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from lutscale.golden.task import ENLARGE, Task
from lutscale.golden.validate import require_int
from lutscale.model.layers import (
    DiscretiseTwin,
    EnsembleTwin,
    PixelShuffleTwin,
    RequantiseTwin,
    ResidualTwin,
    SplitTwin,
    TapTablesTwin,
    Twin,
)
from lutscale.model.network import Network

__all__ = ["tinylut"]


_DIVISORS = (4, 8, 16, 16)


def tinylut(
    scale: int,
    *,
    channels: int = 16,
    blocks: int = 0,
    codes: float = 54.6,
    lines: int = 0,
    divisors: Sequence[int] = _DIVISORS,
    sigma: float = 0,
) -> Network:
    """TinyLUT (NeurIPS 2024): depthwise tap tables for what lies around, pointwise for the rest.

    Without blocks it is TinyLUT-S: the high 6 and the low 2 bits of a pixel pass a layer of 3x3
    and two of 1x1 taps, each adding its input, in four rotations. With blocks it is our form of
    TinyLUT-F: both parts meet in the first layer, blocks of a depthwise and a pointwise layer
    follow, and nothing is rotated.

    Args:
        scale: r; 1 for a denoiser.
        codes: that a channel of a layer may have, in the mean; with both parts together in S.
        lines: nodes of the broken lines that tables of F are at first; 0 trains entries from the
            first step.
        divisors: of the sums of F's first layer, of its depthwise, pointwise and last layers: the
            smaller, the more a step of training moves.
        sigma: of the noise to take off; 0 to enlarge.
    """
    task = Task("denoise", sigma) if sigma else ENLARGE
    if blocks:
        if len(divisors) != 4:
            raise ValueError(f"divisors must be four numbers, not {len(divisors)}")
        for k, divisor in enumerate(divisors):
            require_int(f"divisors[{k}]", divisor, 1, 128)
        return Network(scale, _tinylut_f(scale, channels, blocks, codes, lines, divisors), task)
    if lines:
        raise ValueError(f"lines must be 0 without blocks, not {lines}")
    if tuple(divisors) != _DIVISORS:
        raise ValueError(f"divisors must be {list(_DIVISORS)} without blocks, not {list(divisors)}")
    return Network(scale, _tinylut_s(scale, channels, codes), task)


# The two parts of a signed pixel.
_HIGH, _LOW = (-32, 31), (0, 3)


def _tinylut_s(scale: int, channels: int, codes: float) -> list[Twin]:
    rotations, parts = 4, 2
    ranges = [_HIGH] * channels + [_LOW] * channels
    lows, highs = zip(*ranges * rotations, strict=True)
    limits: dict[str, Any] = {"channel_lo": lows, "channel_hi": highs}
    shared: dict[str, Any] = {
        "nodes": None,
        "learn_scale": False,
        "bend": 8,
        "groups": parts,
        "rotations": rotations,
    }
    own = tuple(int(k) for k in np.tile(np.repeat([0, 1], channels), rotations))
    first = TapTablesTwin(
        parts,
        parts * channels,
        (3, 3),
        code_ranges=[_HIGH, _LOW],
        origin=(2, 2),
        border="reflect",
        **shared,
    )
    layers: list[Twin] = [
        SplitTwin(2, 32),
        first,
        RequantiseTwin(-128, 127, divisor=9),
        ResidualTwin(1, *_HIGH, channels=own, **limits),
    ]

    def pointwise(outputs: int, spread: float) -> TapTablesTwin:
        most = int(codes * channels)
        scales = DiscretiseTwin(ranges, [1.0] * len(ranges), rotations=rotations, most=most)
        table = TapTablesTwin(
            parts * channels,
            parts * outputs,
            (1, 1),
            code_ranges=ranges,
            discretise=scales,
            spread=spread,
            **shared,
        )
        layers.extend([scales, table])
        return table

    pointwise(channels, 0.5)
    codes_read = len(layers) - 1
    layers += [
        RequantiseTwin(-128, 127, divisor=channels),
        ResidualTwin(codes_read, *_HIGH, **limits),
    ]
    last = pointwise(scale**2, 0.1)
    codes_read = len(layers) - 1
    # Quarters are kept until parts and rotations are added, or rounding would cost 0.04 dB.
    unit = 4
    top = 128 * unit
    layers.append(RequantiseTwin(-top, top - 1, factor=unit, divisor=channels))
    ensemble = EnsembleTwin(rotations, parts, scale, -top, top - 1)
    if channels == scale**2:
        _start_as_nearest(last, channels)
        return [
            *layers,
            ResidualTwin(codes_read, -2 * top, 2 * top - 1, gain=unit),
            ensemble,
            RequantiseTwin(0, 255, divisor=unit, bias=top),
            PixelShuffleTwin(scale),
        ]
    # There is no input for each output to add: the frame is added, once.
    frame: dict[str, Any] = {"upsample": "nearest", "scale": scale} if scale > 1 else {}
    return [
        *layers,
        ensemble,
        ResidualTwin(0, -4 * top, 6 * top, gain=unit, **frame),
        RequantiseTwin(0, 255, divisor=unit),
        *([PixelShuffleTwin(scale)] if scale > 1 else []),
    ]


@torch.no_grad()
def _start_as_nearest(last: TapTablesTwin, channels: int) -> None:
    """Make what four rotations of the last layer and its input add up to the signed pixel."""
    (discretise,) = last.discretise
    assert discretise is not None
    for c, ((lo, hi), scale) in enumerate(
        zip(discretise.ranges, discretise.scales.tolist(), strict=True)
    ):
        # Each rotation gives its share: a quarter of 4 * high + low.
        gain = 1.0 if c < channels else 0.25
        line = torch.arange(lo, hi + 1) * (gain / scale - 1)
        last.entries[c % channels, c, :, 0, 0][: len(line)] += line * channels / 128


def _tinylut_f(
    scale: int, channels: int, blocks: int, codes: float, lines: int, divisors: Sequence[int]
) -> list[Twin]:
    values = (-128, 127)
    first, around, across, last = divisors
    layers: list[Twin] = [
        SplitTwin(2, 32),
        TapTablesTwin(
            2,
            channels,
            (3, 3),
            nodes=None,
            learn_scale=False,
            bend=8,
            lines=lines,
            code_ranges=[_HIGH, _LOW],
        ),
        RequantiseTwin(*values, divisor=first),
    ]

    def taps(outputs: int, side: int, groups: int, spread: float) -> None:
        discretise = DiscretiseTwin(
            [values] * channels,
            [codes / 256] * channels,
            most=int(codes * channels),
            top=0.496,
        )
        table = TapTablesTwin(
            channels,
            outputs,
            (side, side),
            nodes=None,
            learn_scale=False,
            bend=8,
            lines=lines,
            spread=spread,
            code_ranges=[(-64, 63)] * channels,
            discretise=discretise,
            groups=groups,
        )
        layers.extend([discretise, table])

    for _ in range(blocks):
        for side, groups, divisor in ((3, channels, around), (1, 1, across)):
            source = len(layers)
            # What a block adds has a standard deviation of 13 codes at most at the start.
            taps(channels, side, groups, min(0.5, divisor / 10))
            layers.append(RequantiseTwin(-255, 255, divisor=divisor))
            layers.append(ResidualTwin(source, *values))
    taps(scale**2, 1, 1, 0.2)
    return [*layers, *_onto_frame(scale, last)]


def _onto_frame(scale: int, divisor: int) -> list[Twin]:
    """Sums, in so many parts of a level, are added to the frame upsampled bilinearly."""
    if scale == 1:
        unit = 16
        residual = ResidualTwin(0, -510 * unit, 510 * unit, gain=unit)
    else:
        # The bilinear residual is exact in units of 1/denominator**2.
        unit = (scale if scale % 2 else 2 * scale) ** 2
        residual = ResidualTwin(0, -510 * unit, 510 * unit, "bilinear", scale)
    top = 255 * unit
    last: list[Twin] = [
        RequantiseTwin(-top, top, factor=unit, divisor=divisor),
        residual,
        RequantiseTwin(0, 255, divisor=unit),
    ]
    return [*last, PixelShuffleTwin(scale)] if scale > 1 else last

"""The systems of the literature as configurations of the same layers."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

from golden.errors import InputError
from model.import_tables import HKLUT_PATTERNS
from model.layers import (
    ChannelShiftTwin,
    DiscretiseTwin,
    EnsembleTwin,
    PatternTablesTwin,
    PixelShuffleTwin,
    RequantiseTwin,
    ResidualTwin,
    SplitTwin,
    TapTablesTwin,
    Twin,
)
from model.layers.pattern_tables import PatternShape
from model.network import Network

__all__ = ["SYSTEMS", "build", "ecnn", "hklut", "iqlut", "tinylut"]


def iqlut(
    scale: int,
    *,
    channels: int = 16,
    blocks: int = 2,
    nodes: int | Sequence[int | None] | None = 5,
    entry_bits: int | Sequence[int] = 8,
    learn_nodes: bool = True,
    residual: bool = True,
    frame_residual: bool = True,
    first_kernel: int = 3,
    block_kernels: Sequence[Sequence[int]] = ((3, 3),),
    last_kernel: int = 3,
    depthwise: bool = False,
    shift: bool = False,
    shared: bool = False,
) -> Network:
    """IQ-LUT (arXiv 2604.07000), our reconstruction: one layer into ``channels``, ``blocks``
    that add their input, and one layer into the r x r patch, added to the frame upsampled
    bilinearly.

    Args:
        nodes: per table; None makes the tables direct. A list has one for each layer of tables.
        entry_bits: of all tables, or a list.
        learn_nodes: whether nodes move from uniform positions.
        residual: whether blocks add their input.
        frame_residual: whether the result is added to the frame.
        first_kernel, last_kernel: side of the first and of the last layer's kernel.
        block_kernels: (height, width) of each layer of a block.
        depthwise: whether kernels of blocks larger than 1x1 read their own channel only.
        shift: whether channels shift, each its own way, in front of each block (ShiftLUT).
        shared: whether all blocks read the tables of the first.

    Raises:
        InputError: a list of another length than there are layers of tables.
    """
    count = 2 + blocks * len(block_kernels)
    counts = _for_each("nodes", nodes, count)
    bits = _for_each("entry_bits", entry_bits, count)
    made = 0

    def taps(inputs: int, outputs: int, kernel: Sequence[int], **options: Any) -> TapTablesTwin:
        nonlocal made
        height, width = kernel
        made += 1
        return TapTablesTwin(
            inputs,
            outputs,
            (height, width),
            nodes=counts[made - 1],
            entry_bits=bits[made - 1],
            learn_nodes=learn_nodes,
            # Entries of direct tables see few pixels each: a broken line moves many at once.
            bend=16 if counts[made - 1] is None else 0,
            **options,
        )

    layers: list[Twin] = [
        taps(1, channels, (first_kernel, first_kernel), code_signed=False),
        RequantiseTwin(-128, 127),
    ]
    spread = 0.2 if residual else 0.5
    block: list[TapTablesTwin] = []
    for _ in range(blocks):
        source = len(layers)
        if shift:
            layers.append(ChannelShiftTwin([_AROUND[c % 9] for c in range(channels)]))
        if not (shared and block):
            block = []
            for kernel in block_kernels:
                groups = channels if depthwise and max(kernel) > 1 else 1
                block.append(taps(channels, channels, kernel, spread=spread, groups=groups))
        for table in block:
            layers += [table, RequantiseTwin(-128, 127)]
        if residual:
            layers[-1:] = [RequantiseTwin(-255, 255), ResidualTwin(source, -128, 127)]
    # Shared blocks have made fewer tables than the lists count.
    made = count - 1
    last = (last_kernel, last_kernel)
    if not frame_residual:
        layers += [taps(channels, scale**2, last), RequantiseTwin(0, 255), PixelShuffleTwin(scale)]
        return Network(scale, layers)
    # The bilinear residual is exact in units of 1/denominator**2: the delta joins it there.
    unit = (scale if scale % 2 else 2 * scale) ** 2
    layers += [
        taps(channels, scale**2, last, spread=0.05),
        RequantiseTwin(-255 * unit, 255 * unit, factor=unit),
        ResidualTwin(0, -510 * unit, 510 * unit, "bilinear", scale),
        RequantiseTwin(0, 255, factor=1 / unit),
        PixelShuffleTwin(scale),
    ]
    return Network(scale, layers)


# Where the channels of a shift read: the pixel and its eight neighbours.
_AROUND = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1))


def _for_each(name: str, given: Any, count: int) -> list[Any]:
    """``given`` for each of ``count`` layers; a list is taken as it is."""
    if not isinstance(given, list | tuple):
        return [given] * count
    if len(given) != count:
        raise InputError(f"{name} must be one number or {count}, one a layer, not {len(given)}")
    return list(given)


def ecnn(scale: int, *, channels: int = 16, blocks: int = 2, last_kernel: int = 3) -> Network:
    """ECNN (ACM MM 2024): the same shape with full direct tables of 256 levels, no blocks'
    residual. The frame's bilinear residual is kept, so that both start from the same picture.
    """
    return iqlut(
        scale,
        channels=channels,
        blocks=blocks,
        last_kernel=last_kernel,
        nodes=None,
        residual=False,
    )


def hklut(stages: Sequence[int] = (2, 2), *, width: int = 64, depth: int = 4) -> Network:
    """HKLUT (IJCAI 2024): stages that add what patterns of high and of low bits say to the
    nearest pixel. Values are sixths of a level, also between the stages.

    Args:
        stages: the scale of each stage.
        width, depth: of the networks behind the tables.
    """
    sixths = 6  # sums are means of 3 and of 2 patterns
    layers: list[Twin] = []
    for number, scale in enumerate(stages):
        source = len(layers)
        if number:
            # The floor, which is what codes are read from.
            layers.append(RequantiseTwin(0, 255, divisor=sixths, bias=-(sixths // 2)))
        shapes = [
            PatternShape(
                offsets,
                shift=4 if branch == "MSB" else 0,
                gain=2 if branch == "MSB" else 3,
                border="reflect" if branch == "MSB" else "replicate",
            )
            for branch, letters in HKLUT_PATTERNS.items()
            for offsets in letters.values()
        ]
        gain = 1 if number else sixths
        layers += [
            PatternTablesTwin(shapes, scale, width=width, depth=depth),
            ResidualTwin(source, 0, 255 * sixths, "nearest", scale, gain),
        ]
        if number == len(stages) - 1:
            layers.append(RequantiseTwin(0, 255, divisor=sixths))
        layers.append(PixelShuffleTwin(scale))
    return Network(math.prod(stages), layers)


def tinylut(
    scale: int,
    *,
    channels: int = 16,
    blocks: int = 0,
    codes: float = 54.6,
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
        sigma: of the noise to take off.
    """
    body = _tinylut_f if blocks else _tinylut_s
    return Network(scale, body(scale, channels, blocks, codes), sigma)


# The two parts of a signed pixel.
_HIGH, _LOW = (-32, 31), (0, 3)


def _tinylut_s(scale: int, channels: int, _blocks: int, codes: float) -> list[Twin]:
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


def _tinylut_f(scale: int, channels: int, blocks: int, codes: float) -> list[Twin]:
    values = (-128, 127)
    layers: list[Twin] = [
        SplitTwin(2, 32),
        TapTablesTwin(
            2, channels, (3, 3), nodes=None, learn_scale=False, bend=8, code_ranges=[_HIGH, _LOW]
        ),
        RequantiseTwin(*values, divisor=4),
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
            spread=spread,
            code_ranges=[(-64, 63)] * channels,
            discretise=discretise,
            groups=groups,
        )
        layers.extend([discretise, table])

    for _ in range(blocks):
        for side, groups, divisor in ((3, channels, 8), (1, 1, 16)):
            source = len(layers)
            taps(channels, side, groups, 0.5)
            layers.append(RequantiseTwin(-255, 255, divisor=divisor))
            layers.append(ResidualTwin(source, *values))
    taps(scale**2, 1, 1, 0.2)
    return [*layers, *_onto_frame(scale, 16)]


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


# Narrow and deep: three nodes of six bits leave bytes for layers, which need line buffers.
_S: dict[str, Any] = {
    "blocks": 5,
    "nodes": [5, *[3] * 6],
    "entry_bits": [8, *[6] * 5, 8],
    "first_kernel": 5,
}

SYSTEMS: dict[str, Callable[..., Network]] = {
    "iqlut-s-x2": partial(iqlut, 2, **_S),
    "iqlut-s-x3": partial(iqlut, 3, **_S),
    "iqlut-s-x4": partial(iqlut, 4, **_S),
    # As s in bytes, but few layers: on-chip within 100 KB at 480 pixels a line.
    "iqlut-hd-x2": partial(iqlut, 2),
    "iqlut-hd-x4": partial(iqlut, 4),
    "iqlut-xs-x4": partial(iqlut, 4, channels=12, first_kernel=5),
    "iqlut-l-x4": partial(
        iqlut,
        4,
        channels=24,
        blocks=7,
        nodes=[5, *[3] * 8],
        entry_bits=[8, *[6] * 7, 8],
        first_kernel=5,
    ),
    "iqlut-tiny-x4": partial(iqlut, 4, channels=4, blocks=1, last_kernel=1),
    "hklut-s-x4": hklut,
    "tinylut-s-x4": partial(tinylut, 4),
    "tinylut-f-x4": partial(tinylut, 4, blocks=5, codes=40),
    **{
        f"tinylut-f-denoise-{sigma}": partial(tinylut, 1, blocks=5, codes=40, sigma=sigma)
        for sigma in (15, 25, 50)
    },
    "ecnn-s-x4": partial(ecnn, 4),
    "ecnn-tiny-x4": partial(ecnn, 4, channels=4, blocks=1, last_kernel=1),
    "ecnn-tiny-x2": partial(ecnn, 2, channels=4, blocks=1),
}
"""Networks by the name of the program they become; arguments change what the name stands for."""


def build(name: str, options: Mapping[str, Any] | None = None) -> Network:
    """The network of that name, with other options than its own.

    Raises:
        InputError: no such name or option, or an option that does not fit.
    """
    if name not in SYSTEMS:
        raise InputError(f"name must be one of {', '.join(SYSTEMS)}, not {name!r}")
    made = SYSTEMS[name]
    known = [
        parameter.name
        for parameter in inspect.signature(made).parameters.values()
        if parameter.kind == parameter.KEYWORD_ONLY
    ]
    for option in options or {}:
        if option not in known:
            raise InputError(f"options of {name} must be among {', '.join(known)}, not {option!r}")
    try:
        return made(**(options or {}))
    except (TypeError, ValueError) as error:
        raise InputError(f"options of {name} must fit each other: {error}") from None

"""Valid programs and frames, drawn at random, for the tests of every package.

`programs` and `frames` are hypothesis strategies; `example_program` and `example_frame` give the
same kind of thing from a seed. What is drawn is the shape of a program: its tables come from one
seed, so that examples stay small.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from lutscale.golden.layers import Layer, PixelShuffle, Requantise, Residual, TapTables
from lutscale.golden.layers.layer import Array
from lutscale.golden.layers.residual import bilinear_taps
from lutscale.golden.program import Program
from lutscale.golden.quantiser import Quantiser

__all__ = [
    "KERNELS",
    "THIN_KERNELS",
    "Builder",
    "example_frame",
    "example_program",
    "frames",
    "make_quantiser",
    "programs",
]

T = TypeVar("T")
Choose = Callable[[Sequence[Any]], Any]

THIN_KERNELS = ((1, 1), (1, 3), (3, 1), (1, 2), (2, 1))
"""Kernels with a side of 1: no 3 x 3 neighbourhood of the frame can be cut on their way."""

KERNELS = (*THIN_KERNELS, (2, 2), (3, 3), (3, 2), (2, 3), (5, 3), (4, 4), (1, 5))

SPACINGS = ("uniform", "uneven", "any")


def make_quantiser(
    random: np.random.Generator,
    code_bits: int,
    nodes: int,
    fraction_bits: int,
    spacing: str = "uniform",
) -> Quantiser:
    """A quantiser ROM.

    Args:
        spacing: "uniform" or "uneven" nodes in order, or "any" words that the format allows.
    """
    codes, one = 1 << code_bits, 1 << fraction_bits
    if spacing == "any":
        segment = random.integers(0, nodes - 1, codes, dtype=np.int32)
        weight = random.integers(0, one, codes, dtype=np.int32)
        return Quantiser(segment, weight, nodes, fraction_bits)
    steps = np.ones(nodes - 1) if spacing == "uniform" else random.uniform(0.2, 1.0, nodes - 1)
    places = np.concatenate([[0.0], np.cumsum(steps)]) * (codes - 1) / steps.sum()
    code = np.arange(codes)
    segment = np.clip(np.searchsorted(places, code, side="right") - 1, 0, nodes - 2)
    segment = segment.astype(np.int32)
    inside = (code - places[segment]) / (places[segment + 1] - places[segment])
    weight = np.clip(np.floor(inside * one + 0.5), 0, one - 1).astype(np.int32)
    return Quantiser(segment, weight, nodes, fraction_bits)


class Builder:
    """Layers put together one by one, with their values on a probe frame.

    The probe tells how large accumulators really get, so that codes use their range.
    """

    def __init__(self, choose: Choose, seed: int) -> None:
        self.choose, self.random = choose, np.random.default_rng(seed)
        self.layers: list[Layer] = []
        probe = self.random.integers(0, 256, (1, 12, 12))
        self.values: list[Array] = [probe.astype(np.int32)]
        # Numbers of the values that are codes, the plane of pixels first; accumulators are no
        # sources of residuals, nor are values of another scale.
        self.codes = [0]

    def add(self, layer: Layer) -> None:
        self.layers.append(layer)
        self.values.append(layer.fast(self.values))

    @property
    def channels(self) -> int:
        return self.values[-1].shape[0]

    def requantise(
        self, lo: int, hi: int, fill: float = 1.0, *, alike: Sequence[int] | None = None
    ) -> None:
        """Bring the last value into ``lo..hi``, most of it not clamped, each channel by itself.

        Args:
            fill: how much of the range to use.
            alike: for each channel, the one whose multiplier it has.
        """
        given = self.values[-1].reshape(self.channels, -1).astype(float)
        large = np.abs(given) if lo < 0 else given
        top = np.maximum(np.percentile(large, 90, axis=1), 1.0)
        ratio = fill * max(hi, -lo) / top * self.random.uniform(0.6, 1.4, self.channels)
        if alike is not None:
            ratio = ratio[list(alike)]
        shift = int(np.clip(np.floor(np.log2(65535 / ratio.max())), 1, 40))
        shift = max(shift - int(self.random.integers(0, 8)), 1)
        multiplier = np.clip(np.floor(ratio * 2.0**shift + 0.5), 1, 65535).astype(np.int32)
        self.add(Requantise(multiplier, shift, lo, hi))

    def tap_tables(
        self,
        kernel: tuple[int, int],
        out_channels: int,
        *,
        code_bits: int,
        code_signed: bool,
        nodes: int | None,
        positive: bool,
    ) -> None:
        """Random tables; ``positive`` ones lean so that unsigned codes come of them."""
        entry_bits = self.choose((8, 2, 3, 4, 5, 6, 7))
        half = 1 << (entry_bits - 1)
        levels = 1 << code_bits if nodes is None else nodes
        low = -(half // 4) if positive else -half
        shape = (self.channels, *kernel, levels, out_channels)
        entries = self.random.integers(low, half, shape, dtype=np.int32)
        quantiser = None
        if nodes is not None:
            fraction_bits, spacing = self.choose(range(1, 9)), self.choose(SPACINGS)
            quantiser = make_quantiser(self.random, code_bits, nodes, fraction_bits, spacing)
        self.add(TapTables(entries, entry_bits, code_bits, code_signed, quantiser))


def _code_range(bits: int, signed: bool) -> tuple[int, int]:
    low = -(1 << (bits - 1)) if signed else 0
    return low, low + (1 << bits) - 1


def _build(
    choose: Choose,
    seed: int,
    *,
    scales: Sequence[int],
    max_taps: int,
    max_channels: int,
    kernels: Sequence[tuple[int, int]],
    frame_residual: str | None,
) -> Program:
    """One pass for each of ``scales``, the later ones at the scale that the others reached."""
    b = Builder(choose, seed)
    for scale in scales:
        _pass(
            b,
            scale,
            max_taps=max_taps,
            max_channels=max_channels,
            kernels=kernels,
            frame_residual=frame_residual,
        )
    return Program(f"random-{seed}", math.prod(scales), tuple(b.layers), {"seed": seed})


def _pass(
    b: Builder,
    scale: int,
    *,
    max_taps: int,
    max_channels: int,
    kernels: Sequence[tuple[int, int]],
    frame_residual: str | None,
) -> None:
    """From one plane of pixels to one that is ``scale`` times as large."""
    choose = b.choose
    b.codes = [len(b.values) - 1]
    taps = choose(range(1, max_taps + 1))
    patch = scale**2
    if frame_residual is None:
        frame_residual = choose(("bilinear", "nearest", "none") if scale > 1 else ("same", "none"))
    selections = [_selection(choose, first=not t) for t in range(taps)]
    for t, (code_bits, signed, nodes) in enumerate(selections):
        lo, hi = _code_range(code_bits, signed)
        if t or (lo, hi) != (0, 255):
            _make_codes(b, lo, hi)
        last = t == taps - 1
        channels = patch if last else choose((b.channels, b.channels, *range(1, max_channels + 1)))
        b.tap_tables(
            choose(kernels),
            channels,
            code_bits=code_bits,
            code_signed=signed,
            nodes=nodes,
            positive=frame_residual == "none" if last else not selections[t + 1][1],
        )
    _finish(b, scale, frame_residual)


def _selection(choose: Choose, first: bool) -> tuple[int, bool, int | None]:
    """(code_bits, code_signed, nodes or None) of a layer; the first often reads pixels."""
    direct = choose((False, True))
    code_bits = choose((2, 3, 4, 1, 8) if direct else (8, 8, 7, 5, 4))
    signed = choose((False, False, True) if first else (True, False))
    return code_bits, signed, None if direct else choose((5, 2, 3, 4, 6, 7, 8, 9))


def _make_codes(b: Builder, lo: int, hi: int) -> None:
    """Requantise the last value to codes, through an identity residual where one fits."""
    fitting = [n for n in b.codes if b.values[n].shape[0] == b.channels]
    newest_first = [None, *fitting[::-1]]
    source = b.choose(newest_first) if b.layers and fitting else None
    if source is None:
        # Codes need not use all that the next tables offer.
        spare = b.choose((0, 0, 1)) if hi - lo > 2 else 0
        b.requantise(lo, hi - spare)
    else:
        span = hi - lo
        b.requantise(-span, span, 0.3)
        b.add(Residual(source, gain=b.choose((1, 2, 3)), lo=lo, hi=hi))
    b.codes.append(len(b.values) - 1)


def _finish(b: Builder, scale: int, frame_residual: str) -> None:
    """From the last accumulators to pixels."""
    if frame_residual == "none":
        b.requantise(*b.choose(((0, 255), (0, 255), (16, 235), (0, 100))))
    elif frame_residual == "bilinear":
        # As in the deployed systems: the delta joins the frame in units of 1/denominator**2.
        unit = int(bilinear_taps(scale)[0].sum()) ** 2
        b.requantise(-255 * unit, 255 * unit, 0.3)
        source = _plane(b)
        gain = max(255 // max(int(b.values[source].max()), 1), 1)
        b.add(Residual(source, "bilinear", scale, gain, -510 * unit, 510 * unit))
        shift = 16
        multiplier = np.full(scale**2, (2**shift + unit // 2) // unit, np.int32)
        while not multiplier[0] % 2:
            multiplier, shift = multiplier // 2, shift - 1
        b.add(Requantise(multiplier, shift, 0, 255))
    else:
        b.requantise(-255, 255, 0.3)
        how, r = ("nearest", scale) if frame_residual == "nearest" else ("none", 1)
        if b.choose((True, False)):
            b.add(Residual(b.codes[0], how, r, lo=0, hi=255))
        else:
            b.add(Residual(_plane(b), how, r))
            b.requantise(0, 255)
    if scale > 1:
        b.add(PixelShuffle(scale))


def _plane(b: Builder) -> int:
    """The plane of pixels, or now and then another value of one channel."""
    planes = [n for n in b.codes if b.values[n].shape[0] == 1 and b.values[n].max() > 0]
    source: int = b.choose((b.codes[0], b.codes[0], *planes))
    return source


@st.composite
def programs(
    draw: st.DrawFn,
    scales: Sequence[int] = (2, 3, 4),
    *,
    max_taps: int = 3,
    max_channels: int = 4,
    kernels: Sequence[tuple[int, int]] = KERNELS,
    frame_residual: str | None = None,
    own_window: bool | None = None,
    twice: bool = False,
) -> Program:
    """Valid programs of every layer kind.

    Args:
        scales: 1 gives programs without a pixel shuffle.
        max_taps: the most tap table layers.
        max_channels: of the values between them.
        kernels: (height, width) to draw from.
        frame_residual: "none", "nearest", "bilinear" ("same" at scale 1); None draws it.
        own_window: True makes the residual bilinear and all kernels thin, so that hardware
            finds no window to cut the frame's neighbourhood in; None does so now and then.
        twice: scale 4 by two pixel shuffles of 2, whatever ``scales`` say.
    """
    scale = 2 if twice else draw(st.sampled_from(tuple(scales)))
    if own_window is None:
        own_window = frame_residual is None and draw(st.sampled_from((False, False, False, True)))
    if own_window and scale > 1:
        thin = [kernel for kernel in kernels if min(kernel) == 1]
        kernels, frame_residual = thin or THIN_KERNELS, "bilinear"
    return _build(
        lambda options: draw(st.sampled_from(tuple(options))),
        draw(st.integers(0, 9999)),
        scales=(scale, scale) if twice else (scale,),
        max_taps=max_taps,
        max_channels=max_channels,
        kernels=kernels,
        frame_residual=frame_residual,
    )


def example_program(
    seed: int,
    scale: int = 2,
    *,
    max_taps: int = 3,
    max_channels: int = 4,
    kernels: Sequence[tuple[int, int]] = KERNELS,
    frame_residual: str | None = None,
    twice: bool = False,
) -> Program:
    """One program, the same for the same arguments; see `programs`."""
    random = np.random.default_rng((seed, scale))
    return _build(
        lambda options: tuple(options)[int(random.integers(len(options)))],
        seed,
        scales=(2, 2) if twice else (scale,),
        max_taps=max_taps,
        max_channels=max_channels,
        kernels=kernels,
        frame_residual=frame_residual,
    )


def example_frame(
    seed: int, height: int, width: int, texture: str = "noise"
) -> npt.NDArray[np.uint8]:
    """A uint8 frame of "noise", a "ramp", hard "edges" (0 and 255) or one "flat" grey."""
    random = np.random.default_rng(seed)
    if texture == "noise":
        return random.integers(0, 256, (height, width), dtype=np.uint8)
    if texture == "edges":
        return (random.integers(0, 2, (height, width)) * 255).astype(np.uint8)
    if texture == "flat":
        return np.full((height, width), random.integers(0, 256), np.uint8)
    y, x = np.mgrid[:height, :width]
    slopes = random.integers(-20, 21, 2)
    return np.clip(128 + y * slopes[0] + x * slopes[1], 0, 255).astype(np.uint8)


@st.composite
def frames(draw: st.DrawFn, max_side: int = 20) -> npt.NDArray[np.uint8]:
    """uint8 frames from 1 x 1 to ``max_side`` x ``max_side``."""
    height, width = (draw(st.integers(1, max_side)) for _ in range(2))
    texture = draw(st.sampled_from(("noise", "ramp", "edges", "flat")))
    return example_frame(draw(st.integers(0, 9999)), height, width, texture)

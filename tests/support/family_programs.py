"""Small programs of the families: pattern tables, taps in rotations, shifted channels, tied taps.

Shapes are those of HKLUT, TinyLUT, SR-LUT and ShiftLUT with fewer bits; tables are random.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from lutscale.golden.layers import (
    ChannelShift,
    Ensemble,
    Layer,
    PatternTables,
    PixelShuffle,
    Requantise,
    Residual,
    Split,
    TapTables,
)
from lutscale.golden.layers.pattern_tables import Pattern
from lutscale.golden.neighbourhood import BORDERS
from lutscale.golden.program import Program
from lutscale.golden.symmetry import GROUPS, Offset, patch_source, turned
from tests.support.random_programs import Builder, make_quantiser

__all__ = [
    "FAMILIES",
    "family_programs",
    "hklut_like",
    "shiftlut_like",
    "simplex_like",
    "symmetric_like",
    "tinylut_like",
]


def _words(random: np.random.Generator, count: int, entries: int, most: int) -> np.ndarray:
    return random.integers(-most, most, (count, entries), dtype=np.int32)


def _offsets(random: np.random.Generator, count: int) -> tuple[Offset, ...]:
    places = random.integers(-2, 3, (count - 1, 2)).tolist()
    return ((0, 0), *((int(i), int(j)) for i, j in places))


def hklut_like(seed: int) -> Program:
    """Stages of x2, x1, x2, or two, or one: high and low bits, nearest residual, sixths."""
    random = np.random.default_rng(seed)
    scales = ((2, 2) if seed % 8 else (2, 1, 2), (2,), (3,), (4,))[seed % 4]
    layers: list[Layer] = []
    source = 0
    for number, scale in enumerate(scales):
        if number:
            source = len(layers)
            layers.append(Requantise(np.array([10923]), 16, 0, 255, bias=-3))
        patterns = [
            Pattern(
                _offsets(random, 3),
                _words(random, 4**3, scale**2, 60),
                code_bits=2,
                shift=6,
                gain=2,
                border="reflect",
            ),
            Pattern(
                _offsets(random, 2),
                _words(random, 16**2, scale**2, 6),
                code_bits=4,
                gain=3,
                border=BORDERS[seed % 2],
            ),
        ]
        layers.append(PatternTables(tuple(patterns), rotations=4 if seed % 3 else 1))
        upsample = "nearest" if scale > 1 else "none"
        layers.append(Residual(source, upsample, scale, 1 if number else 6, 0, 1530))
        if number == len(scales) - 1:
            sixths = np.full(scale**2, 10923)
            layers.append(Requantise(sixths, 16, 0, 255, even_divisor=6 * (seed % 2)))
        if scale > 1:
            layers.append(PixelShuffle(scale))
    return Program(f"hklut-like-{seed}", int(np.prod(scales)), tuple(layers))


def _ranged(
    random: np.random.Generator, ranges: np.ndarray, kernel: tuple[int, int], outputs: int
) -> np.ndarray:
    """Random entries (channels, *kernel, levels, outputs), 0 behind each channel's last code."""
    counts = ranges[:, 1] - ranges[:, 0] + 1
    shape = (len(ranges), *kernel, int(counts.max()), outputs)
    entries = random.integers(-100, 100, shape, dtype=np.int32)
    for c, count in enumerate(counts):
        entries[c, :, :, count:] = 0
    return entries


def tinylut_like(seed: int) -> Program:
    """High and low bits in four rotations: depthwise, pointwise, the patch; x1 to x4."""
    random = np.random.default_rng(seed)
    scale, channels = 1 + seed % 4, 2
    limits = np.array([[-32, 31], [0, 3]])
    each = np.repeat([0, 1], channels)
    source = tuple(int(branch) for branch in np.tile(each, 4))
    lows, highs = (tuple(int(limits[b, end]) for b in source) for end in (0, 1))
    layers: list[Layer] = [
        Split(2, offset=32),
        TapTables(
            _ranged(random, limits, (2, 2), channels),
            code_bits=6,
            code_signed=True,
            code_ranges=limits,
            groups=2,
            rotations=4,
            origin=(1, 1),
            border=BORDERS[seed % 2],
        ),
        Requantise(np.full(8 * channels, 9000), 16, -128, 127),
        Residual(1, lo=-32, hi=31, channels=source, channel_lo=lows, channel_hi=highs),
        Requantise(np.tile(random.integers(20000, 40000, 2 * channels), 4), 15, -40, 40),
    ]
    ranges = np.sort(random.integers(-30, 30, (2 * channels, 2)), axis=1)
    ranges[channels:] = (0, 3)
    layers += [
        TapTables(
            _ranged(random, ranges, (3, 3), 1),
            code_bits=7,
            code_signed=True,
            code_ranges=ranges,
            groups=2 * channels,
            rotations=4,
        ),
        Requantise(np.ones(8 * channels, np.int32), 4, -32, 31, even_divisor=16),
        TapTables(
            _ranged(random, ranges, (1, 1), scale**2),
            code_bits=7,
            code_signed=True,
            code_ranges=ranges,
            groups=2,
            rotations=4,
        ),
        Requantise(np.full(8 * scale**2, 40000), 17, -128, 127),
        Ensemble(4, 2, scale, -128, 127),
        Requantise(np.full(scale**2, 2), 1, 0, 255, bias=128),
    ]
    if scale > 1:
        layers.append(PixelShuffle(scale))
    return Program(f"tinylut-like-{seed}", scale, tuple(layers))


def simplex_like(seed: int) -> Program:
    """SR-LUT: one pattern of four pixels, interpolated, in four rotations; x2 to x4."""
    random = np.random.default_rng(seed)
    scale, code_bits = 2 + seed % 3, 2 + seed % 2
    pattern = Pattern(
        ((0, 0), (0, 1), (1, 0), (1, 1)),
        _words(random, ((1 << code_bits) + 1) ** 4, scale**2, 128),
        code_bits=code_bits,
        fraction_bits=8 - code_bits,
        border=BORDERS[seed % 2],
    )
    unit = 4 << pattern.fraction_bits
    layers: list[Layer] = [
        PatternTables((pattern,), rotations=4),
        Residual(0, "nearest", scale, unit),
        Requantise(np.full(scale**2, 1), unit.bit_length() - 1, 0, 255),
        PixelShuffle(scale),
    ]
    return Program(f"simplex-like-{seed}", scale, tuple(layers))


def shiftlut_like(seed: int) -> Program:
    """ShiftLUT: pointwise tables, channels shifted between them, blocks that add their input."""
    random = np.random.default_rng(seed)
    scale, channels = 2 + seed % 3, 3
    layers: list[Layer] = [
        TapTables(random.integers(-60, 60, (1, 1, 1, 256, channels))),
        Requantise(np.full(channels, 1), 1, -8, 7),
    ]
    entries = random.integers(-60, 60, (channels, 1, 1, 16, channels))
    for block in range(2):
        source = len(layers)
        offsets = _offsets(random, channels)[:: 1 if block else -1]
        layers += [
            ChannelShift(offsets, BORDERS[(seed + block) % 2]),
            TapTables(entries, code_bits=4, code_signed=True),
            Requantise(np.full(channels, 1), 4, -15, 15),
            Residual(source, lo=-8, hi=7),
        ]
    layers += [
        TapTables(
            random.integers(-60, 60, (channels, 1, 1, 16, scale**2)),
            code_bits=4,
            code_signed=True,
        ),
        Requantise(np.full(scale**2, 1), 1, -255, 255),
        Residual(0, "nearest", scale, lo=0, hi=255),
        PixelShuffle(scale),
    ]
    # Both blocks read the same tables.
    return Program(f"shiftlut-like-{seed}", scale, tuple(layers), shared={7: 3})


def symmetric_like(seed: int) -> Program:
    """Tables tied under p4 or p4m, one quantiser, blocks that add their input; x1 to x4. One in
    five shifts channels in front of the blocks.
    """
    random = np.random.default_rng(seed)
    symmetry = ("p4m", "p4")[seed % 2]
    order, size = GROUPS[symmetry], 1 + seed % 2
    scale, border = 1 + (seed + seed // 4) % 4, BORDERS[seed // 2 % 2]
    direct = seed % 3 == 2
    builder = Builder(lambda options: options[0], seed)
    shares = [c % size for c in range(order * size)]
    quantiser = None if direct else make_quantiser(random, 6, 3, 4, "uneven")
    code_bits, top = (3, 4) if direct else (6, 32)
    options: dict[str, Any] = {"border": border, "symmetry": symmetry}
    first = make_quantiser(random, 8, 5, 3, "uneven")
    entries = random.integers(-32, 32, (1, *((1, 3, 5)[seed % 3],) * 2, 5, size))
    builder.add(TapTables(entries, 6, quantiser=first, role="lift", **options))
    builder.requantise(-top, top - 1, alike=shares)
    options |= {"code_bits": code_bits, "code_signed": True, "quantiser": quantiser}
    levels = 8 if direct else 3
    for side in ((3, 1), (3,), (1,))[seed % 3]:
        source = len(builder.layers)
        if seed % 5 == 3:
            shifts = tuple(turned(o, g) for g in range(order) for o in ((0, 1), (-1, 2))[:size])
            builder.add(ChannelShift(shifts, border))
        shape = (order * size, side, side, levels, size)
        builder.add(TapTables(random.integers(-16, 16, shape), 5, role="mix", **options))
        builder.requantise(1 - 2 * top, 2 * top - 1, 0.3, alike=shares)
        builder.add(Residual(source, lo=-top, hi=top - 1))
    shape = (size, 3, 3, levels, scale**2)
    builder.add(TapTables(random.integers(-128, 128, shape), role="end", **options))
    orbits = np.min([patch_source(scale, g) for g in range(order)], axis=0).tolist()
    builder.requantise(-255, 255, 0.3, alike=orbits)
    builder.add(Residual(0, "none" if scale == 1 else "nearest", scale, lo=0, hi=255))
    if scale > 1:
        builder.add(PixelShuffle(scale))
    layers = tuple(builder.layers)
    taken = [k for k, layer in enumerate(layers) if getattr(layer, "quantiser", None) is not None]
    quantisers = dict.fromkeys(taken[2:], taken[1]) if not direct else {}
    name = f"symmetric-like-{seed}"
    return Program(name, scale, layers, quantisers=quantisers, symmetry=symmetry)


FAMILIES = {
    "hklut": hklut_like,
    "tinylut": tinylut_like,
    "simplex": simplex_like,
    "shiftlut": shiftlut_like,
    "symmetric": symmetric_like,
}
"""Makers of a program from a seed, 0 upwards; seeds below 12 differ in every property."""


def family_programs(names: Sequence[str] = tuple(FAMILIES)) -> st.SearchStrategy[Program]:
    """Any of these programs."""
    return st.builds(
        lambda name, seed: FAMILIES[name](seed), st.sampled_from(names), st.integers(0, 9999)
    )

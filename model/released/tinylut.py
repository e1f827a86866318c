"""TinyLUT-S's released tables as a program (NeurIPS 2024)."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lutscale.golden.errors import InputError
from lutscale.golden.layers import (
    Ensemble,
    Layer,
    PixelShuffle,
    Requantise,
    Residual,
    Split,
    TapTables,
)
from lutscale.golden.program import Program
from lutscale.model.released.files import Int8, read_table, refuse_others

__all__ = ["tinylut"]

# 1/9 as multiplier and shift: exact for every sum that can occur.
_NINTH = (7282, 16)
# Ranges of the two parts of a pixel, which codes keep to, and of the last layer.
_HIGH, _LOW, _OUT = (-32, 31), (0, 3), (-128, 127)
_MAX_SCALE = 3.9
_BRANCHES = (("H6", "h"), ("L2", "l"))


def tinylut(folder: Path) -> Program:
    """TinyLUT-S's released tables, x4 (``Model_V_*_x4_{H6,L2}.npy`` and ``clip_scales.npz``).

    Raises:
        InputError: a file is missing or of another shape, or the clip scales do not match the
            number of rows of the tables.
    """
    channels, scale = 16, 4
    clips = _clip_scales(folder / "clip_scales.npz", channels)
    depth = np.zeros((2, 3, 3, 64, channels), np.int32)
    for branch, (part, levels) in enumerate((("H6", 64), ("L2", 4))):
        path = folder / f"Model_V_L1_Depth_x4_{part}.npy"
        why = f"9 taps of {levels} codes"
        rows = read_table(path, (9 * levels, channels, 1, 1), why)
        depth[branch, :, :, :levels] = rows.reshape(3, 3, levels, channels)
    pointwise = []
    for number, name in enumerate(("L1_Point", "UP"), start=1):
        parts = []
        for (part, letter), limits in zip(_BRANCHES, (_HIGH, _LOW), strict=True):
            scales = clips[f"h{letter}{number}"]
            ranges = _code_ranges(scales, limits)
            count = int((ranges[:, 1] - ranges[:, 0] + 1).sum())
            path = folder / f"Model_V_{name}_x4_{part}.npy"
            why = f"the codes that the clip scales h{letter}{number} leave"
            rows = read_table(path, (count, channels, 1, 1), why).reshape(count, channels)
            parts.append((scales, limits, ranges, rows))
        pointwise.append(parts)
    refuse_others(folder, "Model_V_*.npy", 6, "TinyLUT-S x4")
    layers = _tinylut_layers(depth, pointwise, channels, scale)
    provenance = {"family": "TinyLUT-S", "imported": folder.name}
    return Program("tinylut-s-imported-x4", scale, tuple(layers), provenance)


_Parts = Sequence[tuple[npt.NDArray[np.float32], tuple[int, int], npt.NDArray[np.int32], Int8]]


def _tinylut_layers(
    depth: npt.NDArray[np.int32], pointwise: Sequence[_Parts], channels: int, scale: int
) -> list[Layer]:
    """A depthwise layer and 1x1 layers, each adding its input, in four rotations."""
    source = tuple(np.tile(np.repeat([0, 1], channels), 4).tolist())
    lows = tuple((_HIGH[0], _LOW[0])[branch] for branch in source)
    highs = tuple((_HIGH[1], _LOW[1])[branch] for branch in source)
    limits: dict[str, Any] = {"channel_lo": lows, "channel_hi": highs}
    shared: dict[str, Any] = {"code_bits": 8, "code_signed": True, "groups": 2, "rotations": 4}
    layers: list[Layer] = [
        Split(2, offset=32),
        TapTables(
            depth,
            code_ranges=np.array([_HIGH, _LOW]),
            origin=(2, 2),
            border="reflect",
            **shared,
        ),
        Requantise(np.full(8 * channels, _NINTH[0]), _NINTH[1], *_OUT),
        Residual(1, lo=_HIGH[0], hi=_HIGH[1], channels=source, **limits),
    ]
    for parts in pointwise:
        # What a layer adds is its input as it reads it: the scaled codes, which keep to the
        # part's range also where a scale above 1 left rows for more.
        codes = len(layers) + 1
        scales = [_as_ratio(scales, values) for scales, values, _, _ in parts]
        shift = max(shift for _, shift in scales)
        multiplier = np.concatenate([m << (shift - own) for m, own in scales])
        entries, ranges = _stacked(parts, channels)
        layers += [
            Requantise(np.tile(multiplier, 4), shift, *_HIGH, **limits),
            TapTables(entries, code_ranges=ranges, **shared),
            Requantise(np.ones(8 * channels, np.int32), 4, *_OUT, even_divisor=16),
        ]
        if parts is pointwise[-1]:
            layers.append(Residual(codes, lo=_OUT[0], hi=_OUT[1]))
        else:
            layers.append(Residual(codes, lo=_HIGH[0], hi=_HIGH[1], **limits))
    return [
        *layers,
        Ensemble(4, 2, scale, *_OUT),
        Requantise(np.full(scale**2, 2), 1, 0, 255, bias=128),
        PixelShuffle(scale),
    ]


def _clip_scales(path: Path, channels: int) -> dict[str, npt.NDArray[np.float32]]:
    names = ("hh1", "hl1", "hh2", "hl2")
    wanted = f"the clip scales {', '.join(names)}, float32 of {channels} channels each"
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise InputError(f"{path}: must hold {wanted}, but there is no such file") from None
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, AttributeError, TypeError):
        raise InputError(f"{path}: must hold {wanted}, but cannot be read as .npz") from None
    for name in names:
        if name not in found:
            raise InputError(f"{path}: must hold {wanted}, but {name} is missing")
        scales = found[name]
        if scales.dtype != np.float32 or scales.shape != (channels,):
            got = f"{scales.dtype} {'x'.join(map(str, scales.shape))}"
            raise InputError(f"{path}: {name} must be float32 {channels}, not {got}")
        if not np.isfinite(scales).all():
            raise InputError(f"{path}: {name} must be finite, not {scales.tolist()}")
    return found


def _codes(scales: npt.NDArray[np.float32], limits: tuple[int, int]) -> npt.NDArray[np.int32]:
    """(channels, values): the code of every value, by the authors' float32 arithmetic; not yet
    clamped, as their tables have rows for it.
    """
    values = np.arange(limits[0], limits[1] + 1, dtype=np.float32)
    return np.round(values * scales[:, None]).astype(np.int32)


def _code_ranges(scales: npt.NDArray[np.float32], limits: tuple[int, int]) -> npt.NDArray[np.int32]:
    """(channels, 2): the first and the last code that the file has a row for."""
    ends = np.sort(_codes(scales, limits)[:, [0, -1]], axis=1)
    return ends


def _as_ratio(
    scales: npt.NDArray[np.float32], limits: tuple[int, int]
) -> tuple[npt.NDArray[np.int32], int]:
    """Multipliers and a shift that give the very codes of `_codes`.

    Raises:
        InputError: none of 16 bits do; the scale is named.
    """
    values = np.arange(limits[0], limits[1] + 1)
    wanted = _codes(scales, limits)
    shift = 14
    found = np.zeros(len(scales), np.int32)
    for c, scale in enumerate(scales):
        near = int(np.round(float(scale) * 2**shift))
        for multiplier in sorted(range(max(near - 8, 0), near + 9), key=lambda m: abs(m - near)):
            codes = (values * multiplier + (1 << (shift - 1))) >> shift
            if multiplier < 1 << 16 and np.array_equal(codes, wanted[c]):
                found[c] = multiplier
                break
        else:
            if wanted[c].any():
                raise InputError(
                    f"clip scale of channel {c} must be in 0..{_MAX_SCALE} (or round to no code "
                    f"but 0), not {scale}"
                )
    return found, shift


def _stacked(parts: _Parts, channels: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Entries (2 * channels, 1, 1, levels, outputs) and code ranges of both branches."""
    ranges = np.concatenate([ranges for _, _, ranges, _ in parts])
    counts = ranges[:, 1] - ranges[:, 0] + 1
    entries = np.zeros((2 * channels, 1, 1, int(counts.max()), parts[0][3].shape[1]), np.int32)
    rows = np.concatenate([rows for _, _, _, rows in parts])
    for c, (start, count) in enumerate(zip(np.cumsum(counts) - counts, counts, strict=True)):
        entries[c, 0, 0, :count] = rows[start : start + count]
    return entries, ranges

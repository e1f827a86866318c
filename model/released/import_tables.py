"""Programs from tables that authors have released.

    lutscale import hklut FOLDER OUT.npz

Reads the layouts of HKLUT (IJCAI 2024, github.com/jasonli0707/hklut) and of TinyLUT-S (NeurIPS
2024), checks every shape and range, and writes a program. Padding and rounding are the authors',
as declared properties of the layers. The tables stay under their authors' licences.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from lutscale.golden.command import Command, one_line_errors
from lutscale.golden.errors import InputError
from lutscale.golden.layers import (
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
from lutscale.golden.program import Program
from lutscale.golden.program_file import save
from lutscale.golden.symmetry import Offset

__all__ = ["FAMILIES", "HKLUT_PATTERNS", "hklut", "hklut_layers", "hklut_stage", "tinylut"]

Int8 = npt.NDArray[np.int8]

HKLUT_PATTERNS: Mapping[str, Mapping[str, tuple[Offset, ...]]] = {
    "MSB": {
        "H": ((0, 0), (0, 1), (0, 2)),
        "D": ((0, 0), (1, 1), (2, 2)),
        "B": ((0, 0), (1, 2), (2, 1)),
    },
    "LSB": {"H": ((0, 0), (0, 1)), "D": ((0, 0), (1, 1))},
}
"""Pixels of HKLUT's kernel patterns, by branch and letter (IJCAI 2024, section 3.2)."""

# Sums are means of 3 and of 2 patterns: both are whole numbers of sixths.
_SIXTHS = 6
_GAINS = {"MSB": 2, "LSB": 3}
# 1/6 and 1/9 as multiplier and shift: exact for every sum that can occur.
_SIXTH = (10923, 16)
_NINTH = (7282, 16)
# Ranges of the two parts of a TinyLUT pixel, of its last layer, and of a scaled code.
_HIGH, _LOW, _OUT, _CODE = (-32, 31), (0, 3), (-128, 127), (-128, 127)
_MAX_SCALE = 3.9
_BRANCHES = (("H6", "h"), ("L2", "l"))


def _read(path: Path, shape: tuple[int | None, ...], why: str) -> Int8:
    """An int8 table of that shape; InputError names the file and what is expected."""
    wanted = f"an int8 array {'x'.join('n' if n is None else str(n) for n in shape)} ({why})"
    try:
        table = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise InputError(f"{path}: must be {wanted}, but there is no such file") from None
    except (ValueError, OSError, EOFError):
        raise InputError(f"{path}: must be {wanted}, but cannot be read as .npy") from None
    fits = (
        isinstance(table, np.ndarray)
        and table.dtype == np.int8
        and table.ndim == len(shape)
        and all(n in (None, have) for n, have in zip(shape, table.shape, strict=True))
    )
    if not fits:
        got = f"{table.dtype} {'x'.join(map(str, table.shape))}" if hasattr(table, "dtype") else "?"
        raise InputError(f"{path}: must be {wanted}, not {got}")
    return np.asarray(table)


def hklut_stage(tables: Mapping[tuple[str, str], Int8]) -> PatternTables:
    """Both branches of a stage, in sixths of a level.

    Args:
        tables: by branch and letter of `HKLUT_PATTERNS`: int8 (16**pixels, r * r).
    """
    patterns = [
        Pattern(
            offsets=offsets,
            words=tables[branch, letter].astype(np.int32),
            code_bits=4,
            shift=4 if branch == "MSB" else 0,
            gain=_GAINS[branch],
            border="reflect" if branch == "MSB" else "replicate",
        )
        for branch, letters in HKLUT_PATTERNS.items()
        for letter, offsets in letters.items()
    ]
    return PatternTables(tuple(patterns), rotations=4)


def hklut_layers(stages: Sequence[PatternTables]) -> list[Layer]:
    """HKLUT's stages, each adding the nearest pixel, with exact sixths carried between them."""
    top = 255 * _SIXTHS
    multiplier, shift = np.array([_SIXTH[0]]), _SIXTH[1]
    layers: list[Layer] = []
    source = 0
    for number, stage in enumerate(stages):
        if number:
            source = len(layers)
            layers.append(Requantise(multiplier, shift, 0, 255, bias=-(_SIXTHS // 2)))
        gain = 1 if number else _SIXTHS
        square = stage.scale**2
        layers += [stage, Residual(source, "nearest", stage.scale, gain, 0, top)]
        if number == len(stages) - 1:
            means = np.repeat(multiplier, square)
            layers.append(Requantise(means, shift, 0, 255, even_divisor=_SIXTHS))
        layers.append(PixelShuffle(stage.scale))
    return layers


def hklut(folder: Path) -> Program:
    """HKLUT's released tables, two stages of x2 (``S{stage}_{branch}_..._x2_4bit_int8.npy``).

    Raises:
        InputError: a file is missing, or is no table of the shape its name says.
    """
    stages = []
    for number in range(2):
        tables = {}
        for branch, letters in HKLUT_PATTERNS.items():
            for letter, offsets in letters.items():
                name = f"S{number}_{branch}_{''.join(letters)}_LUT_{letter}_x2_4bit_int8.npy"
                shape = (16 ** len(offsets), 1, 2, 2)
                why = f"a 2x2 word for each index of {len(offsets)} 4-bit codes"
                tables[branch, letter] = _read(folder / name, shape, why).reshape(-1, 4)
        stages.append(hklut_stage(tables))
    _refuse_others(folder, "S*_LUT_*.npy", 10, "HKLUT x2 then x2")
    provenance = {"family": "HKLUT", "imported": folder.name}
    return Program("hklut-imported-x4", 4, tuple(hklut_layers(stages)), provenance)


def _refuse_others(folder: Path, pattern: str, count: int, what: str) -> None:
    found = len(list(folder.glob(pattern)))
    if found != count:
        raise InputError(f"{folder}: must hold the {count} tables of {what}, not {found}")


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
        rows = _read(path, (9 * levels, channels, 1, 1), why)
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
            rows = _read(path, (count, channels, 1, 1), why).reshape(count, channels)
            parts.append((scales, limits, ranges, rows))
        pointwise.append(parts)
    _refuse_others(folder, "Model_V_*.npy", 6, "TinyLUT-S x4")
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
        Residual(1, lo=_HIGH[0], hi=_HIGH[1], channels=source, channel_lo=lows, channel_hi=highs),
    ]
    for parts in pointwise:
        # What a layer adds is its input as it reads it: the scaled codes.
        codes = len(layers) + 1
        scales = [_as_ratio(scales, limits) for scales, limits, _, _ in parts]
        shift = max(shift for _, shift in scales)
        multiplier = np.concatenate([m << (shift - own) for m, own in scales])
        entries, ranges = _stacked(parts, channels)
        layers += [
            Requantise(np.tile(multiplier, 4), shift, *_CODE),
            TapTables(entries, code_ranges=ranges, **shared),
            Requantise(np.ones(8 * channels, np.int32), 4, *_OUT, even_divisor=16),
        ]
        if parts is pointwise[-1]:
            layers.append(Residual(codes, lo=_OUT[0], hi=_OUT[1]))
        else:
            low, high = _HIGH
            layers.append(Residual(codes, lo=low, hi=high, channel_lo=lows, channel_hi=highs))
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
    """(channels, values): the code of every value, by the authors' float32 arithmetic."""
    values = np.arange(limits[0], limits[1] + 1, dtype=np.float32)
    return np.round(values * scales[:, None]).astype(np.int32)


def _code_ranges(scales: npt.NDArray[np.float32], limits: tuple[int, int]) -> npt.NDArray[np.int32]:
    """(channels, 2): the first and the last code that occur."""
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


FAMILIES = {"hklut": hklut, "tinylut": tinylut}
"""Importers by the name of the command's first argument."""


_EXAMPLES = (
    ("the ten .npy files of HKLUT", "lutscale import hklut hklut/luts/ hklut.npz"),
    ("the tables and clip scales of TinyLUT-S", "lutscale import tinylut tinylut/ tinylut.npz"),
    ("then as any program", "lutscale sim hklut.npz --clocks-per-pixel 16"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@click.argument("family", metavar="FAMILY", type=click.Choice(sorted(FAMILIES)))
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@one_line_errors
def main(family: str, folder: Path, out: Path) -> None:
    """Make a program of released tables.

    FAMILY is hklut or tinylut, whose files are in FOLDER; OUT is a program file (.npz). The
    tables stay under their authors' licences.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: must be a folder of released tables, but is none")
    if out.suffix != ".npz":
        raise InputError(f"{out}: must end in .npz")
    program = FAMILIES[family](folder)
    save(program, out)
    print(
        f"{out}: {program.name}, x{program.scale}, {len(program.layers)} layers, "
        f"{program.table_bits // 8:,} bytes of tables, {program.reads} reads a pixel"
    )

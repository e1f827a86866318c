"""HKLUT's released tables as a program (IJCAI 2024, github.com/jasonli0707/hklut)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from lutscale.golden.layers import Layer, PatternTables, PixelShuffle, Requantise, Residual
from lutscale.golden.layers.pattern_tables import Pattern
from lutscale.golden.program import Program
from lutscale.golden.symmetry import Offset
from lutscale.model.released.files import Int8, read_table, refuse_others

__all__ = ["HKLUT_PATTERNS", "hklut", "hklut_layers", "hklut_stage"]

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
# 1/6 as multiplier and shift: exact for every sum that can occur.
_SIXTH = (10923, 16)


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
                tables[branch, letter] = read_table(folder / name, shape, why).reshape(-1, 4)
        stages.append(hklut_stage(tables))
    refuse_others(folder, "S*_LUT_*.npy", 10, "HKLUT x2 then x2")
    provenance = {"family": "HKLUT", "imported": folder.name}
    return Program("hklut-imported-x4", 4, tuple(hklut_layers(stages)), provenance)

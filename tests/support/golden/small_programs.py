"""Programs whose every number is known, to be changed and refused."""

from __future__ import annotations

import numpy as np

from lutscale.golden.layers import Layer, PixelShuffle, Requantise, Residual, TapTables
from lutscale.golden.program import Program
from lutscale.golden.quantiser import Quantiser
from tests.support.random_programs import make_quantiser


def small() -> Program:
    """A program with one layer of every kind."""
    random = np.random.default_rng(1)
    entries = random.integers(-8, 8, (1, 2, 2, 3, 4), dtype=np.int32)
    ones = np.ones(4, np.int32)
    return Program(
        "small-x2",
        2,
        (
            TapTables(entries, 4, 8, False, make_quantiser(random, 8, 3, 2)),
            Requantise(ones * 5, 1, -4080, 4080),
            Residual(0, "bilinear", 2, 1, -8160, 8160),
            Requantise(ones, 4, 0, 255),
            PixelShuffle(2),
        ),
        {"seed": 1, "note": "naïve"},
    )


def huge() -> tuple[Layer, ...]:
    """Layers whose last sum needs 33 bits: 300 * 225 tables of 2**15."""
    first = np.zeros((1, 1, 1, 2, 300), np.int32)
    wide = np.full((300, 15, 15, 2, 1), -128, np.int32)
    wide[:, :, :, 1] = 127
    by_two = Quantiser(np.zeros(256, np.int32), np.zeros(256, np.int32), 2, 8)
    return (
        TapTables(first, 2, 8, False, by_two),
        Requantise(np.ones(300, np.int32), 1, 0, 255),
        TapTables(wide, 8, 8, False, by_two),
        Requantise(np.ones(1, np.int32), 16, 0, 255),
    )

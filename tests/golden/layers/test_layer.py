"""What layers say of themselves: a line, their parts, constants, and what they reach."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

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
from lutscale.golden.program import Program
from lutscale.golden.value import ValueType
from tests.support.family_programs import FAMILIES

TAPS = TapTables(np.zeros((4, 3, 2, 16, 2), np.int32), 5, 4, groups=2, rotations=4)
RANGED = TapTables(np.zeros((1, 1, 1, 3, 2), np.int32), code_bits=4, code_ranges=np.array([[2, 4]]))
PATTERNS = PatternTables(
    (
        Pattern(((0, 0), (1, -2)), np.zeros((256, 4), np.int32), code_bits=4, shift=4),
        Pattern(
            ((0, 0),),
            np.zeros((5, 4), np.int32),
            code_bits=2,
            shift=1,
            fraction_bits=3,
            border="reflect",
            entry_bits=6,
        ),
    ),
    rotations=1,
)
ONE_PATTERN = replace(PATTERNS, patterns=PATTERNS.patterns[:1], rotations=4)


@pytest.mark.parametrize(
    ("layer", "given", "says"),
    [
        (TAPS, 16, "16→16, 3x2, 16 entries of 5 bits, 2 groups, 4 rotations"),
        (RANGED, 1, "1→2, 1x1, up to 3 entries of 8 bits"),
        (PATTERNS, 1, "1→4, 2 patterns"),
        (ONE_PATTERN, 1, "1→4, 1 pattern, 4 rotations"),
        (Requantise(np.ones(3, np.int32), 2, -4, 7), 3, "3 channels to -4..7"),
        (Residual(0), 1, "adds frame"),
        (Residual(0, "nearest", 2), 4, "adds frame, nearest"),
        (PixelShuffle(2), 4, "x2"),
        (Split(2), 1, "1→2, the low 2 bits apart"),
        (Ensemble(4, 1, 1, 0, 9), 4, "4→1, adds 1 branch of 4 rotations"),
        (ChannelShift(((1, 0), (0, 2))), 2, "2→2 channels"),
    ],
)
def test_a_layer_in_a_line(layer: Layer, given: int, says: str) -> None:
    types = [ValueType(1, 0, 15), ValueType(given, 0, 15)]
    assert layer.summary(types[-1], layer.output_type(types)) == says


def test_a_residual_of_an_earlier_layer_names_it() -> None:
    kind = ValueType(1, 0, 15)
    assert Residual(3).summary(kind, kind) == "adds output of layer 2"


def test_parts_are_the_tables_one_by_one() -> None:
    first, second = PATTERNS.parts
    assert (first.name, first.words, first.word_bits, first.reads) == ("pattern 0", 256, 32, 1)
    assert first.summary == "pixels (0,0) (1,-2), bits 4..7, borders replicate"
    assert (second.name, second.bits, second.reads) == ("pattern 1", 5 * 4 * 6, 2)
    assert second.summary == "pixels (0,0), bits 4..5 interpolated by 3 more, borders reflect"
    assert TAPS.parts == ()


@pytest.mark.parametrize("make", FAMILIES.values(), ids=FAMILIES)
def test_parts_add_up_to_the_layer(make: type) -> None:
    program: Program = make(2)
    for layer in program.layers:
        if layer.parts:
            assert sum(part.bits for part in layer.parts) == layer.table_bits
            assert sum(part.reads for part in layer.parts) == layer.reads


def test_constants_are_the_multipliers() -> None:
    assert Requantise(np.ones(3, np.int32), 2, 0, 7).constant_bits == 3 * 16
    assert TAPS.constant_bits == PATTERNS.constant_bits == 0


def test_only_a_bilinear_residual_reaches_beside_its_source() -> None:
    assert Residual(0, "bilinear", 2).source_reach == (1, 1, 1, 1)
    for layer in (Residual(0), Residual(0, "nearest", 3), TAPS, PixelShuffle(2)):
        assert layer.source_reach == (0, 0, 0, 0)

"""A kind of layer that reports have never heard of is reported in full."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import pytest

from lutscale.golden.layers import Requantise
from lutscale.golden.layers.layer import Array, Layer, TablePart
from lutscale.golden.program import Program
from lutscale.golden.value import ValueType
from lutscale.hw.build import Build
from lutscale.hw.layers import KINDS, Context
from lutscale.hw.memory import Rom
from lutscale.hw.slots import Latency, Stage, value_track
from lutscale.reports.account import account
from lutscale.reports.costs import costs
from lutscale.reports.memory_page import to_json, to_markdown
from lutscale.reports.memory_picture import picture

COARSE, FINE = (64, 5), (16, 9)
"""(words, bits) of its two tables."""


class Dither(Layer):
    """Two tables and a quantiser; what it computes does not matter here."""

    kind: ClassVar[str] = "dither"

    def summary(self, given: ValueType, made: ValueType) -> str:
        return f"{given.channels}→{made.channels}, dithers, with two tables"

    @property
    def parts(self) -> tuple[TablePart, ...]:
        return (
            TablePart("coarse", "the high bits", *COARSE, reads=1),
            TablePart("fine", "the low bits", *FINE, reads=3),
        )

    @property
    def table_bits(self) -> int:
        return 64 * 5 + 16 * 9

    @property
    def quantiser_bits(self) -> int:
        return 256 * 4

    @property
    def constant_bits(self) -> int:
        return 77

    @property
    def reads(self) -> int:
        return 4

    @property
    def functions(self) -> int:
        return 6

    def output_type(self, types: Sequence[ValueType]) -> ValueType:
        return types[-1]

    def reference(self, values: Sequence[Array]) -> Array:
        return values[-1]

    def fast(self, values: Sequence[Array]) -> Array:
        return values[-1]

    def params(self) -> dict[str, Any]:
        return {}

    def tables(self) -> dict[str, np.ndarray]:
        return {"table": np.zeros(1, np.int8)}

    @classmethod
    def from_manifest(cls, params: Mapping[str, Any], tables: Mapping[str, Any]) -> Self:
        return cls()


class DitherStage(Stage):
    """Four copies of the coarse table and of the quantiser, one of the fine table."""

    latency = Latency(clocks=2)

    def __init__(self, context: Context) -> None:
        super().__init__(context.tracks, [value_track(context.result, context.output_type)])
        shapes = [("quantiser", "", u, (256, 4)) for u in range(4)]
        shapes += [("table", "coarse", u, COARSE) for u in range(4)]
        shapes += [("table", "fine", 0, FINE)]
        self.roms = tuple(
            Rom(
                name=f"layer{context.number}_{purpose}{part}{copy}",
                layer=context.number,
                purpose=purpose,
                width=width,
                words=[0] * depth,
                target=context.target,
                part=part,
                copy=copy,
            )
            for purpose, part, copy, (depth, width) in shapes
        )
        self.memories = tuple(rom.use for rom in self.roms)


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.setitem(KINDS, "dither", lambda context: [DitherStage(context)])
    clamp = Requantise(np.ones(1, np.int32), 1, 0, 255)
    return Program("made-up", 1, (Dither(), clamp, Dither()), shared={2: 0})


def test_what_the_layer_says_is_in_the_account(program: Program) -> None:
    whole = account(program, Build(max_width=48))
    first, clamp, last = whole["layers"]
    assert first == {
        "layer": 0,
        "kind": "dither",
        "shape": "1→1, dithers, with two tables",
        "scale": 1,
        "clocks_per_pixel": 4,
        "reads": 4,
        "functions": 6,
        "tables_of": None,
        "quantiser_of": None,
        "table_bits": 464,
        "quantiser_bits": 1024,
        "constant_bits": 77,
        "parts": [
            {
                "part": "coarse",
                "summary": "the high bits",
                "words": 64,
                "word_bits": 5,
                "reads": 1,
                "table_bits": 320,
            },
            {
                "part": "fine",
                "summary": "the low bits",
                "words": 16,
                "word_bits": 9,
                "reads": 3,
                "table_bits": 144,
            },
        ],
    }
    assert (last["tables_of"], last["table_bits"], last["quantiser_bits"]) == (0, 0, 0)
    assert (clamp["shape"], clamp["constant_bits"]) == ("1 channels to 0..255", 16)
    assert whole["constants_in_logic"] == {"bits": 77 + 16 + 77}
    assert whole["work"] == {"reads": 8, "functions": 12}


def test_copies_are_copies_and_no_padding(program: Program) -> None:
    (entry,) = account(program, Build(max_width=48))["line_widths"]
    assert [tuple(row.values()) for row in entry["stored"]] == [
        (0, "table", "coarse", 4, 4 * 320, 3 * 320),
        (0, "table", "fine", 1, 144, 0),
        (0, "quantiser", "", 4, 4 * 1024, 3 * 1024),
        # A layer that shares tables stores nothing but copies.
        (2, "table", "coarse", 4, 4 * 320, 4 * 320),
        (2, "table", "fine", 1, 144, 144),
        (2, "quantiser", "", 4, 4 * 1024, 4 * 1024),
    ]
    chip = entry["on_chip"]
    assert chip["table_copy_bits"] == 3 * 320 + 4 * 320 + 144
    assert chip["quantiser_copy_bits"] == 7 * 1024
    assert chip["rom_padding_bits"] == 0
    assert [layer["table_copy_bits"] for layer in entry["layers"]] == [960, 1424]
    assert costs(program, Build(max_width=48))["on_chip_bytes"] == chip["bytes"]


def test_a_memory_that_hides_its_copies_is_padding(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = Rom.__init__
    monkeypatch.setattr(Rom, "__init__", lambda self, **given: make(self, **{**given, "copy": 0}))
    (entry,) = account(program, Build(max_width=48))["line_widths"]
    assert entry["on_chip"]["rom_padding_bits"] == 3 * 320 + 3 * 1024


def test_pages_and_picture_show_it(program: Program) -> None:
    whole = account(program, Build(), (48, 96))
    assert json.loads(to_json(whole)) == whole
    text = to_markdown(whole, "x")
    for line in (
        "| 0 dither | 1→1, dithers, with two tables | x1 | 4 | 4 | 464 | 4 times | 1,024 | 4 times "
        "| 77 |",
        "| 2 dither | 1→1, dithers, with two tables | x1 | 4 | 4 | of layer 0 | 4 times | "
        "of layer 0 | 4 times | 77 |",
        "| 0 coarse | the high bits | 64 of 5 bits | 40 | 1 | 4 times |",
        "| 0 fine | the low bits | 16 of 9 bits | 18 | 3 | once |",
        "| 0 | tables coarse | ROM | 4 of 64x5 | logic | 1,280 |",
    ):
        assert line in text
    assert picture(whole).startswith(b"\x89PNG")

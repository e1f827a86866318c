"""The memory report of programs with patterns, rotations, stages and shared tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lutscale.golden.layers import PatternTables, PixelShuffle
from lutscale.golden.layers.pattern_tables import Pattern
from lutscale.golden.program import Program
from lutscale.hw.build import Build
from lutscale.hw.memory import PURPOSES
from lutscale.hw.pipeline import Pipeline
from lutscale.model.released.hklut import hklut
from lutscale.model.released.tinylut import tinylut
from lutscale.reports.account import account
from lutscale.reports.memory_page import to_markdown
from lutscale.reports.memory_picture import picture
from tests.support.family_programs import (
    FAMILIES,
    hklut_like,
    shiftlut_like,
    simplex_like,
    tinylut_like,
)
from tests.support.released_tables import read_tables, write_hklut, write_tinylut


def report(program: Program, clocks: int, *widths: int) -> dict[str, Any]:
    return account(program, Build(clocks_per_pixel=clocks), widths)


def stored(entry: dict[str, Any]) -> dict[int, list[int]]:
    """How often each part of the tables is stored at one width, by layer."""
    counts: dict[int, list[int]] = {}
    for row in entry["stored"]:
        if row["purpose"] == "table":
            counts.setdefault(row["layer"], []).append(row["copies"])
    return counts


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("make", FAMILIES.values(), ids=FAMILIES)
@pytest.mark.parametrize("clocks", [1, 4, 16])
def test_the_lines_add_up_to_the_pipeline(
    make: Callable[[int], Program], seed: int, clocks: int
) -> None:
    program = make(seed)
    clocks = max(clocks, Build().least_clocks(program))
    whole = report(program, clocks, 48, 96)
    for entry in whole["line_widths"]:
        pipeline = Pipeline(
            program,
            Build(clocks_per_pixel=clocks, pixels_per_beat=4, max_width=entry["line_width"]),
        )
        bits = entry["on_chip"]["bits"]
        assert bits == sum(use.bits for use in pipeline.memories)
        assert entry["on_chip"]["bytes"] == pipeline.plan.on_chip_bytes
        assert entry["blocks"]["count"] == pipeline.plan.blocks
        for part in ("memories", "layers", "stages"):
            assert sum(row["bits"] for row in entry[part]) == bits, part
        for row in (*entry["layers"], *entry["stages"]):
            assert row["bits"] == sum(row[purpose] for purpose in PURPOSES)
        # Each table once, copies, padding and everything that is no ROM.
        extra = ("table_copy_bits", "quantiser_copy_bits", "rom_padding_bits")
        others = sum(entry["purposes"][p]["bits"] for p in PURPOSES[2:])
        surplus = sum(entry["on_chip"][name] for name in extra)
        assert whole["tables"]["bits"] + surplus + others == bits
        assert all(entry["on_chip"][name] >= 0 for name in extra)
        own = sum(row["table_copy_bits"] for row in entry["stages"])
        assert own == entry["on_chip"]["table_copy_bits"]
        _check_parts(whole, entry)
    assert sum(layer["reads"] for layer in whole["layers"]) == program.reads
    assert sum(layer["functions"] for layer in whole["layers"]) == program.functions
    assert whole["work"] == {"reads": program.reads, "functions": program.functions}
    for name in ("table_bits", "quantiser_bits"):
        assert sum(layer[name] for layer in whole["layers"]) == getattr(program, name)


def _check_parts(whole: dict[str, Any], entry: dict[str, Any]) -> None:
    """A line for each part, the sums of which are the layer's; each is stored so often."""
    for layer in whole["layers"]:
        parts, number = layer["parts"], layer["layer"]
        rows = [row for row in entry["stored"] if row["layer"] == number]
        tables = [row for row in rows if row["purpose"] == "table"]
        assert [row["part"] for row in tables if row["part"]] == [part["part"] for part in parts]
        for name in ("reads", "table_bits"):
            assert not parts or sum(part[name] for part in parts) == layer[name]
        for row in rows:
            groups = [
                g
                for g in entry["memories"]
                if all(g[key] == row[key] for key in ("layer", "purpose", "part"))
            ]
            assert sum(g["bits"] for g in groups) == row["bits"]
        for part, row in zip(parts, tables, strict=False):
            assert row["bits"] == part["words"] * part["word_bits"] * row["copies"]
            assert row["bits"] == part["table_bits"] + row["copy_bits"]


@pytest.mark.parametrize(("clocks", "first", "second"), [(4, 1, 4), (8, 1, 2), (16, 1, 1)])
def test_tables_are_copied_where_clocks_are_few(
    tmp_path: Path, clocks: int, first: int, second: int
) -> None:
    """HKLUT's second stage has a quarter of the clocks for each of its pixels."""
    program = hklut(write_hklut(tmp_path))
    whole = report(program, clocks, 960)
    entry = whole["line_widths"][0]
    assert stored(entry) == {0: [first] * 5, 4: [second] * 5}
    assert whole["line_widths"][0]["on_chip"]["table_copy_bits"] == (second - 1) * 51_200 * 8
    assert [(layer["scale"], layer["clocks_per_pixel"]) for layer in whole["layers"]] == [
        *[(1, clocks)] * 3, *[(2, clocks // 4)] * 5
    ]  # fmt: skip
    stages = whole["line_widths"][0]["stages"]
    assert [(s["scale"], s["line_width"], s["clocks_per_pixel"]) for s in stages] == [
        (1, 960, clocks), (2, 1920, clocks // 4)
    ]  # fmt: skip
    assert [layer["reads"] for layer in whole["layers"] if layer["reads"]] == [20, 80]


@pytest.mark.parametrize(
    ("read", "write"), [(hklut, write_hklut), (tinylut, write_tinylut)], ids=["hklut", "tinylut"]
)
def test_table_bytes_are_those_of_the_files(
    tmp_path: Path, read: Callable[[Path], Program], write: Callable[[Path], Path]
) -> None:
    program = read(write(tmp_path))
    tables = read_tables(tmp_path)
    files = sum(table.nbytes for table in tables.values() if table.dtype == np.int8)
    for clocks in (4, 16):
        whole = report(program, clocks, 960)
        assert whole["tables"]["bytes"] == files
        assert sum(layer["table_bits"] for layer in whole["layers"]) == 8 * files
    for layer in whole["layers"]:
        for part in layer["parts"]:
            assert part["words"] * part["word_bits"] == part["table_bits"]


def test_rotations_of_taps_are_copied_too() -> None:
    program = tinylut_like(3)
    for clocks, copies in ((4, 1), (2, 2), (1, 4)):
        clocks = max(clocks, 1)
        whole = account(
            tinylut_like(0), Build(clocks_per_pixel=clocks, pixels_per_beat=1, max_width=48)
        )
        layer, entry = whole["layers"][1], whole["line_widths"][0]
        (row,) = [row for row in entry["stored"] if row["layer"] == 1]
        assert row["copies"] == copies
        assert row["copy_bits"] == (copies - 1) * layer["table_bits"]
        padding = whole["line_widths"][0]["on_chip"]["rom_padding_bits"]
        assert padding >= 0
    assert "2 groups, 4 rotations" in report(program, 4, 48)["layers"][1]["shape"]


def test_shared_tables_are_counted_once_and_stored_for_each_layer() -> None:
    program = shiftlut_like(0)
    whole = report(program, max(4, Build().least_clocks(program)), 48)
    for k, owner in program.shared.items():
        layer, first = whole["layers"][k], whole["layers"][owner]
        assert layer["tables_of"] == owner
        assert first["tables_of"] is None
        assert layer["table_bits"] == layer["quantiser_bits"] == 0
        (row,) = [
            row
            for row in whole["line_widths"][0]["stored"]
            if (row["layer"], row["purpose"]) == (k, "table")
        ]
        assert row["copy_bits"] == row["bits"] == row["copies"] * first["table_bits"] > 0
        assert f"| of layer {owner} |" in to_markdown(whole, "x")


def test_a_pattern_that_stands_twice_is_two_patterns() -> None:
    words = np.arange(16, dtype=np.int32).reshape(4, 4)
    pattern = Pattern(((0, 0),), words, code_bits=2, shift=6)
    layers = (
        PatternTables((pattern, pattern), rotations=4),
        *simplex_like(0).layers[2:3],
        PixelShuffle(2),
    )
    whole = report(Program("twice", 2, layers), 2, 48)
    assert stored(whole["line_widths"][0]) == {0: [2, 2]}
    assert whole["line_widths"][0]["on_chip"]["rom_padding_bits"] == 0


def test_markdown_and_picture_show_patterns_and_stages(tmp_path: Path) -> None:
    whole = report(hklut(write_hklut(tmp_path)), 4, 480)
    text = to_markdown(whole, "lutscale report x.npz")
    for line in (
        "| 4 pattern_tables | 1→4, 5 patterns, 4 rotations | x2 | 1 | 80 | 409,600 | 4 times |",
        "| 4 pattern 2 | pixels (0,0) (1,2) (2,1), bits 4..7, borders reflect | 4,096 of 32 bits | "
        "16,384 | 16 | 4 times |",
        "| 0 pattern 3 | pixels (0,0) (0,1), bits 0..3, borders replicate | 256 of 32 bits | "
        "1,024 | 4 | once |",
        "| x2 | 960 | 1 | 1,638,400 |",
        "| of which copies of tables | 1,228,800 |",
        "| 4 | tables pattern 0 | ROM | 4 of 4096x32 |",
    ):
        assert line in text
    for block in text.split("\n\n"):
        if block.startswith("| "):
            assert len({row.count("|") for row in block.splitlines()}) == 1
    assert picture(whole).startswith(b"\x89PNG")


def test_interpolated_patterns_say_so() -> None:
    program = simplex_like(0)
    whole = report(program, 4, 48)
    assert ", bits 6..7 interpolated by 6 more, " in to_markdown(whole, "x")
    assert whole["layers"][0]["parts"][0]["reads"] == 4 * 5
    assert (
        to_markdown(report(hklut_like(1), 4, 48), "x").count(
            "## Layers with tables of several kinds"
        )
        == 1
    )

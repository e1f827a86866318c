"""Where codes are quantised may depend on the line width; all that is made of one build agrees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from click.testing import CliRunner

from lutscale.golden.layers import PixelShuffle, Requantise, TapTables
from lutscale.golden.program import Program
from lutscale.golden.program_file import save
from lutscale.golden.quantiser import Quantiser
from lutscale.hw import handoff, rom_export
from lutscale.hw.build import Build
from lutscale.hw.names import default_name
from lutscale.reports import memory
from lutscale.reports.account import account
from lutscale.reports.memory_page import to_markdown

COPIES = {480: 3, 960: 7}
"""Quantiser ROMs by line width: one, and two in front of the line buffer or six behind."""


def taps(inputs: int, outputs: int, *, signed: bool) -> TapTables:
    """3x3 tables of 9 nodes: pairs are a bit wider than codes."""
    random = np.random.default_rng(inputs)
    codes = np.arange(256, dtype=np.int32)
    quantiser = Quantiser(codes // 32, codes % 32 * 2, 9, 6)
    entries = random.integers(-128, 128, (inputs, 3, 3, 9, outputs))
    return TapTables(entries, 8, 8, signed, quantiser)


@pytest.fixture(scope="module")
def program() -> Program:
    layers = (
        taps(1, 8, signed=False),
        Requantise(np.full(8, 100, np.int32), 20, -128, 127),
        taps(8, 4, signed=True),
        Requantise(np.full(4, 100, np.int32), 20, 0, 255),
        PixelShuffle(2),
    )
    return Program("nine-nodes", 2, layers)


def quantisers(whole: dict[str, Any]) -> dict[int, int]:
    """Quantiser ROMs that a report counts, by line width."""
    return {
        entry["line_width"]: sum(
            row["copies"] for row in entry["stored"] if row["purpose"] == "quantiser"
        )
        for entry in whole["line_widths"]
    }


def test_the_report_counts_at_each_width(program: Program) -> None:
    whole = account(program, Build(), tuple(COPIES))
    assert quantisers(whole) == COPIES
    copies = [entry["on_chip"]["quantiser_copy_bits"] for entry in whole["line_widths"]]
    assert copies == [(count - 2) * 256 * 9 for count in COPIES.values()]
    text = to_markdown(whole, "x")
    assert "| 2,304 | once |  |" in text
    assert "| 2,304 | 2 times at 480, 6 times at 960 |  |" in text


@pytest.mark.slow
@pytest.mark.parametrize("width", COPIES)
def test_every_command_builds_the_same(program: Program, tmp_path: Path, width: int) -> None:
    file = tmp_path / "program.npz"
    save(program, file)

    def run(command: click.Command, name: str) -> Path:
        out = tmp_path / name
        build = Build(max_width=width)
        result = CliRunner().invoke(command, [str(file), "--out", str(out), *build.options()])
        assert result.exit_code == 0, result.output
        return out

    whole = json.loads((run(memory.main, "report") / "memory.json").read_text())
    assert quantisers(whole)[width] == COPIES[width]
    name = default_name(program.name)
    index = run(rom_export.main, "roms") / f"{name}__roms.json"
    exported = {rom["name"] for rom in json.loads(index.read_text())["roms"]}
    written = run(handoff.main, "verilog") / handoff.manifest_name(name)
    assert exported == set(json.loads(written.read_text())["roms"])
    assert sum("quantiser" in name for name in exported) == COPIES[width]
    entry = whole["line_widths"][0]
    assert len(exported) == sum(group["count"] for group in entry["memories"] if group["rom"])

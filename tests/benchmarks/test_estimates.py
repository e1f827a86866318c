# amaranth: UnusedElaboratable=no
"""The error of estimates: what is published is what was measured, and the fit finds factors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benchmarks import estimates
from benchmarks.estimates import NETLISTS, component_cells, fitted, main, plan_of, table
from lutscale.golden.errors import InputError
from lutscale.hw.estimates import estimate, weighed
from lutscale.hw.features import TOP, features

PAGE = Path(__file__).parents[2] / "docs" / "fpga.md"
NOTED: dict[str, Any] = json.loads(NETLISTS.read_text())["designs"]


@pytest.mark.parametrize("design", NOTED)
def test_an_estimate_is_near_its_netlist(design: str) -> None:
    """The bar that the table in docs/fpga.md shows kept."""
    found, said = NOTED[design], estimate(plan_of(design))
    assert said.comb == pytest.approx(found["comb"], rel=0.15)
    assert (said.dsp, said.blocks) == (found["dsp"], found["blocks"])


@pytest.mark.parametrize("design", NOTED)
def test_no_cell_is_lost(design: str) -> None:
    found = NOTED[design]
    for k, figure in enumerate(("comb", "ff")):
        assert sum(part[k] for part in found["parts"].values()) == found[figure]
    assert set(found["parts"]) <= {name for name, _, _ in features(plan_of(design))}


def test_the_table_of_the_page_is_of_these_netlists() -> None:
    text = PAGE.read_text()
    for design, found in NOTED.items():
        program, clocks, *width = design.split(":")
        clocks += f" at {width[0]}" if width else ""
        (row,) = (
            line for line in text.splitlines() if line.startswith(f"| `{program}`, {clocks} |")
        )
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[2] == f"{found['comb']:,}"
        assert cells[5] == f"{found['ff']:,}"


def test_the_fit_finds_the_factors_that_netlists_were_made_with() -> None:
    design = "iqlut-tiny-x4:4"
    parts = {
        name: [3 * sum(counts["comb"].values()), weighed(counts["ff"], {"one": 50.0})]
        for name, _, counts in features(plan_of(design))
    }
    comb, ff = (sum(part[k] for part in parts.values()) for k in range(2))
    noted = {design: {"comb": comb, "ff": ff, "dsp": 58, "blocks": 10, "parts": parts}}
    said = estimate(plan_of(design), fitted(noted))
    assert said.comb == pytest.approx(comb, rel=0.02)
    assert said.ff == pytest.approx(ff, rel=0.02)
    row = list(table(noted, {}))[2]
    assert f"| {comb:,} | -6" in row


def test_cells_belong_to_components(tmp_path: Path) -> None:
    cells = {
        "pipeline.stage0_linebuffer.x_LUT4_A": "LUT4",
        "pipeline.stage0_linebuffer.ram.y_CCU2C": "CCU2C",
        "pipeline.source.z_FF": "TRELLIS_FF",
        "pipeline.i__payload$6.first": "TRELLIS_FF",
        "m_axis_tvalid_LUT4": "LUT4",
    }
    top = {"attributes": {"top": "1"}, "cells": {n: {"type": kind} for n, kind in cells.items()}}
    path = tmp_path / "netlist.json"
    path.write_text(json.dumps({"modules": {"other": {"attributes": {}}, "top": top}}))
    assert component_cells(path) == {
        "source": [0, 1], "stage0_linebuffer": [3, 0], TOP: [1, 1]
    }  # fmt: skip


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    design = "iqlut-tiny-x4:4"
    monkeypatch.setattr(estimates, "NETLISTS", tmp_path / "netlists.json")
    monkeypatch.setattr(estimates, "FACTORS", tmp_path / "factors.json")
    monkeypatch.setattr(estimates, "measure", lambda name, cache: NOTED[name])
    run = CliRunner().invoke
    assert run(main, [design]).stderr == f"error: {design} must be measured first: --measure\n"
    result = run(main, [design, "--measure", "--fit"])
    assert result.exit_code == 0, result.output
    assert "| `iqlut-tiny-x4`, 4 | " in result.stdout
    assert run(main, []).stdout == result.stdout
    for wrong in ("iqlut", "iqlut:4:480:1", "iqlut:4:wide"):
        with pytest.raises(InputError, match=f"or PROGRAM:CLOCKS:WIDTH, not '{wrong}'"):
            plan_of(wrong)
    assert plan_of("iqlut-tiny-x4:16:960").build.max_width == 960

# amaranth: UnusedElaboratable=no
"""The table of one layer's forms: which rows there are, and what a row says."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from benchmarks import forms
from benchmarks.forms import cases, main
from lutscale.hw.flow.cells import Cells
from lutscale.hw.forms.planes import PlanePlan, PlanesStage
from lutscale.hw.layers.tap_tables import TapTablesStage


def test_rows_are_of_one_layer() -> None:
    found = list(cases())
    assert len({(case.name, case.clocks, case.functions) for case in found}) == len(found)
    for case in found:
        tied = case.layer.symmetry is not None
        assert case.functions == 16 * 9 * 4 * (4 if tied else 1)
        stage = case.stage()
        planes = isinstance(case.form, PlanePlan)
        assert isinstance(stage, PlanesStage if planes else TapTablesStage)
        assert case.predicted() > 1000


def test_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = Cells(lut=1000, carry=64, ff=300, dsp=0, blocks=0, ram=0, comb=1152)
    monkeypatch.setattr(forms, "measure", lambda *_: cells)
    lines = CliRunner().invoke(main, ["whole weights, taps a table: 1"]).stdout.splitlines()
    (row,) = lines[2:]
    start = "| planes, whole weights, taps a table: 1 | 4 | 576 | 1,152 | 0 | 300 | 2.00 | "
    assert row.startswith(start)
    assert len(CliRunner().invoke(main, []).stdout.splitlines()) == 2 + len(list(cases()))

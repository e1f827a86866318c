"""Plots are left out where matplotlib is missing, and nothing else."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from lutscale.golden.errors import InputWarning
from lutscale.reports.memory import main
from lutscale.reports.plots import plotted


def test_a_plot_is_a_file() -> None:
    assert plotted("a.png", lambda: b"png") == {"a.png": b"png"}


def test_without_matplotlib_there_is_a_note() -> None:
    def draw() -> bytes:
        raise ModuleNotFoundError("no", name="matplotlib.figure")

    says = "a.png: left out, as matplotlib is not installed: pip install 'lutscale[plots]'"
    with pytest.warns(InputWarning, match=f"^{says.replace('[', '.').replace(']', '.')}$"):
        assert plotted("a.png", draw) == {}


def test_another_missing_module_is_an_error() -> None:
    def draw() -> bytes:
        raise ModuleNotFoundError("no", name="numpy")

    with pytest.raises(ModuleNotFoundError):
        plotted("a.png", draw)


def test_a_report_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    (tmp_path / "memory.png").write_text("of another report")
    result = CliRunner().invoke(main, ["iqlut-tiny-x4", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert result.stderr == (
        "note: memory.png: left out, as matplotlib is not installed: pip install "
        "'lutscale[plots]'\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["memory.json", "memory.md"]
    assert json.loads((tmp_path / "memory.json").read_text())["format"] == "lutscale-memory"
    assert "memory.png" not in (tmp_path / "memory.md").read_text()

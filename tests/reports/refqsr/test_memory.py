"""The memory report of a network, its ROM files and its Verilog by the same commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lutscale.command import main
from lutscale.golden.model_file import save
from lutscale.hw.refqsr.build import TileBuild
from lutscale.hw.refqsr.processor import TileProcessor
from lutscale.reports.refqsr.memory import tile_account
from tests.support.refqsr.networks import network


def lutscale(*words: object) -> str:
    result = CliRunner().invoke(main, [str(word) for word in words], prog_name="lutscale")
    assert result.exit_code == 0, result.output
    return result.stdout


def test_every_memory_is_counted_once() -> None:
    build = TileBuild(max_width=8, max_height=8)
    report = tile_account(network(1), build)
    uses = TileProcessor(network(1), build).memories
    assert report["on_chip"]["bits"] == sum(use.bits for use in uses)
    assert sum(row["count"] for row in report["memories"]) == len(uses)
    by_purpose = sum(total["bits"] for total in report["purposes"].values())
    assert by_purpose == report["on_chip"]["bits"]
    lanes = next(row for row in report["memories"] if row["name"] == "weights")
    assert (lanes["count"], lanes["width"]) == (4, 4 * 8)


def test_tiles_are_as_large_as_the_command_says(tmp_path: Path) -> None:
    save(network(1), tmp_path / "net.npz")
    lutscale("report", tmp_path / "net.npz", "--out", tmp_path)
    depths = []
    for options in ((), ("--max-width", 48, "--max-height", 48)):
        said = lutscale("report", tmp_path / "net.npz", *options, "--out", tmp_path)
        report = json.loads((tmp_path / "memory.json").read_text())
        assert f"{report['on_chip']['bytes']:,} bytes" in said
        assert f"{report['on_chip']['bytes']:,} bytes" in (tmp_path / "memory.md").read_text()
        (body,) = (row for row in report["memories"] if row["name"] == "body")
        depths.append(body["depth"])
    assert depths == [24 * 24, 48 * 48]


@pytest.mark.slow
def test_roms_and_verilog_by_the_commands_of_programs(tmp_path: Path) -> None:
    save(network(1, channels=3), tmp_path / "net.npz")
    said = lutscale("export-roms", tmp_path / "net.npz", "--out", tmp_path / "roms")
    assert "all read back equal" in said
    paths = lutscale("verilog", tmp_path / "net.npz", "--out", tmp_path / "rtl").split()
    assert [Path(path).name for path in paths] == ["lutscale_random.v", "lutscale_random__memory.v"]
    images = {path.name for path in (tmp_path / "rtl").glob("*.hex")}
    exported = {path.name for path in (tmp_path / "roms").rglob("*.hex")}
    assert images == exported

"""Targets of make call the one command, with the variables as options."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from lutscale.command import COMMANDS
from lutscale.golden import zoo

ROOT = Path(__file__).parents[1]


def called(target: str, **variables: str) -> tuple[str, dict[str, Any]]:
    """The subcommand that a target calls, and its parameters as click reads them."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    settings = [f"{name}={value}" for name, value in variables.items()]
    done = subprocess.run(
        ["make", "-n", target, *settings], cwd=ROOT, capture_output=True, text=True, check=True
    )
    (line,) = (line for line in done.stdout.splitlines() if " -m lutscale " in line)
    _, name, *words = shlex.split(line.partition(" -m ")[2])
    if name == "train":
        pytest.importorskip("torch")
    command = import_module(COMMANDS[name][0]).main
    return name, command.make_context(name, words).params


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("sim", "sim"),
        ("verilog", "verilog"),
        ("rom-export", "export-roms"),
        ("report", "report"),
        ("fpga", "fpga"),
    ],
)
def test_targets_for_one_program(target: str, name: str) -> None:
    found, plain = called(target)
    assert (found, plain["program"]) == (name, zoo.find("iqlut-hd-x4"))
    _, told = called(
        target, PROGRAM="my programs/a.npz", OUT="my out", CLOCKS_PER_PIXEL="8", TARGET="gowin"
    )
    assert (told["program"], told["out"]) == (Path("my programs/a.npz"), Path("my out"))
    assert (told["clocks_per_pixel"], told["target"]) == (8, "gowin")
    assert told["max_width"] == plain["max_width"]


def test_a_simulation_with_everything() -> None:
    _, told = called("sim", IMAGE="my photo.png", CROP="9", SIM="icarus", STALLS="1", WAVES="1")
    assert (told["image"], told["crop"], told["sim"]) == ("my photo.png", 9, "icarus")
    assert (told["stalled"], told["waves"]) == (True, True)


def test_the_benchmark_takes_sets_and_programs() -> None:
    name, told = called("benchmark", SET="Set5 Set14", OUT="o")
    assert (name, told["programs"], told["names"]) == ("benchmark", (), ("Set5", "Set14"))
    assert told["out"] == Path("o")
    assert called("benchmark", PROGRAM="iqlut-s-x4")[1]["programs"] == (zoo.find("iqlut-s-x4"),)


def test_a_page_runs_what_is_missing() -> None:
    name, told = called("page", PROGRAM="iqlut-s-x4", CLOCKS_PER_PIXEL="8", OUT="o")
    assert (name, told["programs"]) == ("page", (zoo.find("iqlut-s-x4"),))
    assert (told["run"], told["clocks_per_pixel"], told["out"]) == (True, 8, Path("o"))


def test_place_and_route() -> None:
    _, told = called("fpga", TARGET="ecp5-85f", CLOCKS_PER_PIXEL="16", SEEDS="3", CLOCK="100")
    assert (told["seeds"], told["clock"]) == (3, 100.0)
    assert (told["target"], told["clocks_per_pixel"]) == ("ecp5-85f", 16)
    assert (
        called("fpga", NEXTPNR="/my tools/nextpnr-ecp5")[1]["nextpnr"] == "/my tools/nextpnr-ecp5"
    )


def test_a_board() -> None:
    _, told = called("fpga", PROGRAM="lutscale-tiny-x4", BOARD="ulx3s", SEEDS="2")
    assert (told["board"], told["seeds"]) == ("ulx3s", 2)
    name, told = called("sim", BOARD="ulx3s")
    assert (name, told["board"], told["program"]) == ("sim", "ulx3s", zoo.find("lutscale-tiny-x4"))


def test_exploring() -> None:
    name, told = called("explore", NEED="4k60", TARGET="ecp5-85f", BUDGET="102400", OUT="o")
    assert (name, told["need"], told["target"]) == ("explore", "4k60", "ecp5-85f")
    assert (told["budget"], told["out"], told["scheduler"]) == (102400, Path("o"), None)
    _, told = called("explore", DESIGNS="9", SPACE="my space.json", SCHEDULER="tcp://h:1")
    assert (told["count"], told["space_file"]) == (9, Path("my space.json"))
    assert told["scheduler"] == "tcp://h:1"


def test_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUTSCALE_DATA", str(ROOT))
    name, told = called("train", SYSTEM="iqlut-tiny-x4", STEPS="7", OUT="o")
    assert (name, told["name"], told["steps"]) == ("train", "iqlut-tiny-x4", 7)
    assert told["resume"]
    assert told["out"] == Path("o")

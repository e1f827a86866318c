"""The one command: lazy, with examples that work, and bad input in one line."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from lutscale.command import COMMANDS, main
from lutscale.golden.command import Command

ROOT = Path(__file__).parents[1]
NAMES = list(COMMANDS)


def command(name: str) -> Command:
    """A subcommand; skipped where its libraries are not installed."""
    if name == "train":
        pytest.importorskip("torch")
    found = import_module(COMMANDS[name][0]).main
    assert isinstance(found, Command)
    return found


def imported(*arguments: str) -> tuple[subprocess.CompletedProcess[str], set[str]]:
    """Run the command in a process of its own; what it printed and which modules it imported."""
    script = (
        "import json, sys\n"
        "from lutscale.command import main\n"
        "main(sys.argv[1:], prog_name='lutscale', standalone_mode=False)\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done, set(json.loads(done.stdout.splitlines()[-1]))


def test_the_commands_are_these() -> None:
    wanted = {"upscale", "zoo", "sim", "verilog", "export-roms", "report", "benchmark", "train"}
    assert {*wanted, "import"} <= set(COMMANDS)
    shown = CliRunner().invoke(main, ["--help"]).stdout
    for name, (_, text) in COMMANDS.items():
        assert f"  {name.ljust(11)}  {text}\n" in shown


def test_help_imports_no_library_but_click() -> None:
    _, modules = imported("--help")
    heavy = {"numpy", "torch", "amaranth", "PIL", "matplotlib", "rich", "cocotb", "tqdm"}
    assert not modules & heavy
    assert not {name for name in modules if name.startswith("lutscale.model")}


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if name != "train"])
def test_torch_is_for_training_only(name: str) -> None:
    _, modules = imported(name, "--help")
    assert "torch" not in modules


@pytest.mark.parametrize("name", NAMES)
def test_a_command_says_the_same_everywhere(name: str) -> None:
    found = command(name)
    assert found.help is not None
    assert found.help.splitlines()[0] == COMMANDS[name][1]


@pytest.mark.parametrize("name", NAMES)
def test_every_help_has_examples_that_parse(name: str) -> None:
    examples = command(name).examples
    assert examples
    shown = CliRunner().invoke(main, [name, "--help"]).stdout
    for text, line in examples:
        assert f"  # {text}\n  {line}\n" in shown
        words = shlex.split(line)
        settings = [word for word in words if word.isupper()]
        assert not settings
        assert words[0] == "lutscale"
        context = command(words[1]).make_context(words[1], words[2:])
        assert context.params


def test_an_example_that_does_not_parse_is_found() -> None:
    with pytest.raises(click.UsageError, match="No such option"):
        command("sim").make_context("sim", ["iqlut-tiny-x4", "--imgae", "photo.png"])


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["simm"], "No such command 'simm'. (see `lutscale --help`)"),
        (["upscale"], "Missing argument 'IN'. (see `lutscale upscale --help`)"),
        (["zoo", "--jsno"], "No such option"),
        (["upscale", "a", "b", "--program", "iqlut-tiny-x5"], "'iqlut-tiny-x5' must be a program"),
        (["upscale", "none.png", "out.png"], "none.png: must be an image file, but there is no "),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], line: str) -> None:
    result = CliRunner().invoke(main, arguments, prog_name="lutscale")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {line}")
    assert result.stderr.count("\n") == 1


def test_without_pytorch_training_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("lutscale.model")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    result = CliRunner().invoke(main, ["train", "iqlut-tiny-x4"])
    assert result.exit_code == 2
    assert result.stderr == (
        "error: torch must be installed for `lutscale train`, but is not: "
        "pip install 'lutscale[train]'\n"
    )


def test_a_missing_library_of_another_kind_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "lutscale.reports.zoo", raising=False)
    monkeypatch.setitem(sys.modules, "rich.table", None)
    result = CliRunner().invoke(main, ["zoo"])
    assert isinstance(result.exception, ModuleNotFoundError)


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lutscale", "--version"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("lutscale ")

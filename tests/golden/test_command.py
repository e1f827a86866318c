"""Errors on the command line: one line, exit code 2."""

import warnings
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from lutscale.golden import zoo
from lutscale.golden.command import Command, one_line_errors, out_option, program_argument
from lutscale.golden.errors import InputError, InputWarning


def run(error: BaseException | None, *arguments: str) -> Result:
    @click.command()
    @click.option("--count", type=int, default=1)
    @one_line_errors
    def tool(count: int) -> None:
        """Do a thing."""
        if error is not None:
            raise error
        click.echo(f"count {count}")

    return CliRunner().invoke(tool, list(arguments))


def test_passes_through_what_works() -> None:
    result = run(None, "--count", "3")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "count 3\n", "")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (InputError("a.png is a colour image"), "a.png is a colour image"),
        (ValueError("r must be 2, 3 or 4,\n  not 7"), "r must be 2, 3 or 4, not 7"),
        (TypeError("no"), "no"),
        (ValueError(), "ValueError"),
        (FileNotFoundError(2, "No such file or directory", "x.bin"),
         "x.bin: No such file or directory"),
        (OSError(28, "No space left on device"), "No space left on device"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_exit_2(error: Exception, line: str) -> None:
    result = run(error)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"error: {line}\n")


def test_clicks_own_usage_error_stays_exit_2() -> None:
    result = run(None, "--count", "many")
    assert result.exit_code == 2
    assert "not a valid integer" in result.stderr


def test_a_bug_is_not_hidden() -> None:
    assert isinstance(run(KeyError("bug")).exception, KeyError)


def test_a_closed_pipe_is_left_to_click() -> None:
    assert "error:" not in run(BrokenPipeError(32, "Broken pipe")).stderr


def test_input_error_is_a_value_error() -> None:
    assert issubclass(InputError, ValueError)


def test_a_real_missing_file(tmp_path: Path) -> None:
    @click.command()
    @one_line_errors
    def tool() -> None:
        (tmp_path / "absent").read_bytes()

    result = CliRunner().invoke(tool)
    assert result.exit_code == 2
    assert result.stderr == f"error: {tmp_path / 'absent'}: No such file or directory\n"


def test_warnings_of_input_are_notes() -> None:
    @click.command()
    @one_line_errors
    def tool() -> None:
        for _ in range(2):
            warnings.warn("a.gif: holds 3 frames;\n the first is taken", InputWarning, stacklevel=1)
        click.echo("done")

    for _ in range(2):
        result = CliRunner().invoke(tool)
        assert (result.exit_code, result.stdout) == (0, "done\n")
        assert result.stderr == "note: a.gif: holds 3 frames; the first is taken\n"


def test_other_warnings_stay_as_they_are() -> None:
    @click.command()
    @one_line_errors
    def tool() -> None:
        warnings.warn("soon gone", FutureWarning, stacklevel=1)

    with pytest.warns(FutureWarning, match="soon gone"):
        assert CliRunner().invoke(tool).stderr == ""


@click.command(cls=Command, examples=[("do it with mine", "tool mine.npz --out 'a b' " + "x" * 99)])
@program_argument
@out_option("build/things", "what comes out")
@one_line_errors
def tool(program: Path, out: Path) -> None:
    """Do a thing."""
    click.echo(f"{program} {out}")


def test_help_ends_with_examples_that_are_never_broken() -> None:
    for option in ("--help", "-h"):
        text = CliRunner().invoke(tool, [option]).stdout
        lines = ["Examples:", "  # do it with mine", "  tool mine.npz --out 'a b' " + "x" * 99]
        assert text.splitlines()[-3:] == lines
    assert "--out PATH  Folder for what comes out.  [default: build/things]" in text


def test_programs_are_named_or_paths(tmp_path: Path) -> None:
    result = CliRunner().invoke(tool, ["iqlut-tiny-x4"])
    assert result.stdout == f"{zoo.folder() / 'iqlut-tiny-x4.npz'} build/things\n"
    result = CliRunner().invoke(tool, [str(tmp_path / "none.npz"), "--out", "x"])
    assert result.stdout == f"{tmp_path / 'none.npz'} x\n"


def test_a_wrong_name_is_one_line() -> None:
    result = CliRunner().invoke(tool, ["iqlut-tiny-x5"])
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith("error: 'iqlut-tiny-x5' must be a program file (.npz) or a ")
    assert "such as iqlut-tiny-x4, " in result.stderr

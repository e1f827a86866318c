"""What every command line of the project shares: programs by name, examples, errors in one line."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TextIO, TypeVar

import click

from lutscale.golden import zoo
from lutscale.golden.errors import InputError, InputWarning

__all__ = [
    "PROGRAM",
    "BadInput",
    "Command",
    "ProgramFile",
    "one_line_errors",
    "out_option",
    "program_argument",
    "say",
]

P = ParamSpec("P")
R = TypeVar("R")


class BadInput(click.ClickException):
    """What click's own machinery reports as `error: ...` in one line, with exit code 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Print the line, on stderr unless told otherwise."""
        click.echo(f"error: {_line(self)}", file=file, err=file is None)


class Command(click.Command):
    """A click command whose help ends with examples.

    Args:
        examples: (what it does, command line) of each.
    """

    def __init__(self, *args: Any, examples: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        settings = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
        super().__init__(*args, **{"context_settings": settings, **kwargs})
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, whose lines are never broken: they are there to be copied."""
        super().format_epilog(ctx, formatter)
        if not self.examples:
            return
        with formatter.section("Examples"):
            for text, line in self.examples:
                formatter.write(f"  # {text}\n  {line}\n")


class ProgramFile(click.ParamType):
    """A program by its path, or by its name when it is one of the zoo; a `pathlib.Path`."""

    name = "program"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Find the program; a word that names none is one line with near names."""
        if isinstance(value, Path):
            return value
        try:
            return zoo.find(value)
        except InputError as error:
            raise BadInput(str(error)) from error


PROGRAM = ProgramFile()


def program_argument(body: Callable[..., Any]) -> Callable[..., Any]:
    """The argument PROGRAM, which the function takes as the Path ``program``."""
    return click.argument("program", type=PROGRAM)(body)


def out_option(default: str, holds: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option --out, which the function takes as the Path ``out``.

    Args:
        holds: what the folder gets, for the help.
    """
    return click.option(
        "--out",
        type=click.Path(path_type=Path),
        default=Path(default),
        show_default=True,
        help=f"Folder for {holds}.",
    )


def _line(error: Exception) -> str:
    """What `error` says as one line, never empty."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    return " ".join(text.split()) or type(error).__name__


def one_line_errors(body: Callable[P, R]) -> Callable[P, R]:
    """Make the body of a click command report bad input as `error: ...` with exit code 2.

    Put it directly above the function, below click's own decorators. It takes in `ValueError`
    (so `InputError`), `TypeError` and `OSError`, prints one line on stderr and raises
    `SystemExit(2)`; a closed pipe and click's own errors pass through to click. An `InputWarning`
    is printed on stderr as `note: ...`.
    """

    @wraps(body)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with _notes():
                return body(*args, **kwargs)
        except BrokenPipeError:
            raise
        except (ValueError, TypeError, OSError) as error:
            click.echo(f"error: {_line(error)}", err=True)
            raise SystemExit(2) from error

    return wrapper


@contextmanager
def _notes() -> Iterator[None]:
    """Print what is warned of our input as lines of stderr, each once."""
    with warnings.catch_warnings():
        warnings.simplefilter("default", InputWarning)
        others = warnings.showwarning

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if issubclass(category, InputWarning):
                say(f"note: {' '.join(str(message).split())}")
            else:
                others(message, category, filename, lineno, file, line)

        warnings.showwarning = show
        yield


def say(line: str) -> None:
    """Print a line on stderr, above a progress bar where there is one."""
    from tqdm import tqdm

    with tqdm.external_write_mode():
        click.echo(line, err=True)

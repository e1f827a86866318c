"""What every command line of the project shares: errors in one line, exit code 2."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TextIO, TypeVar

import click
from tqdm import tqdm

from lutscale.golden.errors import InputWarning

__all__ = ["one_line_errors"]

P = ParamSpec("P")
R = TypeVar("R")


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
            if not issubclass(category, InputWarning):
                others(message, category, filename, lineno, file, line)
                return
            # A progress bar may stand on the line.
            with tqdm.external_write_mode():
                click.echo(f"note: {' '.join(str(message).split())}", err=True)

        warnings.showwarning = show
        yield

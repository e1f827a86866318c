"""What every command line of the project shares: errors in one line, exit code 2."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click

__all__ = ["one_line_errors"]

P = ParamSpec("P")
R = TypeVar("R")


def _line(error: Exception) -> str:
    """Return what `error` says as one line, never empty."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    return " ".join(text.split()) or type(error).__name__


def one_line_errors(body: Callable[P, R]) -> Callable[P, R]:
    """Make the body of a click command report bad input as `error: ...` with exit code 2.

    Put it directly above the function, below click's own decorators. It takes in `ValueError`
    (so `InputError`), `TypeError` and `OSError`, prints one line on stderr and raises
    `SystemExit(2)`; a closed pipe and click's own errors pass through to click.
    """

    @wraps(body)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return body(*args, **kwargs)
        except BrokenPipeError:
            raise
        except (ValueError, TypeError, OSError) as error:
            click.echo(f"error: {_line(error)}", err=True)
            raise SystemExit(2) from error

    return wrapper

"""Pictures that matplotlib draws, where it is installed."""

from __future__ import annotations

import warnings
from collections.abc import Callable

from lutscale.golden.errors import InputWarning

__all__ = ["plotted"]


def plotted(name: str, draw: Callable[[], bytes]) -> dict[str, bytes]:
    """A file by its name; none, with an InputWarning, where matplotlib is missing.

    The figures are in the other files of a report, so it does not fail for want of a picture.

    Args:
        draw: what makes its content.
    """
    try:
        return {name: draw()}
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "matplotlib":
            raise
        warnings.warn(
            f"{name}: left out, as matplotlib is not installed: pip install 'lutscale[plots]'",
            InputWarning,
            stacklevel=2,
        )
        return {}

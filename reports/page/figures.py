"""Figures on a page: each is read from the JSON by a pointer, shown, and marked with both.

``<data value="36304" data-from="/memory/tables/bytes">36,304</data>``: so whoever doubts a figure
can follow it, and a test follows all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from markupsafe import Markup

from lutscale.golden.errors import InputError
from lutscale.reports.page.sources import at

__all__ = ["STYLES", "Figures", "Steps", "pointer"]


def _trimmed(value: float) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".")


STYLES: Mapping[str, Callable[[Any], str]] = {
    "count": lambda value: f"{value:,}",
    "db": lambda value: f"{value:.3f}",
    "gain": lambda value: f"{value:+.3f}".replace("-", "\N{MINUS SIGN}"),
    "ssim": lambda value: f"{value:.4f}",
    "mhz": lambda value: f"{value:.1f}",
    "kilobytes": lambda bits: f"{bits / 8192:.1f}" if not 0 < bits < 410 else "< 0.1",
    "share": lambda value: f"{value:.0%}",
    "short": _trimmed,
    "word": str,
}
"""How a figure may be written, by name."""


Steps = str | int | tuple["Steps", ...]
"""A key, an index, or several of them in a row."""


def pointer(*steps: Steps) -> str:
    """The JSON pointer (RFC 6901) of some keys and indices."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in flat(steps))


def flat(steps: Iterable[Steps]) -> Iterator[str | int]:
    """The keys and indices one by one."""
    for step in steps:
        if isinstance(step, tuple):
            yield from flat(step)
        else:
            yield step


class Figures:
    """What templates take every figure from.

    Args:
        data: of `gather`.
        files: names of the files that parts of the data were read from, by the first step of a
            pointer; the rest comes from the program itself.
    """

    def __init__(self, data: Mapping[str, Any], files: Mapping[str, str]) -> None:
        self.data, self.files = data, files

    def plain(self, style: str, *steps: Steps) -> str:
        """A figure as text alone."""
        return STYLES[style](at(self.data, pointer(*steps)))

    def get(self, *steps: Steps) -> Any:
        """The value, for decisions; None where a step leads nowhere."""
        found: Any = self.data
        for step in flat(steps):
            try:
                found = found[step]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    def show(self, style: str, *steps: Steps, less: Steps | None = None) -> Markup:
        """A figure as it stands at some keys of the data.

        Args:
            style: one of `STYLES`.
            less: keys of another one, which is taken off it.

        Raises:
            InputError: there is none, or it is no figure.
        """
        where = pointer(*steps)
        value, extra, origin = at(self.data, where), Markup(""), self._origin(where)
        if less is not None:
            other = pointer(less)
            value = round(value - at(self.data, other), 6)
            extra, origin = Markup(' data-less="{}"').format(other), f"{origin} less {other}"
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise InputError(f"page: {where} must be a figure, not {value!r}")
        return Markup('<data value="{}" data-from="{}"{} title="{}">{}</data>').format(
            value, where, extra, origin, STYLES[style](value)
        )

    def _origin(self, where: str) -> str:
        """Where a figure is from, for people: the file and the place in it."""
        first, _, rest = where[1:].partition("/")
        file = self.files.get(first)
        return f"{file}: /{rest}" if file else f"counted in the program: {where}"

"""The index of the zoo as HTML: a table to sort, with a link to every page that is there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import lutscale
from lutscale.golden.task import ENLARGE
from lutscale.reports.page.figures import Figures
from lutscale.reports.page.render import environment

__all__ = ["render_index"]


def render_index(entries: Sequence[Mapping[str, Any]], pages: Collection[str]) -> str:
    """The index.

    Args:
        entries: of `reports.zoo.listing`.
        pages: names of the programs whose page lies beside it.
    """
    figures = Figures({"zoo": entries}, {"zoo": "lutscale zoo --json"})
    groups = []
    for title, task in (("Super-resolution", ENLARGE.kind), ("Greyscale denoising", "denoise")):
        own = [k for k, entry in enumerate(entries) if entry["task"] == task]
        sets = list(dict.fromkeys(name for k in own for name in entries[k]["scores"]))
        if own:
            groups.append((title, own, sets))
    return (
        environment()
        .get_template("index.html")
        .render(
            zoo=entries,
            groups=groups,
            pages=pages,
            show=figures.show,
            lutscale=lutscale.__version__,
        )
    )

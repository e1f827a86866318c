"""Which networks there are, and what their names stand for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from lutscale.golden.errors import InputError
from lutscale.model.network import Network
from lutscale.model.refqsr.network import MixedNetwork
from lutscale.model.shapes import IQLUT
from lutscale.model.systems.hklut import hklut
from lutscale.model.systems.iqlut import ecnn, iqlut
from lutscale.model.systems.refqsr import NAMES as REFQSR
from lutscale.model.systems.tinylut import tinylut

__all__ = ["SYSTEMS", "TABLES", "Trainable", "build"]

Trainable = Network | MixedNetwork
"""What a trainer takes."""

TABLES: dict[str, Callable[..., Network]] = {
    **{name: partial(iqlut, scale, **own) for name, (scale, own) in IQLUT.items()},
    "hklut-s-x4": hklut,
    "hklut-l-x4": partial(hklut, (2, 1, 2)),
    "tinylut-s-x4": partial(tinylut, 4),
    "tinylut-f-x4": partial(tinylut, 4, channels=32, blocks=6, codes=18, divisors=(1, 2, 4, 4)),
    **{
        f"tinylut-f-denoise-{sigma}": partial(tinylut, 1, blocks=5, codes=40, sigma=sigma)
        for sigma in (15, 25, 50)
    },
    "ecnn-s-x4": partial(ecnn, 4),
    "ecnn-tiny-x4": partial(ecnn, 4, channels=4, blocks=1, last_kernel=1),
    "ecnn-tiny-x2": partial(ecnn, 2, channels=4, blocks=1),
}
"""Streaming networks of tables by the name of the program they become; arguments change what the
name stands for.
"""

SYSTEMS: dict[str, Callable[..., Trainable]] = {**TABLES, **REFQSR}
"""All networks that can be trained, by name."""


def build(name: str, options: Mapping[str, Any] | None = None) -> Trainable:
    """The network of that name, with other options than its own.

    Raises:
        InputError: no such name or option, or an option that does not fit.
    """
    if name not in SYSTEMS:
        raise InputError(f"name must be one of {', '.join(SYSTEMS)}, not {name!r}")
    made = SYSTEMS[name]
    known = [
        parameter.name
        for parameter in inspect.signature(made).parameters.values()
        if parameter.kind == parameter.KEYWORD_ONLY
    ]
    for option in options or {}:
        if option not in known:
            raise InputError(f"options of {name} must be among {', '.join(known)}, not {option!r}")
    try:
        return made(**(options or {}))
    except (TypeError, ValueError) as error:
        raise InputError(f"options of {name} must fit each other: {error}") from None

"""Which networks there are, and what their names stand for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from lutscale.golden.errors import InputError
from lutscale.model.network import Network
from lutscale.model.refqsr.network import MixedNetwork
from lutscale.model.systems.hklut import hklut
from lutscale.model.systems.iqlut import ecnn, iqlut
from lutscale.model.systems.refqsr import NAMES as REFQSR
from lutscale.model.systems.tinylut import tinylut

__all__ = ["SYSTEMS", "TABLES", "Trainable", "build"]

Trainable = Network | MixedNetwork
"""What a trainer takes."""

# Narrow and deep: three nodes of six bits leave bytes for layers, which need line buffers.
_S: dict[str, Any] = {
    "blocks": 5,
    "nodes": [5, *[3] * 6],
    "entry_bits": [8, *[6] * 5, 8],
    "first_kernel": 5,
    "symmetry": "p4m",
    "one_quantiser": True,
}

TABLES: dict[str, Callable[..., Network]] = {
    "iqlut-s-x2": partial(iqlut, 2, **_S),
    "iqlut-s-x3": partial(iqlut, 3, **_S),
    "iqlut-s-x4": partial(iqlut, 4, **_S),
    # As s in bytes, but few layers: on-chip within 100 KB at 480 pixels a line.
    "iqlut-hd-x2": partial(iqlut, 2),
    "iqlut-hd-x4": partial(iqlut, 4),
    "iqlut-xs-x4": partial(iqlut, 4, channels=12, first_kernel=5),
    "iqlut-m-x4": partial(
        iqlut,
        4,
        channels=24,
        blocks=7,
        nodes=[5, *[3] * 8],
        entry_bits=[8, *[6] * 7, 8],
        first_kernel=5,
        symmetry="p4m",
        one_quantiser=True,
    ),
    "iqlut-l-x4": partial(
        iqlut,
        4,
        channels=24,
        blocks=7,
        nodes=[5, *[3] * 8],
        entry_bits=[8, *[6] * 7, 8],
        first_kernel=5,
        symmetry="p4",
        one_quantiser=True,
    ),
    "iqlut-tiny-x4": partial(iqlut, 4, channels=4, blocks=1, last_kernel=1),
    # Made for hardware by planes: few bits of weight are few clocks, or few gates; few bits of
    # code are narrow line buffers. For 1080p60 on an LFE5U-85F, and on a 25F.
    "lutscale-hd-x4": partial(iqlut, 4, **_S, code_bits=6, weight_bits=[6, *[3] * 6]),
    "lutscale-hd-s-x4": partial(
        iqlut,
        4,
        channels=12,
        blocks=1,
        nodes=[5, 3, 3],
        entry_bits=[8, 6, 8],
        first_kernel=5,
        code_bits=6,
        weight_bits=[6, 3, 3],
        symmetry="p4",
        one_quantiser=True,
    ),
    "hklut-s-x4": hklut,
    "tinylut-s-x4": partial(tinylut, 4),
    "tinylut-f-x4": partial(tinylut, 4, blocks=5, codes=40),
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

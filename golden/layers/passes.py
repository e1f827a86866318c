"""Passes: a layer may run over its tables several times, each time turned another way.

Rotations do, and so do tables that are tied under a group (see `golden.symmetry`), whose channels
are shares, one an element of the group, one after the other, all of the same size.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lutscale.golden.symmetry import GROUPS, PRODUCTS, inverse, patch_source, turned_planes

__all__ = ["ROLES", "Pass", "full_tables", "rotation_passes", "tied_passes"]

ROLES = ("lift", "mix", "end")
"""What tied tables make of what: shares of plain channels, shares of shares, a patch of shares."""


class Pass(NamedTuple):
    """One run over all tables.

    Attributes:
        element: the taps are turned by it.
        sources: the input channel that each channel of the tables reads.
        targets: the output channel that each entry of a word is added to; with groups, those of
            one group's words after the other's.
    """

    element: int
    sources: tuple[int, ...]
    targets: tuple[int, ...]


def rotation_passes(rotations: int, in_channels: int, made: int, *, shared: bool) -> list[Pass]:
    """Passes that make ``made`` channels each, of their own share of the input or all of one."""
    return [
        Pass(q, _share(0 if shared else q, in_channels), _share(q, made)) for q in range(rotations)
    ]


def tied_passes(symmetry: str, role: str, in_channels: int, outputs: int) -> list[Pass]:
    """The passes of tied tables with ``in_channels`` channels and ``outputs`` entries a word.

    - "lift": share g of the result reads all channels through taps turned by g.
    - "mix": share g of the result reads all shares through taps turned by g: with the first
      tables the share g itself, with the next ones share ``g u`` for each element u in turn.
    - "end": share g of the input makes an r x r patch through taps turned by g, which is turned
      back; those of all shares are added.
    """
    elements = range(GROUPS[symmetry])
    passes = []
    for g in elements:
        sources, targets = _share(0, in_channels), _share(g, outputs)
        if role == "mix":
            size = in_channels // len(elements)
            sources = tuple(c for u in elements for c in _share(PRODUCTS[g][u], size))
        if role == "end":
            sources = _share(g, in_channels)
            targets = tuple(patch_source(round(outputs**0.5), inverse(g)))
        passes.append(Pass(g, sources, targets))
    return passes


def full_tables(stored: npt.NDArray[Any], symmetry: str, role: str) -> npt.NDArray[Any]:
    """The tables of an untied layer that computes the same in one pass.

    Args:
        stored: (in_channels, kh, kw, levels, outputs) of the tied layer.

    Returns:
        the same axes, with all input and output channels.
    """
    channels, kh, kw, levels, outputs = stored.shape
    passes = tied_passes(symmetry, role, channels, outputs)
    inputs = 1 + max(c for p in passes for c in p.sources)
    made = 1 + max(o for p in passes for o in p.targets)
    full = np.empty((inputs, kh, kw, levels, made), stored.dtype)
    kernels = np.moveaxis(stored, (1, 2), (3, 4))
    for element, sources, targets in passes:
        # A tap moves to where it reads, as pixels do when the turn is undone.
        moved = np.moveaxis(turned_planes(kernels, inverse(element)), (3, 4), (1, 2))
        full[np.ix_(sources, range(kh), range(kw), range(levels), targets)] = moved
    return full


def _share(number: int, size: int) -> tuple[int, ...]:
    """The channels of a share."""
    return tuple(range(number * size, (number + 1) * size))

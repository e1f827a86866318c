"""Which designs are looked at: grids of options, and builds."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lutscale.golden.errors import InputError
from lutscale.reports.explore.design import Network, whole_options

__all__ = ["DEFAULT", "Space", "read_space"]

# Slow axes first: networks that lie beside each other have most layers in common.
_TIED: dict[str, list[Any]] = {
    "channels": [8, 16, 24, 32],
    "symmetry": ["p4", "p4m"],
    "code_bits": [4, 5, 6],
    "weight_bits": [[6, 3, 3], [6, 4, 4]],
    "entry_bits": [[8, 6, 8], [8, 5, 6]],
    "nodes": [[5, 3, 3], [5, 2, 2]],
    "residual": [True, False],
    "first_kernel": [3, 5, 7],
    "blocks": [1, 2, 3, 5, 7],
    "one_quantiser": [True],
}
_FREE: dict[str, list[Any]] = {
    "channels": [8, 12, 16],
    "code_bits": [4, 6, 8],
    "weight_bits": [[6, 3, 3], [6, 6, 6]],
    "entry_bits": [[8, 6, 8], [8, 8, 8]],
    "nodes": [[5, 3, 3], [5, 5, 5]],
    "block_kernels": [[[3, 3]], [[1, 3]], [[1, 1]]],
    "shift": [False, True],
    "residual": [True, False],
    "first_kernel": [5, 7],
    "blocks": [1, 2, 3],
}


@dataclass(frozen=True)
class Space:
    """Networks of one family: grids of options of `model.shapes.iqlut`.

    Attributes:
        scale: r.
        grids: of each, the values of every option.
    """

    scale: int
    grids: tuple[Mapping[str, Sequence[Any]], ...]

    @property
    def size(self) -> int:
        """How many networks there are."""
        return sum(map(_count, self.grids))

    def networks(self, count: int) -> list[Network]:
        """So many, spread evenly over each grid, as many of each as its share of the space; fewer
        are among more. In the order of the grids.
        """
        count = min(count, self.size)
        ends = [0, *itertools.accumulate(map(_count, self.grids))]
        chosen = sorted(itertools.islice(_spread(self.size), count))
        return [self._network(number, ends) for number in chosen]

    def _network(self, number: int, ends: Sequence[int]) -> Network:
        which = next(k for k, end in enumerate(ends[1:]) if number < end)
        grid, number = self.grids[which], number - ends[which]
        options = {}
        for name, values in reversed(list(grid.items())):
            number, place = divmod(number, len(values))
            options[name] = values[place]
        return Network.shape(self.scale, options)


DEFAULT = Space(4, (_TIED, _FREE))
"""Networks tied and free, x4, of the sizes that mid-size FPGAs hold."""


def _count(grid: Mapping[str, Sequence[Any]]) -> int:
    return math.prod(map(len, grid.values()))


def _spread(size: int) -> Iterator[int]:
    """Every number below ``size`` once, the first ones far from each other: steps of the golden
    section.
    """
    step = round(size * (math.sqrt(5) - 1) / 2)
    while math.gcd(step, size) != 1:
        step += 1
    return (k * step % size for k in range(size))


def read_space(path: Path) -> Space:
    """A space from JSON: ``{"scale": 4, "grids": [{"channels": [8, 16], ...}, ...]}``.

    Raises:
        InputError: what is wrong, and where.
    """
    try:
        data = json.loads(path.read_text())
    except (UnicodeDecodeError, ValueError) as error:
        raise InputError(f"{path} must be JSON, but is not: {error}") from None
    if not isinstance(data, dict) or set(data) != {"scale", "grids"}:
        raise InputError(f"{path} must be an object with scale and grids")
    scale, grids = data["scale"], data["grids"]
    if not isinstance(scale, int) or not 1 <= scale <= 4:
        raise InputError(f"{path}: scale must be 1 to 4, not {scale!r}")
    if not isinstance(grids, list) or not grids:
        raise InputError(f"{path}: grids must be a list of objects, not {grids!r}")
    for k, grid in enumerate(grids):
        where = f"{path}: grid {k}"
        if not isinstance(grid, dict) or not all(isinstance(v, list) and v for v in grid.values()):
            raise InputError(f"{where} must have a list of values for each option")
        try:
            whole_options({name: values[0] for name, values in grid.items()})
        except InputError as error:
            raise InputError(f"{where}: {error}") from None
    return Space(scale, tuple(grids))

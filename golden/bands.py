"""Running a program on frames of any size: bands of rows, each through all layers at once.

A band reads as many rows beyond its own as the program reaches, so that every pixel that is kept
is computed from the pixels that the whole frame has there. Bands keep the memory small, values
that no layer needs any more are dropped, and several bands run on several threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from math import gcd
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lutscale.golden.layers import Layer
from lutscale.golden.layers.layer import Array
from lutscale.golden.value import ValueType

__all__ = [
    "MOST_THREADS",
    "Band",
    "Frame",
    "Step",
    "cores",
    "last_uses",
    "rows_around",
    "run_band",
    "run_bands",
    "split",
]

Frame = npt.NDArray[np.uint8]
"""One plane of pixels, (height, width)."""

Step = Callable[[Sequence[Array]], Array]
"""What a layer makes of the values so far, as `Layer.fast`."""

# A value of a band takes no more; the longer the lines, the lower the bands.
_MOST_BYTES = 32 << 20
# Bands that threads share: rows read beyond a band are computed twice, a twelfth of it at most in
# the middle of a frame.
_ROWS_PER_ROW_BEYOND = 12
_LEAST_ROWS = 32

MOST_THREADS = 8
"""How many bands are computed at the same time at the most; more would mostly take memory."""


class Band(NamedTuple):
    """Rows of a frame.

    Attributes:
        first, end: the rows that are kept.
        top, bottom: those that are read, from ``top`` to ``bottom - 1``.
    """

    first: int
    end: int
    top: int
    bottom: int


def rows_around(layers: Sequence[Layer], types: Sequence[ValueType]) -> int:
    """How many rows of the frame above and below a pixel's own its result may depend on, at most.

    As many on both sides: at the top of a frame, a border that reflects reads rows below in place
    of those above. Each layer's share is rounded up to whole rows of the frame.
    """
    rows = [0]
    for layer, given in zip(layers, types, strict=False):
        reaches = [(len(rows) - 1, layer.reach)]
        reaches += [(source, layer.source_reach) for source in layer.sources]
        rows.append(
            max(rows[value] + -(-max(reach[:2]) // given.scale) for value, reach in reaches)
        )
    return rows[-1]


def split(
    height: int, width: int, types: Sequence[ValueType], around: int, share: int = 1
) -> list[Band]:
    """Bands of about the same height.

    Args:
        around: rows above and below that a pixel's result may depend on.
        share: where it is more than 1, so many bands or a multiple are computed by threads; else
            there are no more than the memory demands.
    """
    bytes_a_row = 4 * width * max(kind.channels * kind.scale**2 for kind in types)
    rows = max(_MOST_BYTES // bytes_a_row - 2 * around, 1)
    if share > 1:
        rows = min(rows, max(_LEAST_ROWS, _ROWS_PER_ROW_BEYOND * 2 * around))
    count = -(-height // rows)
    even = count + -count % share
    if height // even >= _LEAST_ROWS // 2:
        count = even
    edges = [height * k // count for k in range(count + 1)]
    return [
        Band(first, end, max(first - around, 0), min(end + around, height))
        for first, end in pairwise(edges)
    ]


def last_uses(layers: Sequence[Layer]) -> list[list[int]]:
    """For each layer, the numbers of the values that none behind it needs."""
    last = {0: 0}
    for k, layer in enumerate(layers):
        last |= dict.fromkeys((k, *layer.sources), k)
    return [[value for value, user in last.items() if user == k] for k in range(len(layers))]


def run_band(
    frame: Frame, band: Band, steps: Sequence[Step], unused: Sequence[Sequence[int]], scale: int
) -> Array:
    """int32 ((end - first) * scale, width * scale): the result for the band's rows."""
    values: list[Array] = [frame[None, band.top : band.bottom].astype(np.int32)]
    nothing = np.empty((0, 0, 0), np.int32)
    for step, numbers in zip(steps, unused, strict=True):
        values.append(step(values))
        for number in numbers:
            values[number] = nothing
    above = (band.first - band.top) * scale
    return values[-1][0, above : above + (band.end - band.first) * scale]


def run_bands(
    planes: Sequence[Frame],
    steps: Sequence[Step],
    layers: Sequence[Layer],
    types: Sequence[ValueType],
    threads: int = 1,
) -> list[Frame]:
    """The results of planes of one size, each uint8.

    Args:
        steps: what computes each layer.
        threads: how many bands to compute at the same time; 0 for as many as there are cores, at
            most 8.
    """
    height, width = planes[0].shape
    scale = types[-1].scale
    workers = threads or min(cores(), MOST_THREADS)
    share = workers // gcd(workers, len(planes))
    bands = split(height, width, types, rows_around(layers, types), share)
    unused = last_uses(layers)
    results = [np.empty((height * scale, width * scale), np.uint8) for _ in planes]

    def run(number: int) -> None:
        plane, band = number // len(bands), bands[number % len(bands)]
        rows = run_band(planes[plane], band, steps, unused, scale)
        results[plane][band.first * scale : band.end * scale] = rows

    tasks = range(len(planes) * len(bands))
    if min(workers, len(tasks)) == 1:
        for number in tasks:
            run(number)
    else:
        with ThreadPoolExecutor(min(workers, len(tasks))) as pool:
            list(pool.map(run, tasks))
    return results


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

# amaranth: UnusedElaboratable=no
"""The components that stand around a luma pipeline, and how much chroma waits between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from amaranth import Module

from lutscale.golden.colour import Colour, matrix_of
from lutscale.hw.build import Build
from lutscale.hw.colour.geometry import Geometry
from lutscale.hw.colour.join import Join
from lutscale.hw.colour.matrix import MatrixStage
from lutscale.hw.colour.split import Split
from lutscale.hw.colour.store import BANKS, ChromaStore
from lutscale.hw.colour.video_out import ColourOut
from lutscale.hw.memory import MemoryUse
from lutscale.hw.register_slice import RegisterSlice
from lutscale.hw.slots import Track

__all__ = ["BOTTOM", "ColourParts", "bank_depth", "colour_parts", "pixel_track"]

BOTTOM = Track("bottom", 1, 1)
"""Whether a pixel lies in the last chroma line of its frame."""

_RGB = (2, 0, 1)
_YCBCR = (0, 1, 2)


def pixel_track(colour: Colour) -> Track:
    """A pixel as it lies in the stream."""
    return Track("pixel", colour.components, 8)


@dataclass(frozen=True)
class ColourParts:
    """What stands in front of the luma's stages, behind them, and beside.

    Attributes:
        ahead, behind: components in a row.
        sink: behind them.
        store: the chroma that waits.
    """

    ahead: tuple[Any, ...]
    behind: tuple[Any, ...]
    sink: ColourOut
    store: ChromaStore

    @property
    def split(self) -> Split:
        split: Split = self.ahead[-1]
        return split

    @property
    def join(self) -> Join:
        join: Join = self.behind[0]
        return join

    @property
    def memories(self) -> tuple[MemoryUse, ...]:
        """Every memory, in order."""
        return (*self.store.memories, *self.join.memories)

    def connect(self, m: Module) -> None:
        """Connect the store with both ends; all else is a chain."""
        split, store, join = self.split, self.store, self.join
        m.submodules.chroma_store = store
        m.d.comb += [
            store.write.eq(split.write),
            store.word.eq(split.word),
            store.last.eq(split.last),
            split.room.eq(store.room),
            store.read.eq(join.read),
        ]
        for b in range(BANKS):
            m.d.comb += [
                getattr(store, f"address{b}").eq(getattr(join, f"address{b}")),
                getattr(join, f"data{b}").eq(getattr(store, f"data{b}")),
                getattr(store, f"free{b}").eq(getattr(join, f"free{b}")),
            ]


def colour_parts(build: Build, *, luma: Track, scale: int, bounds: Sequence[int]) -> ColourParts:
    """The parts for a build with a colour.

    Args:
        build: for what.
        luma: the track that goes through the program.
        scale: of the program.
        bounds: clocks from a pixel at the split to its first luma beat, at most, for frames
            without a gap: of lines of the fewest pixels that there are, and of the longest ones.
    """
    colour = build.colour
    assert colour is not None
    geometry = Geometry(colour, scale, build.pixels_per_beat)
    given = pixel_track(colour)
    ahead: list[Any] = []
    whole = given
    if colour.format == "rgb":
        matrix = matrix_of(colour.matrix, colour.range)
        whole = Track("ycbcr", 3, 8)
        ahead.append(
            MatrixStage(
                [BOTTOM, given],
                given=given,
                made=whole,
                rows=matrix.forward,
                constants=[offset << 12 for offset in matrix.offsets],
                takes=_RGB,
                gives=_YCBCR,
            )
        )
    ahead.append(Split([BOTTOM, whole], pixel=whole.name, luma=luma, colour=colour))
    depth = bank_depth(geometry, build, bounds)
    store = ChromaStore(depth=depth, target=build.target)
    join = Join(
        geometry,
        clocks_per_pixel=build.clocks_per_pixel,
        depth=store.depth,
        target=build.target,
    )
    behind: list[Any] = [join, RegisterSlice([join.made])]
    last = join.made
    if colour.format == "rgb":
        last = Track("rgb", join.made.channels, 8)
        behind.append(
            MatrixStage(
                [join.made],
                given=join.made,
                made=last,
                rows=matrix.backward,
                constants=matrix.constants,
                takes=_YCBCR,
                gives=_RGB,
            )
        )
    sink = ColourOut(last)
    return ColourParts(tuple(ahead), tuple(behind), sink, store)


def bank_depth(geometry: Geometry, build: Build, bounds: Sequence[int]) -> int:
    """Words of a bank of the chroma store: as many as wait in it when nothing holds up anything.

    A word goes when the large lines that take from it are done. The first of a chroma line is read
    last at the beginning of the last upper line of the chroma line below: behind its own arrival by
    a chroma line, by what the luma takes to its first beat, and by the upper lines but one, each an
    r-th of a chroma line. What arrives meanwhile lies in both banks by turns.

    Args:
        geometry: of the chroma.
        build: for what speed and frames.
        bounds: as of `colour_parts`.
    """
    colour, r, fold = geometry.colour, geometry.scale, build.clocks_per_pixel
    widths = np.arange(colour.across, build.max_width + 1, colour.across)
    least, most = bounds
    span = max(len(widths) - 1, 1)
    lag = least + np.ceil((most - least) * np.arange(len(widths)) / span)
    line = widths * colour.down
    # To the beat that asks, through the memory, and back to the level.
    asks = (colour.across - 1) * fold + geometry.beats + 4
    pixels = line + np.ceil((lag + asks) / fold) + np.ceil((geometry.upper - 1) * line / r)
    words = widths // colour.across
    lines, rest = np.divmod(pixels, line)
    waiting = np.minimum(np.ceil(rest / colour.across), words) + 1
    even = lines % 2 == 0
    held = np.where(even, lines // 2 * words + waiting, (lines + 1) // 2 * words)
    return max(math.ceil(held.max()), 2)

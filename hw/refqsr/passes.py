"""A pass over a tile: one word of the sequence that the tile processor runs through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum

from amaranth import Shape, signed, unsigned
from amaranth.lib import data

from lutscale.hw.memory import packed

__all__ = ["Added", "Engine", "Pass", "Source", "control_layout", "control_words"]


class Engine(IntEnum):
    """Who works in a pass."""

    CONVOLVE = 0
    SQUARES = 1
    UNITS = 2
    FLOW = 3
    WARP = 4
    SELECT = 5


class Source(IntEnum):
    """Where a convolution reads its codes."""

    PICTURE = 0
    CODES0 = 1
    CODES1 = 2


class Added(IntEnum):
    """What is added behind the first requantise."""

    NOTHING = 0
    BODY = 1
    HEAD = 2
    PICTURE = 3


@dataclass(frozen=True)
class Pass:
    """One pass.

    Attributes:
        engine: who works.
        small: over squares instead of pixels.
        source: of the codes; with ``turns`` the second of two taps reads the other code memory.
        variant: of the codes, where they are there at several precisions.
        bits: of the codes; ``positive`` says that the highest counts upward.
        reach: of the window, to each side.
        groups: of lanes for all outputs of a phase.
        phases: rows of HR pixels to a row of LR pixels.
        outs: outputs of a phase.
        weights: address of the first word; ``wide`` says that the high bits are read as well.
        constants: address of bias and multiplier of the first output.
        shift, low, high: of the first requantise.
        added: one of `Added`; low_sum and high_sum clamp the sum.
        multipliers: address of the second requantise's.
        shift_codes, low_codes, high_codes: of it.
        others: the same three of the second requantise to each further precision.
        to_head, to_body, to_store, to_raw: features are written there.
        to_codes0, to_codes1, to_stream: what the second requantise makes is written there.
        which: number of the RefER block.
        collect: what the next layer's choice sees of features is added up.
        scores: address of the first word of a layer's selector.
        skip: alternatives behind it that do not run.
        last: nothing follows.
    """

    engine: int
    small: int = 0
    source: int = Source.PICTURE
    variant: int = 0
    turns: int = 0
    bits: int = 1
    positive: int = 0
    reach: int = 0
    groups: int = 1
    phases: int = 1
    outs: int = 1
    weights: int = 0
    wide: int = 0
    constants: int = 0
    shift: int = 1
    low: int = 0
    high: int = 0
    added: int = Added.NOTHING
    low_sum: int = 0
    high_sum: int = 0
    multipliers: int = 0
    shift_codes: int = 1
    low_codes: int = 0
    high_codes: int = 0
    others: tuple[tuple[int, int, int], ...] = ()
    to_head: int = 0
    to_body: int = 0
    to_store: int = 0
    to_raw: int = 0
    to_codes0: int = 0
    to_codes1: int = 0
    to_stream: int = 0
    which: int = 0
    collect: int = 0
    scores: int = 0
    skip: int = 0
    last: int = 0

    @property
    def taps(self) -> int:
        """Words that a convolution reads for each bit."""
        return 2 if self.turns else (2 * self.reach + 1) ** 2

    @property
    def numbers(self) -> dict[str, int]:
        """All fields by name; those of ``others`` with 1, 2 and so on behind."""
        found = {
            field.name: int(getattr(self, field.name))
            for field in fields(self)
            if field.name != "others"
        }
        for k, three in enumerate(self.others, 1):
            for name, number in zip(_CODES, three, strict=True):
                found[f"{name}{k}"] = number
        return found


_CODES = ("shift_codes", "low_codes", "high_codes")

_SIGNED = ("low", "high")
"""What names of fields that may be negative begin with."""


def control_layout(passes: Sequence[Pass]) -> data.StructLayout:
    """Fields as wide as the passes of a network need."""
    members: dict[str, Shape] = {}
    rows = [each.numbers for each in passes]
    for name in rows[0]:
        bits = max(max(row[name], -row[name] - 1).bit_length() for row in rows)
        members[name] = signed(bits + 1) if name.startswith(_SIGNED) else unsigned(max(bits, 1))
    return data.StructLayout(members)


def control_words(passes: Sequence[Pass], layout: data.StructLayout) -> list[int]:
    """The passes as words of that layout."""
    words = []
    for each in passes:
        word, numbers = 0, each.numbers
        for name, place in layout:
            word |= packed([[numbers[str(name)]]], place.width)[0] << place.offset
        words.append(word)
    return words

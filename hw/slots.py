"""Slots: what travels between stages, and what every stage says of itself.

A slot is one pixel position of the raster: its marks and the *tracks* that live there (the
value being computed, and earlier values that a later residual still needs). All tracks move
in lockstep, so nothing forks and nothing has to be joined again.

Rows follow each other without a gap. When no next frame follows a frame, the source appends
*void* rows, which push the last rows out of the line buffers; when one follows, its first
rows do that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amaranth import Module, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from lutscale.golden.value import ValueType
from lutscale.hw.memory import MemoryUse, Rom, Stored

__all__ = ["MARKS", "Latency", "Stage", "Track", "slot_layout", "value_track"]

MARKS = ("first", "last", "void")
"""first pixel of a frame; last pixel of a line; no pixel at all (its tracks mean nothing)."""


@dataclass(frozen=True)
class Track:
    """A named bundle of numbers in each slot: ``rows x cols`` pixels of ``channels`` numbers.

    Elements are laid out column by column, in a column row by row, in a pixel by channel.
    """

    name: str
    channels: int
    bits: int
    signed: bool = False
    rows: int = 1
    cols: int = 1

    @property
    def width(self) -> int:
        """Bits of the whole bundle."""
        return self.channels * self.bits * self.rows * self.cols

    def element(self, word: Value, channel: int, row: int = 0, col: int = 0) -> Value:
        """One number out of the bundle ``word``."""
        start = ((col * self.rows + row) * self.channels + channel) * self.bits
        part = word[start : start + self.bits]
        return part.as_signed() if self.signed else part


def value_track(name: str, kind: ValueType) -> Track:
    """The track of one pixel of a value."""
    return Track(name, kind.channels, kind.bits, kind.signed)


def slot_layout(tracks: Sequence[Track]) -> data.StructLayout:
    """Payload of a stream of slots: the marks and each track by name."""
    return data.StructLayout(
        dict.fromkeys(MARKS, 1) | {track.name: track.width for track in tracks}
    )


@dataclass(frozen=True)
class Latency:
    """From a slot's arrival to the output that it is the centre of.

    Attributes:
        rows, slots: how many rows and slots later the input stands by then.
        clocks: clocks from ``i.valid`` of that later slot to ``o.valid``, without stalls.
    """

    rows: int = 0
    slots: int = 0
    clocks: int = 0

    def __add__(self, other: Latency) -> Latency:
        return Latency(self.rows + other.rows, self.slots + other.slots, self.clocks + other.clocks)

    def total(self, width: int, clocks_per_pixel: int) -> int:
        """Clocks for frames ``width`` pixels wide that arrive at one slot a fold."""
        return (self.rows * width + self.slots) * clocks_per_pixel + self.clocks


class Stage(wiring.Component):
    """A component with slots in at ``i`` and out at ``o``.

    Args:
        inputs, outputs: the tracks at ``i`` and ``o``.
        more: further ports.

    Attributes:
        inputs, outputs: the tracks at ``i`` and ``o``.
        scale: how many times longer, and how many times more, its lines are behind it.
        clocks: that a slot may take; the plan sets it.
        layers: numbers of the program's layers that it computes, or belongs to; the plan sets them.
        holds: whether it keeps a slot at ``i`` for all its steps, so that the next one must stand
            there at once; other stages take a slot in one clock.
        cuts_ready: whether ``i.ready`` comes straight from a register.
        wires: whether it has no register, so that its neighbours meet.
        latency: a `Latency`, in rows and slots at ``i``; a test measures it.
        memories: every memory inside.
        roms: contents and account of those of them that have contents.
    """

    scale: int = 1
    clocks: int = 1
    layers: tuple[int, ...] = ()
    holds: bool = False
    cuts_ready: bool = False
    wires: bool = False
    latency: Latency
    memories: tuple[MemoryUse, ...] = ()
    roms: Sequence[Rom | Stored] = ()

    def __init__(
        self,
        inputs: Sequence[Track],
        outputs: Sequence[Track],
        more: Mapping[str, wiring.Member] | None = None,
    ) -> None:
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        super().__init__(
            {
                "i": In(stream.Signature(slot_layout(inputs))),
                "o": Out(stream.Signature(slot_layout(outputs))),
                **(more or {}),
            }
        )

    def track(self, name: str) -> Track:
        """The input track of that name."""
        return next(track for track in self.inputs if track.name == name)

    def front(self, m: Module) -> Any:
        """The register behind ``o.payload``, shaped as it is.

        No reset clears it: ``o.valid`` says whether it counts, and one wire to every bit of every
        payload would be the widest of the chip.
        """
        front = Signal(self.o.payload.shape(), name="front", reset_less=True)
        m.d.comb += self.o.payload.eq(front)
        return front

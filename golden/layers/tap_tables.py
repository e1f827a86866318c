"""Tap tables: a convolution whose every tap is a free 1-D function, read from a table.

``out[o, p] = sum over c, tap of f[c, tap, o](x[c, p + tap])``: ECNN's layer (ACM MM 2024) in
reader form, IQ-LUT's (arXiv 2604.07000) when the functions are interpolated between nodes, and
TinyLUT's depthwise and pointwise ones (NeurIPS 2024) with groups, rotations and code ranges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from lutscale.golden.layers.curves import Curves
from lutscale.golden.layers.entry_range import EntryRange, checked_range, entry_bounds
from lutscale.golden.layers.layer import Array, Layer
from lutscale.golden.layers.passes import Pass, full_tables, rotation_passes, tied_passes
from lutscale.golden.layers.tap_checks import check_tied, checked_ranges
from lutscale.golden.layers.tap_sums import fast_sums, reference_sums
from lutscale.golden.neighbourhood import BORDERS
from lutscale.golden.quantiser import Quantiser
from lutscale.golden.symmetry import (
    GROUPS,
    ROTATIONS,
    Offset,
    Turns,
    patch_turns,
    share_turns,
    turned,
)
from lutscale.golden.validate import require_array, require_choice, require_int, require_one_of
from lutscale.golden.value import ValueType

__all__ = ["TapTables"]


@dataclass(frozen=True, eq=False)
class TapTables(Layer):
    """Tap tables with direct (every code has an entry) or interpolated selection.

    A kernel of ``kh x kw`` taps covers rows ``y - (kh - 1) // 2 .. y + kh // 2``, and columns
    likewise, unless `origin` says otherwise.

    Channels may fall into `groups` of their own (depthwise tables: as many groups as channels).
    With 4 `rotations` the layer runs on the frame turned by 0, 90, 180 and 270 degrees, with the
    same tables, and each result is turned back: its channels stand one rotation after the other.
    The input of a rotation is its own share of the channels, or all of them when there is only
    one share. See `golden.layers.ensemble`, which adds the rotations up.

    With a `symmetry` the layer belongs to a network whose channels are shares, one an element of
    the group, and its tables are tied: those of all shares are the same tables, turned. The
    `role` says how; `golden.layers.passes` has the sums.

    Attributes:
        entries: int32 (in_channels, kh, kw, levels, outputs), signed `entry_bits` numbers, for
            the channels and the outputs of one pass and group; levels are the quantiser's nodes,
            the most codes that `code_ranges` give a channel, or 2**code_bits.
        entry_bits: 2..8.
        code_bits: 1..8.
        code_signed: whether a code c selects level c + 2**(code_bits - 1).
        quantiser: the interpolation's ROM, or None for direct tables.
        code_ranges: int32 (in_channels, 2), the first and the last code that each channel's
            direct tables have an entry for (TinyLUT's dynamic discretisation); codes beyond read
            the nearest. Entries behind a channel's last are 0 and no part of the tables.
        groups: the channels are so many groups, one after the other, each with its own outputs.
        rotations: 1 or 4.
        origin: (row, column) of the tap that reads the pixel itself; None for the middle.
        border: one of `golden.neighbourhood.BORDERS`.
        symmetry: the group that the tables are tied under, one of `golden.symmetry.GROUPS`, or
            None.
        role: what tied tables make of what, one of `golden.layers.passes.ROLES`.
        entry_range: the least and the greatest entry declared, around 0: widths of accumulators
            follow from them, and not from the entries that stand in the tables; None for those.

    Raises:
        TypeError, ValueError: "X must be ..., not ...".
    """

    kind: ClassVar[str] = "tap_tables"

    entries: npt.NDArray[np.integer]
    entry_bits: int = 8
    code_bits: int = 8
    code_signed: bool = False
    quantiser: Quantiser | None = None
    code_ranges: npt.NDArray[np.integer] | None = None
    groups: int = 1
    rotations: int = 1
    origin: tuple[int, int] | None = None
    border: str = "replicate"
    symmetry: str | None = None
    role: str | None = None
    entry_range: EntryRange | None = None

    def __post_init__(self) -> None:
        require_int("entry_bits", self.entry_bits, 2, 8)
        require_int("code_bits", self.code_bits, 1, 8)
        if not isinstance(self.code_signed, bool):
            raise TypeError(f"code_signed must be true or false, not {self.code_signed!r}")
        codes = 1 << self.code_bits
        if self.quantiser is not None and len(self.quantiser.segment) != codes:
            raise ValueError(
                f"segment must have {codes} numbers, one a code, not {len(self.quantiser.segment)}"
            )
        levels: int | None = codes if self.quantiser is None else self.quantiser.nodes
        if self.code_ranges is not None:
            levels = None
        lowest, highest = checked_range(self.entry_range, self.entry_bits)
        if self.entry_range is not None:
            object.__setattr__(self, "entry_range", (lowest, highest))
        shape = (None, None, None, levels, None)
        entries = require_array("entries", self.entries, shape, lowest, highest)
        require_int("input channels", entries.shape[0], 1, 4096)
        for axis, name in ((1, "kernel height"), (2, "kernel width")):
            require_int(name, entries.shape[axis], 1, 15)
        object.__setattr__(self, "entries", entries)
        if self.code_ranges is not None:
            object.__setattr__(self, "code_ranges", checked_ranges(self))
        require_one_of("rotations", self.rotations, ROTATIONS)
        require_choice("border", self.border, BORDERS)
        require_int("groups", self.groups, 1, self.in_channels)
        if self.in_channels % self.groups:
            raise ValueError(f"groups must divide {self.in_channels} channels, not {self.groups}")
        if self.origin is not None:
            if not isinstance(self.origin, tuple | list) or len(self.origin) != 2:
                raise TypeError(f"origin must be two integers, not {self.origin!r}")
            for number, side, name in zip(self.origin, self.kernel, ("row", "column"), strict=True):
                require_int(f"origin {name}", number, 0, side - 1)
            object.__setattr__(self, "origin", tuple(self.origin))
        check_tied(self)

    @property
    def in_channels(self) -> int:
        """Input channels that a pass reads."""
        return self.entries.shape[0]

    @property
    def kernel(self) -> tuple[int, int]:
        """(kh, kw)."""
        return self.entries.shape[1], self.entries.shape[2]

    @property
    def out_channels(self) -> int:
        passes = 1 if self.role == "end" else self.pass_count
        return self.outputs * self.groups * passes

    @property
    def outputs(self) -> int:
        """Entries of a word: the output channels of one group and rotation."""
        return self.entries.shape[4]

    @property
    def pass_count(self) -> int:
        """How many times the layer runs over its tables."""
        return self.rotations if self.symmetry is None else GROUPS[self.symmetry]

    def passes(self, channels: int) -> list[Pass]:
        """The runs over the tables, for an input of so many channels."""
        if self.symmetry is not None and self.role is not None:
            return tied_passes(self.symmetry, self.role, self.in_channels, self.outputs)
        made = self.groups * self.outputs
        shared = channels == self.in_channels
        return rotation_passes(self.rotations, self.in_channels, made, shared=shared)

    @cached_property
    def untied(self) -> TapTables:
        """The layer itself, or an untied one that computes the same with copies of the tables."""
        if self.symmetry is None or self.role is None:
            return self
        entries = full_tables(self.entries, self.symmetry, self.role)
        return replace(self, entries=entries, symmetry=None, role=None)

    def group(self, channel: int) -> int:
        """The group that input ``channel`` of a rotation belongs to."""
        return channel // (self.in_channels // self.groups)

    def levels(self, channel: int) -> int:
        """How many entries each table of input ``channel`` has for an output."""
        if self.code_ranges is None:
            return self.entries.shape[3]
        return int(self.code_ranges[channel, 1] - self.code_ranges[channel, 0]) + 1

    def table(self, channel: int, i: int, j: int) -> npt.NDArray[np.integer]:
        """(levels, outputs): the words of one input channel and tap."""
        return self.entries[channel, i, j, : self.levels(channel)]

    @cached_property
    def bounds(self) -> npt.NDArray[np.int8]:
        """int8 (2, in_channels, kh, kw, outputs): the least and the greatest entry of each table
        for each output, as `entry_bounds` has them.
        """
        channels = [
            entry_bounds(self.entries[c, :, :, : self.levels(c)], self.entry_range)
            for c in range(self.in_channels)
        ]
        return np.stack(channels, axis=1)

    def code_range(self, channel: int) -> tuple[int, int]:
        """The codes that input ``channel`` tells apart."""
        if self.code_ranges is None:
            return -self.code_offset, (1 << self.code_bits) - 1 - self.code_offset
        return int(self.code_ranges[channel, 0]), int(self.code_ranges[channel, 1])

    def offset(self, i: int, j: int, element: int = 0) -> Offset:
        """Where tap (i, j) reads, from the pixel, in a pass turned by ``element``."""
        kh, kw = self.kernel
        row, column = self.origin or ((kh - 1) // 2, (kw - 1) // 2)
        return turned((i - row, j - column), element)

    @property
    def reach(self) -> tuple[int, int, int, int]:
        places = [
            self.offset(i, j, g)
            for g in range(self.pass_count)
            for i, j in np.ndindex(*self.kernel)
        ]
        rows, columns = zip(*places, (0, 0), strict=True)
        return -min(rows), max(rows), -min(columns), max(columns)

    @property
    def fraction_bits(self) -> int:
        """Fraction bits of the accumulator."""
        return 0 if self.quantiser is None else self.quantiser.fraction_bits

    @property
    def code_offset(self) -> int:
        """What is added to a code to get its index."""
        return 1 << (self.code_bits - 1) if self.code_signed else 0

    def output_type(self, types: Sequence[ValueType]) -> ValueType:
        given = types[-1]
        low, high = -self.code_offset, (1 << self.code_bits) - 1 - self.code_offset
        wanted = {self.in_channels, self.in_channels * self.rotations}
        if self.role == "end":
            wanted = {self.in_channels * self.pass_count}
        if given.channels not in wanted:
            raise ValueError(
                f"tap_tables input must have {min(wanted)} channels, not {given.channels}"
            )
        if given.lo < low or given.hi > high:
            raise ValueError(
                f"tap_tables input must be in {low}..{high}, not {given.lo}..{given.hi}"
            )
        # The sum of the tables' least and greatest entries, for the worst output channel.
        unit = 1 << self.fraction_bits
        lowest, highest = (int(sums) * unit for sums in self._extremes())
        return ValueType(self.out_channels, lowest, highest, given.scale)

    def _extremes(self) -> tuple[int, int]:
        """The least and the greatest sum of entries that any output can have."""
        by_group = self.bounds.reshape(2, self.groups, -1, self.outputs)
        once = by_group.sum(axis=2, dtype=np.int64).reshape(2, -1)
        sums = np.zeros((2, self.out_channels), np.int64)
        for run in self.passes(self.in_channels):
            sums[:, run.targets] += once
        return int(sums[0].min()), int(sums[1].max())

    def reference(self, values: Sequence[Array]) -> Array:
        return reference_sums(self, values[-1])

    def fast(self, values: Sequence[Array]) -> Array:
        return fast_sums(self, values[-1])

    def params(self) -> dict[str, Any]:
        params: dict[str, Any] = {
            "entry_bits": self.entry_bits,
            "code_bits": self.code_bits,
            "code_signed": self.code_signed,
        }
        if self.quantiser is not None:
            params["nodes"] = self.quantiser.nodes
            params["fraction_bits"] = self.quantiser.fraction_bits
        if self.groups > 1:
            params["groups"] = self.groups
        if self.rotations > 1:
            params["rotations"] = self.rotations
        if self.origin is not None:
            params["origin"] = list(self.origin)
        if self.border != "replicate":
            params["border"] = self.border
        if self.symmetry is not None:
            params |= {"symmetry": self.symmetry, "role": self.role}
        if self.entry_range is not None:
            params["entry_range"] = list(self.entry_range)
        return params

    def tables(self) -> dict[str, npt.NDArray[np.integer]]:
        tables: dict[str, npt.NDArray[np.integer]] = {"entries": self.entries.astype(np.int8)}
        if self.quantiser is not None:
            tables["segment"] = self.quantiser.segment.astype(np.uint8)
            tables["weight"] = self.quantiser.weight.astype(np.uint8)
        if self.code_ranges is not None:
            tables["code_ranges"] = self.code_ranges.astype(np.int16)
        return tables

    @classmethod
    def from_manifest(
        cls, params: Mapping[str, Any], tables: Mapping[str, npt.NDArray[np.integer]]
    ) -> Self:
        quantiser = None
        if "nodes" in params:
            quantiser = Quantiser(
                tables["segment"], tables["weight"], params["nodes"], params["fraction_bits"]
            )
        return cls(
            tables["entries"],
            params["entry_bits"],
            params["code_bits"],
            params["code_signed"],
            quantiser,
            tables.get("code_ranges"),
            params.get("groups", 1),
            params.get("rotations", 1),
            params.get("origin"),
            params.get("border", "replicate"),
            params.get("symmetry"),
            params.get("role"),
            params.get("entry_range"),
        )

    def turns(self, turns: Sequence[Turns]) -> Turns:
        given, order = turns[-1], len(turns[0])
        if self.symmetry is None or GROUPS[self.symmetry] < order:
            raise ValueError(f"tables must be tied under a group of {order} elements or more")
        plain: Turns = (tuple(range(len(given[0]))),) * order
        shares = share_turns(self.symmetry, order, self.in_channels)
        if self.role == "mix":
            shares = share_turns(self.symmetry, order, self.in_channels // GROUPS[self.symmetry])
        if given != (plain if self.role == "lift" else shares):
            wanted = "planes, not shares" if self.role == "lift" else f"shares of {self.symmetry}"
            raise ValueError(f"input channels must be {wanted}")
        if self.role == "end":
            return patch_turns(((0,),) * order, round(self.outputs**0.5))
        return share_turns(self.symmetry, order, self.outputs)

    def summary(self, given: ValueType, made: ValueType) -> str:
        kh, kw = self.kernel
        read = f"{self.entries.shape[3]} {'entries' if self.quantiser is None else 'nodes'}"
        if self.code_ranges is not None:
            read = f"up to {read}"
        phrases = [f"{given.channels}→{made.channels}", f"{kh}x{kw}"]
        phrases.append(f"{read} of {self.entry_bits} bits")
        phrases += [f"{self.groups} groups"] if self.groups > 1 else []
        phrases += [f"{self.rotations} rotations"] if self.rotations > 1 else []
        phrases += [f"tied under {self.symmetry} ({self.role})"] if self.symmetry else []
        return ", ".join(phrases)

    @property
    def curves(self) -> Curves:
        return Curves(
            self.entries,
            tuple(self.code_range(c) for c in range(self.in_channels)),
            tuple(self.offset(i, j) for i, j in np.ndindex(*self.kernel)),
            self.quantiser,
            -self.code_offset,
        )

    @property
    def table_bits(self) -> int:
        _, kh, kw, _, outputs = self.entries.shape
        levels = sum(self.levels(c) for c in range(self.in_channels))
        return levels * kh * kw * outputs * self.entry_bits

    @property
    def quantiser_bits(self) -> int:
        return 0 if self.quantiser is None else self.quantiser.bits

    @property
    def functions(self) -> int:
        return self.reads * self.outputs

    @property
    def reads(self) -> int:
        in_channels, kh, kw = self.entries.shape[:3]
        return in_channels * kh * kw * self.pass_count

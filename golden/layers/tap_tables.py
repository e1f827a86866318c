"""Tap tables: a convolution whose every tap is a free 1-D function, read from a table.

``out[o, p] = sum over c, tap of f[c, tap, o](x[c, p + tap])``: ECNN's layer (ACM MM 2024) in
reader form, IQ-LUT's (arXiv 2604.07000) when the functions are interpolated between nodes, and
TinyLUT's depthwise and pointwise ones (NeurIPS 2024) with groups, rotations and code ranges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

from lutscale.golden.layers.layer import Array, Layer
from lutscale.golden.neighbourhood import BORDERS, ROTATIONS, Offset, border_index, padded, turned
from lutscale.golden.quantiser import Quantiser
from lutscale.golden.validate import require_array, require_choice, require_int
from lutscale.golden.value import ValueType

__all__ = ["TapTables"]

# Thin matrix products gain little from threads, and lose much where another core is busy.
_BLAS = ThreadpoolController().select(user_api="blas")


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

    Attributes:
        entries: int32 (in_channels, kh, kw, levels, outputs), signed `entry_bits` numbers, for
            the channels of one rotation and the outputs of one group; levels are the quantiser's
            nodes, the most codes that `code_ranges` give a channel, or 2**code_bits.
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
        half = 1 << (self.entry_bits - 1)
        shape = (None, None, None, levels, None)
        entries = require_array("entries", self.entries, shape, -half, half - 1)
        for axis, name in ((1, "kernel height"), (2, "kernel width")):
            require_int(name, entries.shape[axis], 1, 15)
        object.__setattr__(self, "entries", entries)
        self._check_ranges()
        if self.rotations not in ROTATIONS:
            raise ValueError(f"rotations must be 1 or 4, not {self.rotations!r}")
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

    def _check_ranges(self) -> None:
        if self.code_ranges is None:
            return
        if self.quantiser is not None:
            raise ValueError("code_ranges must be None for interpolated tables")
        low = -self.code_offset
        high = low + (1 << self.code_bits) - 1
        shape = (self.in_channels, 2)
        ranges = require_array("code_ranges", self.code_ranges, shape, low, high)
        for c, (first, last) in enumerate(ranges):
            require_int(f"code_ranges[{c}] last", last, first, high)
        most = int((ranges[:, 1] - ranges[:, 0]).max()) + 1
        if self.entries.shape[3] != most:
            raise ValueError(
                f"entries must have {most} levels, the most that code_ranges give, not "
                f"{self.entries.shape[3]}"
            )
        object.__setattr__(self, "code_ranges", ranges)
        for c in range(self.in_channels):
            if self.entries[c, :, :, self.levels(c) :].any():
                raise ValueError(f"entries[{c}] must be 0 behind level {self.levels(c) - 1}")

    @property
    def in_channels(self) -> int:
        return self.entries.shape[0]

    @property
    def kernel(self) -> tuple[int, int]:
        """(kh, kw)."""
        return self.entries.shape[1], self.entries.shape[2]

    @property
    def out_channels(self) -> int:
        return self.entries.shape[4] * self.groups * self.rotations

    @property
    def outputs(self) -> int:
        """Entries of a word: the output channels of one group and rotation."""
        return self.entries.shape[4]

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

    def code_range(self, channel: int) -> tuple[int, int]:
        """The codes that input ``channel`` tells apart."""
        if self.code_ranges is None:
            return -self.code_offset, (1 << self.code_bits) - 1 - self.code_offset
        return int(self.code_ranges[channel, 0]), int(self.code_ranges[channel, 1])

    def offset(self, i: int, j: int, rotation: int = 0) -> Offset:
        """Where tap (i, j) reads, from the pixel, in the frame that is not turned."""
        kh, kw = self.kernel
        row, column = self.origin or ((kh - 1) // 2, (kw - 1) // 2)
        return turned((i - row, j - column), rotation)

    @property
    def reach(self) -> tuple[int, int, int, int]:
        places = [
            self.offset(i, j, q) for q in range(self.rotations) for i, j in np.ndindex(*self.kernel)
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
        if given.channels not in (self.in_channels, self.in_channels * self.rotations):
            raise ValueError(
                f"tap_tables input must have {self.in_channels} channels, not {given.channels}"
            )
        if given.lo < low or given.hi > high:
            raise ValueError(
                f"tap_tables input must be in {low}..{high}, not {given.lo}..{given.hi}"
            )
        # The sum of each table's own minimum and maximum, for the worst output channel.
        unit = 1 << self.fraction_bits
        lowest, highest = (int(sums) * unit for sums in self._extremes())
        return ValueType(self.out_channels, lowest, highest, given.scale)

    def _extremes(self) -> tuple[int, int]:
        """The least and the greatest sum of entries that any output can have."""
        sums = np.zeros((2, self.groups, self.outputs), np.int64)
        for c, i, j in np.ndindex(*self.entries.shape[:3]):
            table = self.table(c, i, j)
            sums[0, self.group(c)] += table.min(axis=0)
            sums[1, self.group(c)] += table.max(axis=0)
        return int(sums[0].min()), int(sums[1].max())

    def reference(self, values: Sequence[Array]) -> Array:
        x = values[-1]
        channels, height, width = x.shape
        out = np.zeros((self.out_channels, height, width), np.int32)
        for q, y, column in np.ndindex(self.rotations, height, width):
            own = q * self.in_channels if channels > self.in_channels else 0
            for c, i, j in np.ndindex(*self.entries.shape[:3]):
                down, right = self.offset(i, j, q)
                row_read = border_index(y + down, height, self.border)
                column_read = border_index(column + right, width, self.border)
                first, last = self.code_range(c)
                code = min(max(int(x[own + c, row_read, column_read]), first), last)
                table = self.table(c, i, j)
                if self.quantiser is None:
                    word = table[code - first]
                else:
                    segment = self.quantiser.segment[code - first]
                    weight = self.quantiser.weight[code - first]
                    step = table[segment + 1] - table[segment]
                    word = (table[segment] << self.fraction_bits) + weight * step
                start = (q * self.groups + self.group(c)) * self.outputs
                out[start : start + self.outputs, y, column] += word
        return out

    def fast(self, values: Sequence[Array]) -> Array:
        x = values[-1]
        channels, height, width = x.shape
        radius = max(self.reach)
        ranges = np.array([self.code_range(c) for c in range(self.in_channels)], np.int32)
        out = np.empty((self.rotations, self.groups, self.outputs, height, width), np.int32)
        share = self.in_channels // self.groups
        for q in range(self.rotations):
            if q == 0 or channels > self.in_channels:
                codes = x[q * self.in_channels :][: self.in_channels]
                codes = np.clip(codes, ranges[:, :1, None], ranges[:, 1:, None])
                index = padded(codes - ranges[:, :1, None], radius, self.border)
            for g in range(self.groups):
                own = slice(g * share, (g + 1) * share)
                run = self._interpolate if self.quantiser else self._gather
                out[q, g] = run(index[own], self.entries[own], radius, q)
        return out.reshape(-1, height, width)

    def _gather(
        self, index: Array, entries: npt.NDArray[np.integer], radius: int, rotation: int
    ) -> Array:
        """Direct tables: read every tap's words and add them."""
        height, width = index.shape[1] - 2 * radius, index.shape[2] - 2 * radius
        out = np.zeros((height, width, self.outputs), np.int32)
        for c, i, j in np.ndindex(*entries.shape[:3]):
            down, right = self.offset(i, j, rotation)
            rows = index[c, radius + down :][:height]
            out += entries[c, i, j][rows[:, radius + right :][:, :width]]
        return np.ascontiguousarray(out.transpose(2, 0, 1))

    def _interpolate(
        self, index: Array, entries: npt.NDArray[np.integer], radius: int, rotation: int
    ) -> Array:
        """Interpolated tables: the lowest entry, and each segment's rise times the weight inside
        it, one matrix product a tap.

        Floating point is exact here: the sum of all magnitudes stays below the integers that
        the chosen type represents without a gap.
        """
        assert self.quantiser is not None
        rises = np.diff(entries.astype(np.int64), axis=3)
        lowest = entries[..., 0, :].sum(axis=(0, 1, 2), dtype=np.int64)
        magnitude = int((np.abs(rises).sum(axis=(0, 1, 2, 3)) + np.abs(lowest)).max())
        exact = np.float32 if magnitude << self.fraction_bits < 1 << 24 else np.float64
        channels, padded_height, padded_width = index.shape
        height, width = padded_height - 2 * radius, padded_width - 2 * radius
        flat = index.reshape(channels, -1)
        inside = [column.astype(exact)[flat] for column in self.quantiser.inside().T]
        weights = np.stack(inside, axis=1).reshape(channels * len(inside), -1)
        # A tap is a shift of the flattened padded plane; the columns of padding between the
        # rows are computed too and dropped at the end.
        length = (height - 1) * padded_width + width
        out = np.zeros((self.outputs, height * padded_width), exact)
        out += (lowest << self.fraction_bits)[:, None]
        with _BLAS.limit(limits=1):
            for i, j in np.ndindex(*self.kernel):
                tap = rises[:, i, j].reshape(-1, self.outputs).T.astype(exact)
                down, right = self.offset(i, j, rotation)
                start = (radius + down) * padded_width + radius + right
                out[:, :length] += tap @ weights[:, start : start + length]
        planes = out.reshape(self.outputs, height, padded_width)[:, :, :width]
        return planes.astype(np.int32)

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
        return in_channels * kh * kw * self.rotations

"""Tap tables: a convolution whose every tap is a free 1-D function, read from a table.

``out[o, p] = sum over c, tap of f[c, tap, o](x[c, p + tap])``: ECNN's layer (ACM MM 2024) in
reader form, and IQ-LUT's (arXiv 2604.07000) when the functions are interpolated between nodes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

from golden.layers.layer import Array, Layer
from golden.validate import require_array, require_int
from golden.value import ValueType

__all__ = ["Quantiser", "TapTables"]

# Thin matrix products gain little from threads, and lose much where another core is busy.
_BLAS = ThreadpoolController().select(user_api="blas")


@dataclass(frozen=True, eq=False)
class Quantiser:
    """The ROM of an interpolated layer: code -> (segment i, weight w).

    The function read is ``(T[i] << fraction_bits) + w * (T[i+1] - T[i])``.

    Attributes:
        segment: int32 (2**code_bits,), each 0..nodes - 2, in order of the code's value.
        weight: int32 (2**code_bits,), each 0..2**fraction_bits - 1.
        nodes: N, 2..256.
        fraction_bits: f, 1..8.
    """

    segment: npt.NDArray[np.integer]
    weight: npt.NDArray[np.integer]
    nodes: int
    fraction_bits: int

    def __post_init__(self) -> None:
        require_int("nodes", self.nodes, 2, 256)
        require_int("fraction_bits", self.fraction_bits, 1, 8)
        segment = require_array("segment", self.segment, (None,), 0, self.nodes - 2)
        top = (1 << self.fraction_bits) - 1
        weight = require_array("weight", self.weight, (len(segment),), 0, top)
        object.__setattr__(self, "segment", segment)
        object.__setattr__(self, "weight", weight)

    @property
    def segment_bits(self) -> int:
        """Bits of a segment number."""
        return max((self.nodes - 2).bit_length(), 1)

    @property
    def word_bits(self) -> int:
        """Bits of one word of the ROM: the segment above the weight."""
        return self.segment_bits + self.fraction_bits

    @property
    def bits(self) -> int:
        """Bits of the ROM."""
        return self.word_bits * len(self.segment)

    def tents(self) -> npt.NDArray[np.int32]:
        """int32 (codes, nodes): what each node's entry is multiplied by, for each code."""
        tents = np.zeros((len(self.segment), self.nodes), np.int32)
        codes = np.arange(len(self.segment))
        tents[codes, self.segment] = (1 << self.fraction_bits) - self.weight
        tents[codes, self.segment + 1] = self.weight
        return tents


@dataclass(frozen=True, eq=False)
class TapTables(Layer):
    """Tap tables with direct (every code has an entry) or interpolated selection.

    A kernel of ``kh x kw`` taps covers rows ``y - (kh - 1) // 2 .. y + kh // 2``, and columns
    likewise. Borders replicate the edge pixel.

    Attributes:
        entries: int32 (in_channels, kh, kw, levels, out_channels), signed `entry_bits` numbers;
            levels are the quantiser's nodes, or 2**code_bits when there is no quantiser.
        entry_bits: 2..8.
        code_bits: 1..8.
        code_signed: whether a code c selects level c + 2**(code_bits - 1).
        quantiser: the interpolation's ROM, or None for direct tables.

    Raises:
        TypeError, ValueError: "X must be ..., not ...".
    """

    kind: ClassVar[str] = "tap_tables"

    entries: npt.NDArray[np.integer]
    entry_bits: int = 8
    code_bits: int = 8
    code_signed: bool = False
    quantiser: Quantiser | None = None

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
        levels = codes if self.quantiser is None else self.quantiser.nodes
        half = 1 << (self.entry_bits - 1)
        shape = (None, None, None, levels, None)
        entries = require_array("entries", self.entries, shape, -half, half - 1)
        for axis, name in ((1, "kernel height"), (2, "kernel width")):
            require_int(name, entries.shape[axis], 1, 15)
        object.__setattr__(self, "entries", entries)

    @property
    def in_channels(self) -> int:
        return self.entries.shape[0]

    @property
    def kernel(self) -> tuple[int, int]:
        """(kh, kw)."""
        return self.entries.shape[1], self.entries.shape[2]

    @property
    def out_channels(self) -> int:
        return self.entries.shape[4]

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
        if given.channels != self.in_channels:
            raise ValueError(
                f"tap_tables input must have {self.in_channels} channels, not {given.channels}"
            )
        if given.lo < low or given.hi > high:
            raise ValueError(
                f"tap_tables input must be in {low}..{high}, not {given.lo}..{given.hi}"
            )
        # The sum of each table's own minimum and maximum, for the worst output channel.
        unit = 1 << self.fraction_bits
        lowest = int(self.entries.min(axis=3).sum(axis=(0, 1, 2)).min()) * unit
        highest = int(self.entries.max(axis=3).sum(axis=(0, 1, 2)).max()) * unit
        return ValueType(self.out_channels, lowest, highest, given.scale)

    def reference(self, values: Sequence[Array]) -> Array:
        x = values[-1]
        _, height, width = x.shape
        kh, kw = self.kernel
        out = np.zeros((self.out_channels, height, width), np.int32)
        for y, column in np.ndindex(height, width):
            for c, i, j in np.ndindex(self.in_channels, kh, kw):
                row_read = min(max(y + i - (kh - 1) // 2, 0), height - 1)
                column_read = min(max(column + j - (kw - 1) // 2, 0), width - 1)
                index = int(x[c, row_read, column_read]) + self.code_offset
                table = self.entries[c, i, j]
                if self.quantiser is None:
                    word = table[index]
                else:
                    segment = self.quantiser.segment[index]
                    weight = self.quantiser.weight[index]
                    step = table[segment + 1] - table[segment]
                    word = (table[segment] << self.fraction_bits) + weight * step
                out[:, y, column] += word
        return out

    def fast(self, values: Sequence[Array]) -> Array:
        kh, kw = self.kernel
        top, left = (kh - 1) // 2, (kw - 1) // 2
        pads = ((0, 0), (top, kh // 2), (left, kw // 2))
        index = np.pad(values[-1] + self.code_offset, pads, mode="edge")
        return self._interpolate(index) if self.quantiser else self._gather(index)

    def _gather(self, index: Array) -> Array:
        """Direct tables: read every tap's words and add them."""
        kh, kw = self.kernel
        height, width = index.shape[1] - kh + 1, index.shape[2] - kw + 1
        out = np.zeros((height, width, self.out_channels), np.int32)
        for c, i, j in np.ndindex(self.in_channels, kh, kw):
            out += self.entries[c, i, j][index[c, i : i + height, j : j + width]]
        return np.ascontiguousarray(out.transpose(2, 0, 1))

    def _interpolate(self, index: Array) -> Array:
        """Interpolated tables: tent weights times entries, one matrix product a tap.

        Floating point is exact here: the sum of all magnitudes stays below the integers that
        the chosen type represents without a gap.
        """
        assert self.quantiser is not None
        tents = self.quantiser.tents()
        kh, kw = self.kernel
        magnitude = int(np.abs(self.entries).max(axis=3).sum(axis=(0, 1, 2)).max())
        exact = np.float32 if magnitude << self.fraction_bits < 1 << 24 else np.float64
        channels, padded_height, padded_width = index.shape
        height, width = padded_height - kh + 1, padded_width - kw + 1
        flat = index.reshape(channels, -1)
        nodes = [tents[:, n].astype(exact)[flat] for n in range(self.quantiser.nodes)]
        weights = np.stack(nodes, axis=1).reshape(channels * self.quantiser.nodes, -1)
        # A tap is a shift of the flattened padded plane; the columns of padding between the
        # rows are computed too and dropped at the end.
        length = (height - 1) * padded_width + width
        out = np.zeros((self.out_channels, height * padded_width), exact)
        with _BLAS.limit(limits=1):
            for i, j in np.ndindex(kh, kw):
                tap = self.entries[:, i, j].reshape(-1, self.out_channels).T.astype(exact)
                start = i * padded_width + j
                out[:, :length] += tap @ weights[:, start : start + length]
        planes = out.reshape(self.out_channels, height, padded_width)[:, :, :width]
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
        return params

    def tables(self) -> dict[str, npt.NDArray[np.integer]]:
        tables: dict[str, npt.NDArray[np.integer]] = {"entries": self.entries.astype(np.int8)}
        if self.quantiser is not None:
            tables["segment"] = self.quantiser.segment.astype(np.uint8)
            tables["weight"] = self.quantiser.weight.astype(np.uint8)
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
        )

    @property
    def table_bits(self) -> int:
        return self.entries.size * self.entry_bits

    @property
    def quantiser_bits(self) -> int:
        return 0 if self.quantiser is None else self.quantiser.bits

    @property
    def functions(self) -> int:
        return self.entries.size // self.entries.shape[3]

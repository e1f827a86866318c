"""Pattern tables: the codes of a few pixels form one index, and a word is a whole patch.

SR-LUT (CVPR 2021), MuLUT (ECCV 2022), HKLUT (IJCAI 2024). A layer is a list of patterns that
read the same value, so branches on high and on low bits are patterns of one layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from lutscale.golden.layers.entry_range import EntryRange, checked_range, entry_bounds
from lutscale.golden.layers.layer import Array, Layer, TablePart
from lutscale.golden.neighbourhood import BORDERS, border_index, padded
from lutscale.golden.symmetry import ROTATIONS, Offset, patch_source, turned
from lutscale.golden.validate import require_array, require_choice, require_int, require_one_of
from lutscale.golden.value import ValueType

__all__ = ["Pattern", "PatternTables", "simplex"]

_REACH = 7


def simplex(fractions: Sequence[int], fraction_bits: int) -> list[tuple[int, tuple[int, ...]]]:
    """Simplex interpolation in a cell of any number of axes (SR-LUT, section 3.2).

    The path from the cell's lowest corner to its highest takes the axes in order of falling
    fractions; each corner on it weighs the difference of two fractions.

    Args:
        fractions: one an axis, each 0..2**fraction_bits - 1.

    Returns:
        (weight, corner) pairs, one more than there are axes; a corner has 0 or 1 for each axis.
        The weights add up to 2**fraction_bits.
    """
    order = sorted(range(len(fractions)), key=lambda axis: -fractions[axis])
    corner = [0] * len(fractions)
    before = 1 << fraction_bits
    path = []
    for axis in order:
        path.append((before - fractions[axis], tuple(corner)))
        before, corner[axis] = fractions[axis], 1
    path.append((before, tuple(corner)))
    return path


@dataclass(frozen=True, eq=False)
class Pattern:
    """One table and the pixels that select its word.

    The code of a pixel x is ``(x >> (shift + fraction_bits)) mod 2**code_bits``; the codes of the
    pixels, the first highest, form the index. With fraction bits the table has one node more than
    codes an axis, and words between nodes are interpolated (`simplex`), in units of
    ``1 / 2**fraction_bits``; the fraction is ``(x >> shift) mod 2**fraction_bits``.

    Attributes:
        offsets: (rows down, columns right) of 1 to 4 pixels, each -7..7.
        words: int32 (nodes**pixels, r*r), signed `entry_bits` numbers, an r x r patch each.
        code_bits: 1..8.
        shift: the code's lowest bit in the pixel, 0..7, fraction bits not counted.
        fraction_bits: 0 for direct tables, else 1..8.
        gain: what the pattern's sum is multiplied by, 1..255.
        border: one of `golden.neighbourhood.BORDERS`.
        entry_bits: 2..8.
        entry_range: the least and the greatest entry declared, around 0: widths of accumulators
            follow from them, and not from the words; None for those of the words.
    """

    offsets: tuple[Offset, ...]
    words: npt.NDArray[np.integer]
    code_bits: int
    shift: int = 0
    fraction_bits: int = 0
    gain: int = 1
    border: str = "replicate"
    entry_bits: int = 8
    entry_range: EntryRange | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.offsets, tuple | list) or not 1 <= len(self.offsets) <= 4:
            raise ValueError(f"offsets must be 1 to 4 pixels, not {self.offsets!r}")
        for offset in self.offsets:
            if not isinstance(offset, tuple | list) or len(offset) != 2:
                raise ValueError(f"offsets must be (row, column) pairs, not {offset!r}")
            for number in offset:
                require_int("offset", number, -_REACH, _REACH)
        object.__setattr__(self, "offsets", tuple((int(i), int(j)) for i, j in self.offsets))
        require_int("code_bits", self.code_bits, 1, 8)
        require_int("fraction_bits", self.fraction_bits, 0, 8)
        require_int("shift", self.shift, 0, 7)
        require_int("gain", self.gain, 1, 255)
        require_choice("border", self.border, BORDERS)
        require_int("entry_bits", self.entry_bits, 2, 8)
        lowest, highest = checked_range(self.entry_range, self.entry_bits)
        if self.entry_range is not None:
            object.__setattr__(self, "entry_range", (lowest, highest))
        shape = (self.nodes ** len(self.offsets), None)
        words = require_array("words", self.words, shape, lowest, highest)
        object.__setattr__(self, "words", words)

    @property
    def nodes(self) -> int:
        """Codes an axis, and the last node of interpolated tables."""
        return (1 << self.code_bits) + (self.fraction_bits > 0)

    @property
    def input_bits(self) -> int:
        """Bits of the pixel up to the code's highest."""
        return self.shift + self.fraction_bits + self.code_bits

    @property
    def strides(self) -> list[int]:
        """What a step of each pixel's code adds to the index."""
        return [self.nodes**k for k in reversed(range(len(self.offsets)))]

    @property
    def bits(self) -> int:
        return self.words.size * self.entry_bits

    @property
    def summary(self) -> str:
        """Which bits of which pixels select its word."""
        pixels = " ".join(f"({down},{right})" for down, right in self.offsets)
        low = self.shift + self.fraction_bits
        text = f"pixels {pixels}, bits {low}..{low + self.code_bits - 1}"
        if self.fraction_bits:
            text += f" interpolated by {self.fraction_bits} more"
        return f"{text}, borders {self.border}"

    def turned(self, rotation: int) -> list[Offset]:
        """The offsets in the frame that is not turned."""
        return [turned(offset, rotation) for offset in self.offsets]

    @cached_property
    def bounds(self) -> npt.NDArray[np.int8]:
        """int8 (2, r*r): the least and the greatest entry at each place, by `entry_bounds`."""
        return entry_bounds(self.words, self.entry_range)

    def code(self, pixel: int) -> int:
        return (pixel >> (self.shift + self.fraction_bits)) % (1 << self.code_bits)

    def fraction(self, pixel: int) -> int:
        return (pixel >> self.shift) % (1 << self.fraction_bits)

    def params(self) -> dict[str, Any]:
        return {
            "offsets": [list(offset) for offset in self.offsets],
            "code_bits": self.code_bits,
            "shift": self.shift,
            "fraction_bits": self.fraction_bits,
            "gain": self.gain,
            "border": self.border,
            "entry_bits": self.entry_bits,
            **({} if self.entry_range is None else {"entry_range": list(self.entry_range)}),
        }


_FIELDS = ("offsets", "code_bits", "shift", "fraction_bits", "gain", "border", "entry_bits")


@dataclass(frozen=True, eq=False)
class PatternTables(Layer):
    """``out = sum over patterns of gain * sum over rotations of the word read, turned back``.

    In rotation q the pattern is read in the frame turned by q quarter turns, and the word's patch
    is turned back before it is added. The output has r*r channels, the patch row by row.

    Attributes:
        patterns: at least one, all with words of one size.
        rotations: 1 or 4.

    Raises:
        TypeError, ValueError: "X must be ..., not ...".
    """

    kind: ClassVar[str] = "pattern_tables"

    patterns: tuple[Pattern, ...]
    rotations: int = 4

    def __post_init__(self) -> None:
        if not self.patterns:
            raise ValueError("patterns must be at least one pattern, not none")
        object.__setattr__(self, "patterns", tuple(self.patterns))
        require_one_of("rotations", self.rotations, ROTATIONS)
        sizes = {pattern.words.shape[1] for pattern in self.patterns}
        if len(sizes) > 1 or min(sizes) not in (1, 4, 9, 16):
            got = ", ".join(map(str, sorted(sizes)))
            raise ValueError(f"words must all have 1, 4, 9 or 16 entries, not {got}")

    @property
    def scale(self) -> int:
        """r, side of the patch that a word holds."""
        return int(self.patterns[0].words.shape[1] ** 0.5)

    @property
    def reach(self) -> tuple[int, int, int, int]:
        return self.reach_of(self.patterns)

    def reach_of(self, patterns: Sequence[Pattern]) -> tuple[int, int, int, int]:
        """`reach` of some of the patterns."""
        places = [place for p in patterns for q in range(self.rotations) for place in p.turned(q)]
        rows, columns = zip(*places, (0, 0), strict=True)
        return -min(rows), max(rows), -min(columns), max(columns)

    def output_type(self, types: Sequence[ValueType]) -> ValueType:
        given = types[-1]
        if given.channels != 1:
            raise ValueError(f"pattern_tables input must have 1 channel, not {given.channels}")
        bits = max(pattern.input_bits for pattern in self.patterns)
        if given.lo < 0 or given.hi >= 1 << bits:
            raise ValueError(
                f"pattern_tables input must be in 0..{(1 << bits) - 1}, not {given.lo}..{given.hi}"
            )
        low, high = np.zeros(self.scale**2, np.int64), np.zeros(self.scale**2, np.int64)
        for q in range(self.rotations):
            places = patch_source(self.scale, q)
            for pattern in self.patterns:
                unit = pattern.gain << pattern.fraction_bits
                lowest, highest = pattern.bounds[:, places].astype(np.int64)
                low += unit * lowest
                high += unit * highest
        return ValueType(self.scale**2, int(low.min()), int(high.max()), given.scale)

    def reference(self, values: Sequence[Array]) -> Array:
        plane = values[-1][0]
        height, width = plane.shape
        out = np.zeros((self.scale**2, height, width), np.int32)
        for y, x in np.ndindex(height, width):
            for q in range(self.rotations):
                places = patch_source(self.scale, q)
                for pattern in self.patterns:
                    pixels = []
                    for down, right in pattern.turned(q):
                        row = border_index(y + down, height, pattern.border)
                        column = border_index(x + right, width, pattern.border)
                        pixels.append(int(plane[row, column]))
                    fractions = [pattern.fraction(pixel) for pixel in pixels]
                    word = np.zeros(self.scale**2, np.int32)
                    for weight, corner in simplex(fractions, pattern.fraction_bits):
                        index = 0
                        for pixel, step in zip(pixels, corner, strict=True):
                            index = index * pattern.nodes + pattern.code(pixel) + step
                        if weight:
                            word += weight * pattern.words[index]
                    out[:, y, x] += pattern.gain * word[places]
        return out

    def fast(self, values: Sequence[Array]) -> Array:
        _, height, width = values[-1].shape
        out = np.zeros((self.scale**2, height, width), np.int32)
        for pattern in self.patterns:
            radius = max(abs(number) for offset in pattern.offsets for number in offset)
            plane = padded(values[-1], radius, pattern.border)[0] >> pattern.shift
            for q in range(self.rotations):
                pixels = [
                    plane[radius + down :, radius + right :][:height, :width]
                    for down, right in pattern.turned(q)
                ]
                words = self._read(pattern, pixels).transpose(2, 0, 1)
                out += pattern.gain * words[patch_source(self.scale, q)]
        return out

    def _read(self, pattern: Pattern, pixels: Sequence[Array]) -> Array:
        """The words (h, w, r*r) that ``pixels``, already shifted, select."""
        mask, f = (1 << pattern.code_bits) - 1, pattern.fraction_bits
        strides = np.array(pattern.strides)
        codes = np.stack([(pixel >> f) & mask for pixel in pixels], axis=-1)
        index = codes @ strides
        if not f:
            direct: Array = pattern.words[index]
            return direct
        fractions = np.stack(pixels, axis=-1) & ((1 << f) - 1)
        order = np.argsort(-fractions, axis=-1, kind="stable")
        falling = np.take_along_axis(fractions, order, axis=-1)
        out = ((1 << f) - falling[..., :1]) * pattern.words[index]
        for k in range(len(pixels)):
            index = index + strides[order[..., k]]
            after = falling[..., k + 1 : k + 2] if k + 1 < len(pixels) else 0
            out += (falling[..., k : k + 1] - after) * pattern.words[index]
        return out.astype(np.int32)

    def params(self) -> dict[str, Any]:
        return {
            "rotations": self.rotations,
            "patterns": [pattern.params() for pattern in self.patterns],
        }

    def tables(self) -> dict[str, npt.NDArray[np.integer]]:
        return {f"words{k}": p.words.astype(np.int8) for k, p in enumerate(self.patterns)}

    @classmethod
    def from_manifest(
        cls, params: Mapping[str, Any], tables: Mapping[str, npt.NDArray[np.integer]]
    ) -> Self:
        described = params["patterns"]
        if not isinstance(described, list) or not all(isinstance(d, dict) for d in described):
            raise TypeError(f"patterns must be a list of objects, not {described!r}")
        patterns = []
        for k, given in enumerate(described):
            if set(given) - {"entry_range"} != set(_FIELDS):
                raise ValueError(
                    f"patterns[{k}] must have the fields {', '.join(_FIELDS)}, not "
                    f"{', '.join(map(str, given))}"
                )
            options = {field: given[field] for field in _FIELDS[1:]}
            options["entry_range"] = given.get("entry_range")
            patterns.append(Pattern(given["offsets"], tables[f"words{k}"], **options))
        return cls(tuple(patterns), params["rotations"])

    def summary(self, given: ValueType, made: ValueType) -> str:
        count = len(self.patterns)
        phrases = [f"{given.channels}→{made.channels}", f"{count} pattern{'s' * (count > 1)}"]
        phrases += [f"{self.rotations} rotations"] if self.rotations > 1 else []
        return ", ".join(phrases)

    @property
    def parts(self) -> tuple[TablePart, ...]:
        return tuple(
            TablePart(
                f"pattern {number}",
                pattern.summary,
                *(pattern.words.shape[0], pattern.words.shape[1] * pattern.entry_bits),
                reads=self._reads_of(pattern),
            )
            for number, pattern in enumerate(self.patterns)
        )

    @property
    def table_bits(self) -> int:
        return sum(pattern.bits for pattern in self.patterns)

    @property
    def functions(self) -> int:
        return len(self.patterns) * self.rotations * self.scale**2

    @property
    def reads(self) -> int:
        return sum(map(self._reads_of, self.patterns))

    def _reads_of(self, pattern: Pattern) -> int:
        return self.rotations * (len(pattern.offsets) + 1 if pattern.fraction_bits else 1)

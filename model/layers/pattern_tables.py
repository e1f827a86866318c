"""Twin of golden/layers/pattern_tables.py: small networks, enumerated at every step.

A pattern reads so few bits that its network can be run on all of its inputs (4,096 for three
4-bit codes), which is its table; pixels then read the table. That is the network run on every
pixel, at a fraction of the work. Later `to_tables` lets the entries train on their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lutscale.golden.layers import PatternTables
from lutscale.golden.layers.pattern_tables import Pattern
from lutscale.golden.symmetry import Offset, patch_source, turned
from lutscale.model.layers.neighbourhood import padded, shifted
from lutscale.model.layers.rows import sum_of_rows
from lutscale.model.layers.twin import Twin, round_through

__all__ = ["PatternShape", "PatternTablesTwin"]

# Entries are trained near 1, as the networks give them, and stored as so many steps.
_GAIN = 127.0


@dataclass(frozen=True)
class PatternShape:
    """A `golden.layers.pattern_tables.Pattern` without its words."""

    offsets: tuple[Offset, ...]
    code_bits: int = 4
    shift: int = 0
    gain: int = 1
    border: str = "replicate"

    @property
    def strides(self) -> list[int]:
        """What a step of each pixel's code adds to the index."""
        return [1 << (self.code_bits * k) for k in reversed(range(len(self.offsets)))]

    def inputs(self) -> Tensor:
        """(words, pixels): the codes of every index, from -1 to 1."""
        codes = torch.arange(1 << self.code_bits, dtype=torch.float32)
        codes = codes * (2 / (len(codes) - 1)) - 1
        return torch.cartesian_prod(*[codes] * len(self.offsets)).reshape(-1, len(self.offsets))


class PatternTablesTwin(Twin):
    """Direct pattern tables of int8 entries.

    Args:
        shapes: the patterns.
        scale: r, side of the patch that a word holds.
        rotations: 1 or 4.
        width, depth: features and hidden layers of the network behind each table.
    """

    def __init__(
        self,
        shapes: Sequence[PatternShape],
        scale: int,
        *,
        rotations: int = 4,
        width: int = 64,
        depth: int = 4,
    ) -> None:
        super().__init__()
        self.shapes, self.scale, self.rotations = tuple(shapes), scale, rotations
        self.networks = nn.ModuleList()
        for shape in self.shapes:
            layers: list[nn.Module] = [nn.Linear(len(shape.offsets), width), nn.ReLU()]
            for _ in range(depth):
                layers += [nn.Linear(width, width), nn.ReLU()]
            last = nn.Linear(width, scale**2)
            with torch.no_grad():
                for layer in layers:
                    if isinstance(layer, nn.Linear):
                        nn.init.kaiming_normal_(layer.weight)
                last.weight.mul_(0.1)
            self.networks.append(nn.Sequential(*layers, last, nn.Tanh()))
        self.entries = nn.ParameterList(
            nn.Parameter(torch.zeros(len(shape.inputs()), scale**2)) for shape in self.shapes
        )
        self.direct: Tensor
        self.register_buffer("direct", torch.tensor(False))

    @torch.no_grad()
    def to_tables(self) -> None:
        """From now on train the entries, which start as the networks have them."""
        if not self.direct:
            for entries, table in zip(self.entries, self._enumerated(), strict=True):
                entries.copy_(table)
            self.direct.fill_(True)

    def _enumerated(self) -> list[Tensor]:
        device = self.direct.device
        return [
            network(shape.inputs().to(device))
            for network, shape in zip(self.networks, self.shapes, strict=True)
        ]

    def words(self) -> list[Tensor]:
        """(words, r * r) a pattern: integers, with straight-through gradients."""
        tables = list(self.entries) if self.direct else self._enumerated()
        return [round_through(torch.clamp(_GAIN * table, -128, 127)) for table in tables]

    @torch.compiler.disable  # Compiled, its loops over patterns take many minutes.
    def forward(self, values: Sequence[Tensor]) -> Tensor:
        turns = [patch_source(self.scale, q) for q in range(self.rotations)]
        rows = [
            shape.gain * table[:, places]
            for shape, table in zip(self.shapes, self.words(), strict=True)
            for places in turns
        ]
        pixels = values[-1][:, 0].int()
        starts = np.cumsum([0] + [len(part) for part in rows])
        columns = [
            _index(shape, pixels, q) + int(start)
            for (shape, q), start in zip(self._turns(), starts, strict=False)
        ]
        index = torch.stack([column.flatten() for column in columns], dim=1)
        out = sum_of_rows(index, torch.cat(rows))
        return out.reshape(*pixels.shape, -1).permute(0, 3, 1, 2)

    def _turns(self) -> list[tuple[PatternShape, int]]:
        return [(shape, q) for shape in self.shapes for q in range(self.rotations)]

    @torch.no_grad()
    def export(
        self, unit: npt.NDArray[np.float64]
    ) -> tuple[PatternTables, npt.NDArray[np.float64]]:
        if not np.array_equal(unit, np.ones_like(unit)):
            raise ValueError("pattern_tables input must be codes, not an accumulator")
        patterns = [
            Pattern(
                shape.offsets,
                table.cpu().numpy().astype(np.int32),
                code_bits=shape.code_bits,
                shift=shape.shift,
                gain=shape.gain,
                border=shape.border,
            )
            for shape, table in zip(self.shapes, self.words(), strict=True)
        ]
        return PatternTables(tuple(patterns), self.rotations), np.ones(self.scale**2)

    @torch.no_grad()
    def restore(self, layer: PatternTables, unit: npt.NDArray[np.float64] | None) -> None:
        found = [pattern.words.shape for pattern in layer.patterns]
        wanted = [tuple(entries.shape) for entries in self.entries]
        if found != wanted:
            raise ValueError(f"words must be {wanted}, not {found}")
        for entries, pattern in zip(self.entries, layer.patterns, strict=True):
            entries.copy_(torch.from_numpy(pattern.words / _GAIN))
        self.direct.fill_(True)

    @staticmethod
    def exact(layer: PatternTables, values: Sequence[Tensor]) -> Tensor:
        pixels = values[-1][:, 0]
        out = pixels.new_zeros(*pixels.shape, layer.scale**2)
        for pattern in layer.patterns:
            words = torch.from_numpy(pattern.words.astype(np.int64))
            for q in range(layer.rotations):
                places = patch_source(layer.scale, q)
                out += pattern.gain * _exact_words(pattern, words, pixels, q)[..., places]
        return out.permute(0, 3, 1, 2)


def _neighbours(
    pixels: Tensor, offsets: Sequence[Offset], border: str, rotation: int
) -> list[Tensor]:
    """The pixels (batch, h, w) at each offset."""
    radius = max(abs(number) for offset in offsets for number in offset)
    wide = padded(pixels, radius, border)
    return [shifted(wide, radius, turned(offset, rotation)) for offset in offsets]


def _index(shape: PatternShape, pixels: Tensor, rotation: int) -> Tensor:
    """(batch, h, w): which word every pixel reads."""
    codes = (pixels >> shape.shift) & ((1 << shape.code_bits) - 1)
    index = torch.zeros_like(pixels)
    near = _neighbours(codes, shape.offsets, shape.border, rotation)
    for code, stride in zip(near, shape.strides, strict=True):
        index += code * stride
    return index


def _exact_words(pattern: Pattern, words: Tensor, pixels: Tensor, rotation: int) -> Tensor:
    """(batch, h, w, r * r): the words read, interpolated where there are fraction bits."""
    f, count = pattern.fraction_bits, len(pattern.offsets)
    near = torch.stack(_neighbours(pixels, pattern.offsets, pattern.border, rotation), dim=-1)
    near = near >> pattern.shift
    strides = torch.tensor(pattern.strides)
    index = (((near >> f) & ((1 << pattern.code_bits) - 1)) * strides).sum(-1)
    fractions = near & ((1 << f) - 1)
    falling, order = torch.sort(fractions, dim=-1, descending=True, stable=True)
    out = ((1 << f) - falling[..., :1]) * words[index]
    for k in range(count if f else 0):
        index = index + strides[order[..., k]]
        after = falling[..., k + 1 : k + 2] if k + 1 < count else 0
        out += (falling[..., k : k + 1] - after) * words[index]
    return out

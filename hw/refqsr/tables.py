"""Weights and constants of all passes of a network, as words of ROMs; equal ones once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lutscale.golden.refqsr.convolution import QuantisedConvolution
from lutscale.golden.value import ValueType
from lutscale.hw.memory import packed

__all__ = ["LOW_BITS", "MULTIPLIER_BITS", "ScheduleTables"]

LOW_BITS = 8
"""Of a weight, in the ROM that all convolutions read; what is above lies in a second one."""

MULTIPLIER_BITS = 16

Row = tuple[int, ...]


class ScheduleTables:
    """Collects what the passes read.

    Args:
        lanes: output channels at once.
        inputs: channels of codes that a word of weights is for.
        choices: precisions at which codes are there at a time.

    Attributes:
        accumulator_bits, high_bits: what accumulators and the upper parts of weights take; no bits
            of weights where none has more than `LOW_BITS`.
        code_bits: what codes take at each of the precisions.
    """

    def __init__(self, lanes: int, inputs: int, choices: int = 1) -> None:
        self.lanes, self.inputs, self.choices = lanes, inputs, choices
        self.accumulator_bits, self.high_bits = 24, 0
        self.code_bits = [1] * choices
        self._words: dict[bool, list[list[list[int]]]] = {True: [], False: []}
        self._placed: dict[tuple[bytes, str, bool], tuple[int, bool]] = {}
        self._constants: list[Row] = []
        self._multipliers: list[Row] = []
        self._scores: list[Row] = []

    def fit(self, accumulators: ValueType, codes: ValueType, variant: int = 0) -> None:
        """Make room for such numbers."""
        bits = accumulators.bits + (not accumulators.signed)
        self.accumulator_bits = max(self.accumulator_bits, bits)
        self.code_bits[variant] = max(self.code_bits[variant], codes.bits)

    def add_weights(
        self, layer: QuantisedConvolution, order: Sequence[Sequence[int]], *, turns: bool
    ) -> tuple[int, bool]:
        """The number of the first word among those as wide as it, and whether it is wide.

        Words follow each other by phase, group of lanes, and tap; a tap of a fusion is a half of
        its inputs.
        """
        wide = layer.weight_bits > LOW_BITS
        key = (layer.weights.tobytes(), f"{layer.weights.shape} {order}", turns)
        if key in self._placed:
            return self._placed[key]
        if wide:
            self.high_bits = max(self.high_bits, layer.weight_bits - LOW_BITS)
        start = len(self._words[wide])
        self._placed[key] = (start, wide)
        outputs, given = layer.outputs, layer.weights.reshape(layer.outputs, layer.inputs, -1)
        if turns:
            # (outputs, inputs of a half, halves)
            given = given.reshape(outputs, 2, -1).transpose(0, 2, 1)
        for phase in order:
            for first in range(0, len(phase), self.lanes):
                group = phase[first : first + self.lanes]
                for tap in range(given.shape[2]):
                    block = np.zeros((self.lanes, self.inputs), np.int64)
                    block[: len(group), : given.shape[1]] = given[group, :, tap]
                    self._words[wide].append(block.tolist())
        return start, wide

    def add_constants(self, rows: Sequence[Row]) -> int:
        """The address of bias and multiplier of the first output."""
        return _interned(self._constants, list(rows))

    def add_multipliers(self, *numbers: Sequence[int]) -> int:
        """The address of the first multiplier of a second requantise, to one or all precisions."""
        unused = (0,) * (self.choices - len(numbers))
        return _interned(self._multipliers, [(*row, *unused) for row in zip(*numbers, strict=True)])

    def add_scores(self, rows: Sequence[Row]) -> int:
        """The address of the first word of a selector: a number of each precision."""
        return _interned(self._scores, list(rows))

    @property
    def wide_words(self) -> int:
        """Words of weights with upper parts: they come first in the ROM."""
        return len(self._words[True])

    @property
    def low(self) -> list[int]:
        """The ROM of the lower bits of all weights."""
        words = [*self._words[True], *self._words[False]]
        return [packed([[w for lane in word for w in lane]], LOW_BITS)[0] for word in words]

    @property
    def high(self) -> list[int]:
        """The ROM of the upper bits of wide weights."""
        return [
            packed([[w >> LOW_BITS for lane in word for w in lane]], self.high_bits)[0]
            for word in self._words[True]
        ]

    @property
    def bias_bits(self) -> int:
        most = max(max(bias, -bias - 1) for bias, _ in self._constants)
        return most.bit_length() + 1

    @property
    def constants(self) -> list[int]:
        """Bias, then multiplier above it."""
        low = packed([[bias] for bias, _ in self._constants], self.bias_bits)
        high = [multiplier for _, multiplier in self._constants]
        return [a | b << self.bias_bits for a, b in zip(low, high, strict=True)]

    @property
    def multipliers(self) -> list[int]:
        """Of each precision, the first lowest."""
        return packed(self._multipliers, MULTIPLIER_BITS)

    @property
    def score_bits(self) -> int:
        """Of a number of a selector's word."""
        return max(max(n, -n - 1).bit_length() for row in self._scores for n in row) + 1

    @property
    def scores(self) -> list[int]:
        """Of each precision, the first lowest."""
        return packed(self._scores, self.score_bits)


def _interned(rows: list[Row], wanted: list[Row]) -> int:
    """Where rows stand in a list, at whose end they are put if they are not there."""
    for start in range(len(rows) - len(wanted) + 1):
        if rows[start : start + len(wanted)] == wanted:
            return start
    rows += wanted
    return len(rows) - len(wanted)

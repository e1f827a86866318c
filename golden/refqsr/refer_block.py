"""RefER: a query's features are repaired from those of its reference, where they match.

Both are averaged over squares and described by unit vectors of few numbers. Products of all pairs
(the cost volume) become weights by a softmax over the reference's places; their mean place is the
flow (soft-argmax). The reference's features are warped by it and joined with the query's by a 1x1
convolution that is added to them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lutscale.golden.refqsr.arithmetic import (
    EXPONENTIAL,
    INVERSE_ROOT,
    RECIPROCAL,
    Table,
    divide,
    softmax_weights,
    unit_vectors,
)
from lutscale.golden.refqsr.chain import Chain, Integers, check_inputs
from lutscale.golden.refqsr.patches import MULTIPLE
from lutscale.golden.validate import require_array, require_int
from lutscale.golden.value import ValueType

__all__ = ["FLOW_BITS", "ReferBlock", "square_sums", "warp"]

FLOW_BITS = 4
"""Fraction bits of the flow, in LR pixels, and of the warp's weights."""

_ONE = 1 << FLOW_BITS
_DESCRIPTOR_BITS = 16


def square_sums(channels: int) -> ValueType:
    """Sums of features over squares."""
    return ValueType(channels, -(1 << 22), (1 << 22) - 1)


@dataclass(frozen=True, eq=False)
class ReferBlock:
    """One RefER block.

    Attributes:
        descriptor: sums of features over squares (channels, n, m) to descriptors.
        fusion: the warped features, then the query's (2 * channels), to what is added to these.
        pool: side of the squares; it divides the sides of all patches.
        multiplier, shift: of a difference of products, for an entry of `exponential`.
        exponential, reciprocal, inverse_root: tables of `golden.refqsr.arithmetic`.

    Raises:
        TypeError, ValueError: "X must be ..., not ...".
    """

    descriptor: Chain
    fusion: Chain
    pool: int
    multiplier: int
    shift: int
    exponential: Table
    reciprocal: Table
    inverse_root: Table

    def __post_init__(self) -> None:
        require_int("pool", self.pool, 2, 8)
        if MULTIPLE % self.pool:
            raise ValueError(f"pool must divide the sides of all patches, not {self.pool}")
        channels = self.fusion.output.channels
        check_inputs("descriptor", self.descriptor, (square_sums(channels),))
        if self.descriptor.output.bits > _DESCRIPTOR_BITS:
            raise ValueError(
                f"descriptors must have at most {_DESCRIPTOR_BITS} bits, not "
                f"{self.descriptor.output.bits}"
            )
        require_int("multiplier", self.multiplier, 1, 0xFFFF)
        require_int("shift", self.shift, 0, 40)
        for name, entries in (
            ("exponential", EXPONENTIAL),
            ("reciprocal", RECIPROCAL),
            ("inverse_root", INVERSE_ROOT),
        ):
            table = require_array(name, getattr(self, name), (entries,), 0, 0xFFFF)
            object.__setattr__(self, name, table)

    def describe(self, features: Integers) -> npt.NDArray[np.int64]:
        """Unit vectors (numbers, places) of features (channels, height, width)."""
        channels, height, width = features.shape
        p = self.pool
        blocks = features.astype(np.int64).reshape(channels, height // p, p, width // p, p)
        made = self.descriptor.run(blocks.sum((2, 4))).astype(np.int64)
        return unit_vectors(made.reshape(len(made), -1), self.inverse_root)

    def flow(self, query: Integers, reference: Integers) -> npt.NDArray[np.int64]:
        """(2, n, m): rows and columns from each square of the query to what it resembles in the
        reference, in LR pixels with `FLOW_BITS` fraction bits.

        Args:
            query, reference: features (channels, height, width), of one size.
        """
        places = (query.shape[1] // self.pool, query.shape[2] // self.pool)
        cost = self.describe(query).T @ self.describe(reference)
        weights = softmax_weights(cost, self.multiplier, self.shift, self.exponential)
        total = weights.sum(1)
        rows, columns = (n.reshape(-1) for n in np.indices(places))
        flows = [
            divide((weights @ at - at * total) * (self.pool * _ONE), total, self.reciprocal)
            for at in (rows, columns)
        ]
        return np.stack(flows).reshape(2, *places)

    def run(self, query: Integers, reference: Integers) -> Integers:
        """The repaired query, int32 (channels, height, width), clamped to 16 bits.

        Args:
            query, reference: features (channels, height, width), 16 bits.
        """
        warped = warp(
            reference, self.flow(query, reference).repeat(self.pool, 1).repeat(self.pool, 2)
        )
        added = self.fusion.run(np.concatenate([warped, query]))
        return np.clip(query + added, -(1 << 15), (1 << 15) - 1).astype(np.int32)


def warp(features: Integers, flow: npt.NDArray[np.int64]) -> Integers:
    """Features read from where the flow points to, int32 (channels, height, width).

    Between four pixels the weights are products of two distances of `FLOW_BITS` bits; outside
    lies the edge. Halves round up.

    Args:
        features: (channels, height, width).
        flow: (2, height, width), rows and columns with `FLOW_BITS` fraction bits.
    """
    _, height, width = features.shape
    rows, columns = np.indices((height, width))
    y = np.clip(rows * _ONE + flow[0], 0, (height - 1) * _ONE)
    x = np.clip(columns * _ONE + flow[1], 0, (width - 1) * _ONE)
    top, left = y >> FLOW_BITS, x >> FLOW_BITS
    down, right = y & (_ONE - 1), x & (_ONE - 1)
    bottom, beside = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    given = features.astype(np.int64)
    total = (
        given[:, top, left] * ((_ONE - down) * (_ONE - right))
        + given[:, top, beside] * ((_ONE - down) * right)
        + given[:, bottom, left] * (down * (_ONE - right))
        + given[:, bottom, beside] * (down * right)
    )
    half = 1 << (2 * FLOW_BITS - 1)
    return ((total + half) >> (2 * FLOW_BITS)).astype(np.int32)

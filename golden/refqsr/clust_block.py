"""ClustBlock: which patches of a picture resemble each other, and which of them are references.

Each patch gets probabilities of classes. It points to the patch whose probabilities have the
largest product with its own; pointers are followed to their end, and those that end at one place
are a cluster (RefQSR, IEEE TIP 2024). Its reference is the patch of most detail, and the patches of
most detail of all are references, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lutscale.golden.refqsr.arithmetic import (
    EXPONENTIAL,
    RECIPROCAL,
    Table,
    divide,
    softmax_weights,
)
from lutscale.golden.refqsr.chain import PICTURE, Chain, check_inputs
from lutscale.golden.refqsr.mixed import edges
from lutscale.golden.refqsr.patches import LARGEST
from lutscale.golden.validate import require_array, require_int
from lutscale.golden.value import ValueType

__all__ = ["EVERY", "ClustBlock", "follow", "led_by_detail", "patch_sums", "pointers"]

EVERY = 6
"""One patch in so many is a reference, if clusters have no more."""

_POOL = 2
_SUM_BITS = 39
_PLACES = (LARGEST // _POOL**2) ** 2


def patch_sums(channels: int) -> ValueType:
    """Sums of accumulators clamped at zero, over squares or a whole patch."""
    return ValueType(channels, 0, (1 << _SUM_BITS) - 1)


def pointers(probabilities: npt.NDArray[np.int64]) -> tuple[int, ...]:
    """For each patch the one that it refers to; references refer to themselves.

    Args:
        probabilities: (patches, classes). Of equal products the first patch wins.
    """
    products = probabilities @ probabilities.T
    return follow(products.argmax(1).tolist())


def follow(first: Sequence[int]) -> tuple[int, ...]:
    """The ends of chains of pointers.

    Raises:
        ValueError: pointers lead round in a circle, or out of the list: such a cluster has no
            reference.
    """
    count, ends = len(first), []
    for start in range(count):
        place = start
        for _ in range(count):
            if not 0 <= place < count:
                raise ValueError(f"pointers must be in 0..{count - 1}, not {place}")
            if first[place] == place:
                break
            place = first[place]
        else:
            raise ValueError(
                f"a cluster must have a reference that points to itself, but from patch {start} "
                "pointers lead round in a circle"
            )
        ends.append(place)
    return tuple(ends)


def led_by_detail(ends: Sequence[int], details: Sequence[float]) -> tuple[int, ...]:
    """The same clusters with references that low precision would lose most of.

    Each cluster is led by its patch of most detail, the first of equal ones. Where fewer than one
    in `EVERY` patches are references then, those of most detail among the others become references
    that nobody refers to, up to that many.

    Args:
        ends: for each patch the number of its reference.
        details: of each patch, such as the sum of `mixed.edges`.
    """
    leaders: dict[int, int] = {}
    for n, end in enumerate(ends):
        if end not in leaders or details[n] > details[leaders[end]]:
            leaders[end] = n
    made = [leaders[end] for end in ends]
    queries = sorted(set(range(len(made))) - set(made), key=lambda n: (-details[n], n))
    for n in queries[: max(0, len(made) // EVERY - len(leaders))]:
        made[n] = n
    return tuple(made)


@dataclass(frozen=True, eq=False)
class ClustBlock:
    """Three convolutions, each clamped at zero and summed over squares of 2x2, the last over the
    patch, then a linear layer and a softmax.

    The sum over a smaller patch is multiplied by the pixels that a patch of 96x96 has for each of
    its own, and rounded half up, so that it is a mean in one unit for all patches.

    Attributes:
        stages: the convolutions' chains, patch to accumulator.
        last: sums (channels, 1, 1) to logits (classes, 1, 1).
        multiplier, shift: of a difference of logits, for an entry of `exponential`.
        exponential, reciprocal: tables of `golden.refqsr.arithmetic`.

    Raises:
        TypeError, ValueError: "X must be ..., not ...".
    """

    stages: tuple[Chain, Chain, Chain]
    last: Chain
    multiplier: int
    shift: int
    exponential: Table
    reciprocal: Table

    def __post_init__(self) -> None:
        if len(self.stages) != 3:
            raise ValueError(f"stages must be 3 chains, not {len(self.stages)}")
        inputs = [(PICTURE,), *((patch_sums(c.output.channels),) for c in self.stages)]
        for k, (chain, wanted) in enumerate(zip((*self.stages, self.last), inputs, strict=True)):
            check_inputs(f"stage {k}", chain, wanted)
        # What the sum of a patch of the longest side may be.
        most = self.stages[2].output.hi * _PLACES
        if most >= 1 << _SUM_BITS:
            raise ValueError(
                f"sums over a patch must fit {_SUM_BITS} bits, not {most.bit_length()}"
            )
        require_int("multiplier", self.multiplier, 1, 0xFFFF)
        require_int("shift", self.shift, 0, 40)
        for name, entries in (("exponential", EXPONENTIAL), ("reciprocal", RECIPROCAL)):
            table = require_array(name, getattr(self, name), (entries,), 0, 0xFFFF)
            object.__setattr__(self, name, table)

    @property
    def classes(self) -> int:
        return self.last.output.channels

    def logits(self, patch: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
        """int64 (classes,), of uint8 (rows, columns, 3)."""
        value = np.moveaxis(patch, -1, 0).astype(np.int64)
        for k, stage in enumerate(self.stages):
            value = np.maximum(stage.run(value).astype(np.int64), 0)
            if k < 2:
                value = _sums(value, _POOL)
        places = value.shape[1] * value.shape[2]
        total = value.sum((1, 2), keepdims=True)
        scaled = (2 * total * _PLACES + places) // (2 * places)
        return self.last.run(scaled).astype(np.int64).reshape(-1)

    def probabilities(self, patch: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
        """int64 (classes,), each 0..255, together about 255, of uint8 (rows, columns, 3)."""
        weights = softmax_weights(self.logits(patch), self.multiplier, self.shift, self.exponential)
        return divide(weights * 255, weights.sum(), self.reciprocal)

    def pointers(self, patches: Sequence[npt.NDArray[np.uint8]]) -> tuple[int, ...]:
        """For each patch of a picture the number of its reference, itself where it is one."""
        ends = pointers(np.stack([self.probabilities(patch) for patch in patches]))
        return led_by_detail(ends, [sum(edges(patch)) for patch in patches])


def _sums(value: npt.NDArray[np.int64], side: int) -> npt.NDArray[np.int64]:
    """Sums over squares."""
    channels, height, width = value.shape
    blocks = value.reshape(channels, height // side, side, width // side, side)
    return blocks.sum((2, 4))

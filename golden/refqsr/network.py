"""A network of programs with dispatch: the patches of a picture run at two precisions (RefQSR).

Without dispatch the same class is a plain network whose body has one precision, or one that each
layer chooses for the picture (CADyQ).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from lutscale.golden.refqsr.chain import PICTURE, Chain, Integers, check_chain, feature_type
from lutscale.golden.refqsr.clust_block import ClustBlock
from lutscale.golden.refqsr.mixed import ResidualBlock, edges
from lutscale.golden.refqsr.patches import Tiling, tiling_of
from lutscale.golden.refqsr.refer_block import ReferBlock
from lutscale.golden.validate import require_int
from lutscale.golden.value import ValueType

__all__ = ["Bits", "Dispatch", "Network", "Trace"]

Picture = npt.NDArray[np.uint8]
Bits = tuple[tuple[int, int], ...]
"""Activation bits of both convolutions of the blocks that ran."""


@dataclass(frozen=True, eq=False)
class Dispatch:
    """How a picture's patches are shared out.

    Attributes:
        clust: names the reference of each patch.
        refer: in place of the last two blocks of a query.
        high: activation bits of references, and of each patch's first block; None lets layers
            choose.
        low: those of queries.
    """

    clust: ClustBlock
    refer: tuple[ReferBlock, ReferBlock]
    high: int | None
    low: int

    def __post_init__(self) -> None:
        require_int("low", self.low, 2, 8)
        if self.high is not None:
            require_int("high", self.high, self.low, 8)
        if len(self.refer) != 2:
            raise ValueError(f"refer must be two blocks, not {len(self.refer)}")


@dataclass(frozen=True)
class Trace:
    """What happened to a picture.

    Attributes:
        tiling: where its patches lie; None when it ran as a whole.
        pointers: for each patch the number of its reference.
        bits: for each patch the activation bits of the convolutions that ran, block by block; a
            query's last two blocks are missing.
    """

    tiling: Tiling | None
    pointers: tuple[int, ...]
    bits: tuple[Bits, ...]

    @property
    def references(self) -> tuple[int, ...]:
        """Numbers of the patches that are references."""
        return tuple(n for n, end in enumerate(self.pointers) if n == end)


@dataclass(frozen=True, eq=False)
class Network:
    """SRResNet in integers.

    Attributes:
        name: letters, digits, ``-``, ``_`` and ``.``.
        scale: r, 2..4.
        channels: of the trunk.
        head: the picture to features.
        blocks: the body.
        tail: picture, head's features and body's features to the picture enlarged.
        dispatch: None runs the picture as a whole.
        provenance: how it was made (free JSON); printed, and read for nothing else.

    Raises:
        TypeError, ValueError: "X must be ..., not ...".
    """

    name: str
    scale: int
    channels: int
    head: Chain
    blocks: tuple[ResidualBlock, ...]
    tail: Chain
    dispatch: Dispatch | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.name or not all(c.isascii() and (c.isalnum() or c in "-_.") for c in self.name):
            raise ValueError(f"name must be letters, digits, '-', '_' and '.', not {self.name!r}")
        require_int("scale", self.scale, 2, 4)
        require_int("channels", self.channels, 1, 256)
        features = feature_type(self.channels)
        check_chain("head", self.head, (PICTURE,), features)
        enlarged = ValueType(3, 0, 255, self.scale)
        check_chain("tail", self.tail, (PICTURE, features, features), enlarged)
        for k, block in enumerate(self.blocks):
            for part, mixed in (("first", block.first), ("second", block.second)):
                for bits, chain in mixed.chains.items():
                    check_chain(f"block {k}, {part} at {bits} bits", chain, (features,), features)
        if self.dispatch is not None:
            self._check_dispatch(self.dispatch, features)

    def _check_dispatch(self, dispatch: Dispatch, features: ValueType) -> None:
        if len(self.blocks) < 1 + len(dispatch.refer):
            raise ValueError(f"blocks must be at least 3 for RefQSR, not {len(self.blocks)}")
        for k, block in enumerate(self.blocks):
            # Queries share the first block, and have RefER in place of the last two.
            low = dispatch.low if 0 < k < len(self.blocks) - len(dispatch.refer) else None
            for mixed in (block.first, block.second):
                for bits in (low, dispatch.high):
                    if bits is not None and bits not in mixed.chains:
                        raise ValueError(f"block {k}: must run at {bits} bits, but does not")
        for k, refer in enumerate(dispatch.refer):
            joined = ValueType(2 * self.channels, features.lo, features.hi)
            check_chain(f"refer {k}, fusion", refer.fusion, (joined,), features)

    def run_image(self, image: Picture) -> Picture:
        """The enlarged picture, uint8 (height * r, width * r, 3), of uint8 (height, width, 3).

        Raises:
            InputError: it is smaller than a patch.
            TypeError: it is no such picture.
        """
        return self.run_traced(image)[0]

    def run_traced(self, image: Picture) -> tuple[Picture, Trace]:
        """Like `run_image`, and what happened."""
        if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3:
            got = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else repr(image)
            raise TypeError(f"image must be a uint8 array (height, width, 3), not {got}")
        if image.shape[2] != 3 or not image.size:
            raise ValueError(f"image must be (height, width, 3) and not empty, not {image.shape}")
        if self.dispatch is None:
            result, bits, _ = self._plain(image, None)
            return result, Trace(None, (0,), (bits,))
        tiling = tiling_of(*image.shape[:2])
        patches = tiling.cut(image)
        ends = self.dispatch.clust.pointers(patches)
        results, used = self.run_patches(patches, ends)
        return tiling.merge(results, self.scale), Trace(tiling, ends, tuple(used))

    def run_patches(
        self, patches: list[Picture], ends: tuple[int, ...]
    ) -> tuple[list[Picture], list[Bits]]:
        """Patches enlarged, and the bits of each.

        Args:
            patches: uint8 (rows, columns, 3) each, of one size.
            ends: for each the number of its reference.

        Raises:
            ValueError: the network has no dispatch, or a query's reference is itself a query.
        """
        if self.dispatch is None:
            raise ValueError("dispatch must be given to run patches, but is missing")
        kept: dict[int, tuple[Integers, Integers]] = {}
        results: dict[int, Picture] = {}
        bits: dict[int, Bits] = {}
        for n, patch in enumerate(patches):
            if ends[n] == n:
                results[n], bits[n], kept[n] = self._plain(patch, self.dispatch.high)
        for n, patch in enumerate(patches):
            if ends[n] != n:
                if ends[n] not in kept:
                    raise ValueError(
                        f"a cluster must have a reference, but patch {ends[n]}, to which {n} "
                        "refers, is none"
                    )
                results[n], bits[n] = self._query(patch, kept[ends[n]], self.dispatch)
        order = range(len(patches))
        return [results[n] for n in order], [bits[n] for n in order]

    def _plain(
        self, picture: Picture, bits: int | None
    ) -> tuple[Picture, Bits, tuple[Integers, Integers]]:
        """A picture, or a reference, through all blocks; and what enters the last two."""
        planes, steps = _planes(picture), edges(picture)
        first = value = self.head.run(planes)
        entered, used = [], []
        for block in self.blocks:
            entered.append(value)
            value, chosen = block.run(value, bits, steps)
            used.append(chosen)
        last = (entered[-2], entered[-1]) if len(entered) > 1 else (first, first)
        return _picture(self.tail.run(planes, first, value)), tuple(used), last

    def _query(
        self,
        picture: Picture,
        reference: tuple[Integers, Integers],
        dispatch: Dispatch,
    ) -> tuple[Picture, Bits]:
        """A query: the first block as in references, then low, then RefER."""
        planes, steps = _planes(picture), edges(picture)
        first = value = self.head.run(planes)
        used = []
        for k, block in enumerate(self.blocks[: -len(dispatch.refer)]):
            value, chosen = block.run(value, dispatch.low if k else dispatch.high, steps)
            used.append(chosen)
        for refer, features in zip(dispatch.refer, reference, strict=True):
            value = refer.run(value, features)
        return _picture(self.tail.run(planes, first, value)), tuple(used)


def _planes(picture: Picture) -> Integers:
    return np.ascontiguousarray(np.moveaxis(picture, -1, 0)).astype(np.int32)


def _picture(planes: Integers) -> Picture:
    return np.ascontiguousarray(np.moveaxis(planes, 0, -1)).astype(np.uint8)

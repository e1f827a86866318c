"""Block memories of FPGA families by their legal shapes, and how many a memory needs.

A block offers a few shapes, depth x width. Parity bits exist only in the shapes whose width is
a multiple of 9 (of 5 on the 10 and 20 kbit blocks): an 8-bit word wastes the ninth bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from lutscale.golden.validate import require_int

__all__ = ["TARGETS", "BlockKind", "Shape", "blocks_needed", "utilisation"]

Shape = tuple[int, int]
"""(depth in words, width in bits)."""


@dataclass(frozen=True)
class BlockKind:
    """A family's block memory, as one write port and one read port can use it.

    Attributes:
        name: the vendor's name.
        bits: what a block stores, parity bits counted.
        shapes: the legal (depth, width) pairs, deepest first.

    Raises:
        ValueError: there is no shape, or one holds more than ``bits``.
    """

    name: str
    bits: int
    shapes: tuple[Shape, ...]

    def __post_init__(self) -> None:
        if not self.shapes:
            raise ValueError(f"shapes of {self.name} must be at least one, not none")
        for depth, width in self.shapes:
            require_int(f"shape {depth}x{width} of {self.name}", depth * width, 1, self.bits)


_SHAPES_18K: tuple[Shape, ...] = (
    (16384, 1),
    (8192, 2),
    (4096, 4),
    (2048, 9),
    (1024, 18),
    (512, 36),
)

_KINDS = {
    "ecp5": BlockKind("DP16KD", 18432, _SHAPES_18K),
    "xilinx-ramb18": BlockKind("RAMB18", 18432, _SHAPES_18K),
    "xilinx-ramb36": BlockKind(
        "RAMB36",
        36864,
        ((32768, 1), (16384, 2), (8192, 4), (4096, 9), (2048, 18), (1024, 36), (512, 72)),
    ),
    "ice40": BlockKind("EBR", 4096, ((2048, 2), (1024, 4), (512, 8), (256, 16))),
    "gowin": BlockKind("BSRAM", 18432, _SHAPES_18K),
    "intel-m9k": BlockKind(
        "M9K", 9216, ((8192, 1), (4096, 2), (2048, 4), (1024, 9), (512, 18), (256, 36))
    ),
    "intel-m10k": BlockKind(
        "M10K", 10240, ((8192, 1), (4096, 2), (2048, 5), (1024, 10), (512, 20), (256, 40))
    ),
    "intel-m20k": BlockKind(
        "M20K", 20480, ((16384, 1), (8192, 2), (4096, 5), (2048, 10), (1024, 20), (512, 40))
    ),
}

TARGETS = MappingProxyType(_KINDS)
"""The block memory of each target, by the target's name."""


def blocks_needed(kind: BlockKind, depth: int, width: int) -> tuple[int, Shape]:
    """The fewest blocks, all of one shape, that hold a memory.

    Among shapes that need equally many, the one that stacks the fewest blocks in depth is
    taken (no multiplexer behind them), then the deepest.

    Args:
        kind: the block memory.
        depth: words, at least 1.
        width: bits of a word, at least 1.

    Returns:
        the number of blocks, and the (depth, width) that each is used at.

    Raises:
        TypeError, ValueError: "depth must be ..., not ...".
    """
    require_int("depth", depth, 1, 1 << 40)
    require_int("width", width, 1, 1 << 40)

    def cost(shape: Shape) -> tuple[int, int, int]:
        stacked = -(-depth // shape[0])
        return stacked * -(-width // shape[1]), stacked, -shape[0]

    best = min(kind.shapes, key=cost)
    return cost(best)[0], best


def utilisation(kind: BlockKind, blocks: int, stored_bits: int) -> float:
    """Stored bits over the bits of the blocks, 0..1; 0 when there are no blocks."""
    return stored_bits / (blocks * kind.bits) if blocks else 0.0

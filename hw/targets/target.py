"""What a target is: its block memory by legal shapes, its LUTs and multipliers, and its counts.

A block offers a few shapes, depth x width. Parity bits exist only in the shapes whose width is a
multiple of a byte with its parity bit (9, or 5 for half a byte on the 10 and 20 kbit blocks): an
8-bit word wastes the ninth bit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lutscale.golden.validate import require_int

__all__ = ["BlockMemory", "Device", "Shape", "Target"]

Shape = tuple[int, int]
"""(depth in words, width in bits)."""


@dataclass(frozen=True)
class BlockMemory:
    """A family's block memory, as one write port and one read port can use it.

    Attributes:
        name: the vendor's name.
        bits: what a block stores, parity bits counted.
        shapes: the legal (depth, width) pairs, deepest first.
        parity: bits of a byte with its parity bit; shapes of other widths store without parity
            bits. 0 where there are none.
        ports: addresses that a block takes in a clock.
        widest: of the shapes at which each port may read; in wider ones one port only reads and
            one only writes. 0 where that is so in all.
        initial_data: whether it has contents after configuration, as a ROM must.

    Raises:
        TypeError, ValueError: there is no shape, or one that breaks the rule of parity.
    """

    name: str
    bits: int
    shapes: tuple[Shape, ...]
    parity: int = 0
    ports: int = 2
    widest: int = 0
    initial_data: bool = True

    def __post_init__(self) -> None:
        if not self.shapes:
            raise ValueError(f"shapes of {self.name} must be at least one, not none")
        for depth, width in self.shapes:
            whole = not self.parity or width % self.parity == 0
            stored = self.bits if whole else self.bits // self.parity * (self.parity - 1)
            require_int(f"shape {depth}x{width} of {self.name}", depth * width, stored, stored)

    def needed(self, depth: int, width: int) -> tuple[int, Shape]:
        """The fewest blocks, all of one shape, that hold a memory.

        Among shapes that need equally many, the one that stacks the fewest blocks in depth is
        taken (no multiplexer behind them), then the deepest.

        Args:
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

        best = min(self.shapes, key=cost)
        return cost(best)[0], best

    def utilisation(self, blocks: int, stored_bits: int) -> float:
        """Stored bits over the bits of the blocks, 0..1; 0 when there are no blocks."""
        return stored_bits / (blocks * self.bits) if blocks else 0.0


@dataclass(frozen=True)
class Device:
    """What one part of a family has.

    Attributes:
        part: the vendor's number.
        luts: lookup tables, of `Target.lut_inputs` inputs each.
        flip_flops: registers of the logic fabric.
        blocks: block memories, of `Target.block`.
        multipliers: of `Target.multiplier` bits.
        source: the document that says so.
    """

    part: str
    luts: int
    flip_flops: int
    blocks: int
    multipliers: int
    source: str


@dataclass(frozen=True)
class Target:
    """What a design is built for: a family, or one device of it.

    Attributes:
        name: as commands take it.
        family: "ecp5", "ice40", "gowin", "xilinx", "intel" or "asic".
        block: its block memory.
        source: the documents that describe family and block.
        lut_inputs: of a lookup table in its logic; 0 where there are none.
        multiplier: bits of the two signed operands of its multiplier; (0, 0) without.
        least_rom_bits, least_ram_bits: smaller memories are better off in logic.
        least_use: the share of its blocks that a ROM must fill to get them, 0..1.
        device: None for the family as such, of which nothing is counted.
    """

    name: str
    family: str
    block: BlockMemory
    source: str
    lut_inputs: int = 4
    multiplier: tuple[int, int] = (18, 18)
    least_rom_bits: int = 2048
    least_ram_bits: int = 2048
    least_use: float = 0.25
    device: Device | None = None

    def on(self, name: str, device: Device) -> Target:
        """One device of this family."""
        return replace(self, name=f"{self.family}-{name}", device=device)

    def rom_pays(self, depth: int, width: int) -> bool:
        """Whether a ROM belongs into blocks, at their best shape, or into logic."""
        bits = depth * width
        use = self.block.utilisation(self.block.needed(depth, width)[0], bits)
        return bits >= self.least_rom_bits and use >= self.least_use

    def ram_pays(self, depth: int, width: int) -> bool:
        """Whether a memory that is written belongs into blocks or into logic."""
        return depth * width >= self.least_ram_bits

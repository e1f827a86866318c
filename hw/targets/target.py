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
        areas: square micrometres of each shape, where each is a macro of its own with as many bits
            as it says; `bits` is then the largest. Empty for the blocks of an FPGA.

    Raises:
        TypeError, ValueError: there is no shape, one that breaks the rule of parity, or no area
            for each.
    """

    name: str
    bits: int
    shapes: tuple[Shape, ...]
    parity: int = 0
    ports: int = 2
    widest: int = 0
    initial_data: bool = True
    areas: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not self.shapes:
            raise ValueError(f"shapes of {self.name} must be at least one, not none")
        if self.areas:
            self._check_macros()
            return
        for depth, width in self.shapes:
            whole = not self.parity or width % self.parity == 0
            stored = self.bits if whole else self.bits // self.parity * (self.parity - 1)
            require_int(f"shape {depth}x{width} of {self.name}", depth * width, stored, stored)

    def _check_macros(self) -> None:
        if len(self.areas) != len(self.shapes) or min(self.areas) <= 0:
            wanted = f"{len(self.shapes)} numbers above 0, one a shape"
            raise ValueError(f"areas of {self.name} must be {wanted}, not {self.areas}")
        for depth, width in self.shapes:
            require_int(f"shape {depth}x{width} of {self.name}", depth * width, 1, self.bits)

    def capacity(self, shape: Shape) -> int:
        """Bits of a block at that shape, parity bits counted, used or not."""
        return shape[0] * shape[1] if self.areas else self.bits

    def area(self, shape: Shape) -> float:
        """Square micrometres of a macro of that shape; 0 for the blocks of an FPGA."""
        return self.areas[self.shapes.index(shape)] if self.areas else 0.0

    def needed(self, depth: int, width: int) -> tuple[int, Shape]:
        """The fewest blocks (macros: the least area), all of one shape, that hold a memory.

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

        def cost(shape: Shape) -> tuple[float, int, int, int]:
            stacked = -(-depth // shape[0])
            count = stacked * -(-width // shape[1])
            return count * self.area(shape), count, stacked, -shape[0]

        best = min(self.shapes, key=cost)
        return cost(best)[1], best

    def fill(self, depth: int, width: int) -> float:
        """The share of the bits of its blocks that a memory uses, 0..1."""
        count, shape = self.needed(depth, width)
        return depth * width / (count * self.capacity(shape))


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
        enough = depth * width >= self.least_rom_bits
        return enough and self.block.fill(depth, width) >= self.least_use

    def ram_pays(self, depth: int, width: int) -> bool:
        """Whether a memory that is written belongs into blocks or into logic."""
        return depth * width >= self.least_ram_bits

"""ROM and RAM, and the account that every component gives of its memories."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from amaranth import ClockSignal, Instance, Module
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from lutscale.hw.names import part_name
from lutscale.hw.rom_formats import RomImage
from lutscale.hw.targets import Target

__all__ = [
    "PURPOSES",
    "MemoryUse",
    "Ram",
    "Rom",
    "RomCollector",
    "Stored",
    "blocks_of",
    "packed",
    "stored",
]

PURPOSES = ("table", "quantiser", "line_buffer", "reorder_buffer", "fifo", "chroma")


@dataclass(frozen=True)
class MemoryUse:
    """One memory as the hardware instantiates it.

    Attributes:
        name: unique in a pipeline; also the name of its ROM image.
        layer: number of the program's layer it serves; -1 for none.
        purpose: one of `PURPOSES`.
        depth, width: words, and bits of a word.
        style: "block" or "logic"; "gates" for tables that a form turns into gates, so that no
            memory is built of their image.
        rom: whether it has contents and no write port.
        part: name of the layer's `TablePart` it holds; "" where the layer has no such parts.
        copy: 0, or a number above where the same contents are stored again, since one memory
            cannot be read often enough.
    """

    name: str
    layer: int
    purpose: str
    depth: int
    width: int
    style: str
    rom: bool
    part: str = ""
    copy: int = 0

    @property
    def bits(self) -> int:
        return self.depth * self.width


def blocks_of(uses: Iterable[MemoryUse], target: Target) -> int:
    """Block memories of the target, for all memories that are to be blocks."""
    needed = target.block.needed
    return sum(needed(use.depth, use.width)[0] for use in uses if use.style == "block")


def packed(rows: Iterable[Iterable[int]], bits: int) -> list[int]:
    """ROM words of rows of entries in two's complement of so many bits, the first one lowest."""
    mask = (1 << bits) - 1
    return [
        sum((int(entry) & mask) << (place * bits) for place, entry in enumerate(row))
        for row in rows
    ]


class RomCollector:
    """Passed as Amaranth's platform, it makes memories instances of lutscale_memory.v.

    Args:
        name: of the build, in front of the names of modules and files.

    Attributes:
        images: the ROM images met on the way, by name.
    """

    def __init__(self, name: str = "lutscale") -> None:
        self.name = name
        self.images: dict[str, RomImage] = {}

    def module(self, kind: str, style: str) -> str:
        """The module of a memory: "rom" or "ram", "block" or "logic"."""
        return part_name(self.name, f"{kind}_{style}")

    def add(self, image: RomImage) -> str:
        """Collect a ROM image; the file that it is read from."""
        self.images[image.name] = image
        return f"{part_name(self.name, image.name)}.hex"


def _address_bits(depth: int) -> int:
    return max((depth - 1).bit_length(), 1)


class Stored(NamedTuple):
    """What a ROM holds, and its account."""

    image: RomImage
    use: MemoryUse


def stored(
    *,
    name: str,
    layer: int,
    purpose: str,
    width: int,
    words: Sequence[int],
    target: Target,
    style: str | None = None,
    part: str = "",
    copy: int = 0,
) -> Stored:
    """Image and account of a ROM, which `Rom` builds; its arguments."""
    image = RomImage(name, f"layer{layer}", width, tuple(words))
    style = style or ("block" if target.rom_pays(image.depth, width) else "logic")
    use = MemoryUse(name, layer, purpose, image.depth, width, style, rom=True, part=part, copy=copy)
    return Stored(image, use)


class Rom(wiring.Component):
    """A table with one read port; ``data`` follows ``addr`` by one clock while ``en`` is high.

    Args:
        name, layer, purpose, part, copy: as in `MemoryUse`.
        width: bits of a word.
        words: the contents, each in 0..2**width - 1.
        target: whose block memories there are.
        style: "block", "logic", or None for what pays on the target.
    """

    def __init__(
        self,
        *,
        name: str,
        layer: int,
        purpose: str,
        width: int,
        words: Sequence[int],
        target: Target,
        style: str | None = None,
        part: str = "",
        copy: int = 0,
    ) -> None:
        self.image, self.use = stored(
            name=name,
            layer=layer,
            purpose=purpose,
            width=width,
            words=words,
            target=target,
            style=style,
            part=part,
            copy=copy,
        )
        depth = self.use.depth
        super().__init__({"en": In(1), "addr": In(_address_bits(depth)), "data": Out(width)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        use = self.use
        if isinstance(platform, RomCollector):
            m.submodules.rom = Instance(
                platform.module("rom", use.style),
                p_WIDTH=use.width,
                p_DEPTH=use.depth,
                p_ADDR=len(self.addr),
                p_FILE=platform.add(self.image),
                i_clk=ClockSignal(),
                i_en=self.en,
                i_addr=self.addr,
                o_data=self.data,
            )
            return m
        m.submodules.rom = rom = Memory(shape=use.width, depth=use.depth, init=self.image.words)
        port = rom.read_port()
        m.d.comb += [port.en.eq(self.en), port.addr.eq(self.addr), self.data.eq(port.data)]
        return m


class Ram(wiring.Component):
    """One write port and one read port; ``rd_data`` follows by one clock while ``rd_en``.

    A read of the address that is being written gives an unspecified word.

    Args:
        name, layer, purpose: as in `MemoryUse`.
        width, depth: bits of a word, and words.
        target: whose block memories there are.
    """

    def __init__(
        self, *, name: str, layer: int, purpose: str, width: int, depth: int, target: Target
    ) -> None:
        depth = max(depth, 2)
        style = "block" if target.ram_pays(depth, width) else "logic"
        self.use = MemoryUse(name, layer, purpose, depth, width, style, rom=False)
        address = _address_bits(depth)
        super().__init__(
            {
                "wr_en": In(1),
                "wr_addr": In(address),
                "wr_data": In(width),
                "rd_en": In(1),
                "rd_addr": In(address),
                "rd_data": Out(width),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        use = self.use
        if isinstance(platform, RomCollector):
            m.submodules.ram = Instance(
                platform.module("ram", use.style),
                p_WIDTH=use.width,
                p_DEPTH=use.depth,
                p_ADDR=len(self.rd_addr),
                i_clk=ClockSignal(),
                i_wr_en=self.wr_en,
                i_wr_addr=self.wr_addr,
                i_wr_data=self.wr_data,
                i_rd_en=self.rd_en,
                i_rd_addr=self.rd_addr,
                o_rd_data=self.rd_data,
            )
            return m
        m.submodules.ram = ram = Memory(shape=use.width, depth=use.depth, init=[])
        write, read = ram.write_port(), ram.read_port()
        m.d.comb += [
            write.en.eq(self.wr_en),
            write.addr.eq(self.wr_addr),
            write.data.eq(self.wr_data),
            read.en.eq(self.rd_en),
            read.addr.eq(self.rd_addr),
            self.rd_data.eq(read.data),
        ]
        return m

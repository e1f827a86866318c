"""All formats by key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lutscale.hw.rom_formats.gowin import format_gowin_mi, parse_gowin_mi
from lutscale.hw.rom_formats.image import ParsedRom, RomImage, format_readmemh, parse_readmemh
from lutscale.hw.rom_formats.intel import format_intel_mif, parse_intel_mif
from lutscale.hw.rom_formats.lattice import (
    LATTICE_MAX_DEPTH,
    LATTICE_MAX_WIDTH,
    format_lattice_mem,
    parse_lattice_mem,
)
from lutscale.hw.rom_formats.text import MAX_DEPTH, MAX_WIDTH
from lutscale.hw.rom_formats.xilinx import (
    format_xilinx_coe,
    format_xilinx_mif,
    parse_xilinx_coe,
    parse_xilinx_mif,
)

__all__ = [
    "FORMATS",
    "RomFormat",
]


@dataclass(frozen=True)
class RomFormat:
    """One file format.

    Attributes:
        key: Name of the format in `FORMATS` and in the index.
        vendor: Whose tools read it; also the folder its files go to.
        suffix: File name suffix, with the dot.
        formatter: Writes an image as text.
        parser: Reads such text; raises InputError.
        max_width: Widest word the format takes, in bits.
        max_depth: Most words the format takes.
    """

    key: str
    vendor: str
    suffix: str
    formatter: Callable[[RomImage], str]
    parser: Callable[[str], ParsedRom]
    max_width: int = MAX_WIDTH
    max_depth: int = MAX_DEPTH

    def path(self, name: str) -> str:
        """The file's path inside an exported folder, with forward slashes."""
        return f"{self.vendor}/{name}{self.suffix}"

    def fits(self, rom: RomImage) -> bool:
        """Tell whether the format can hold `rom`."""
        return rom.width <= self.max_width and rom.depth <= self.max_depth


FORMATS: dict[str, RomFormat] = {
    entry.key: entry
    for entry in (
        RomFormat("readmemh", "verilog", ".hex", format_readmemh, parse_readmemh),
        RomFormat("xilinx_coe", "xilinx", ".coe", format_xilinx_coe, parse_xilinx_coe),
        RomFormat("xilinx_mif", "xilinx", ".mif", format_xilinx_mif, parse_xilinx_mif),
        RomFormat("intel_mif", "intel", ".mif", format_intel_mif, parse_intel_mif),
        RomFormat(
            "lattice_mem",
            "lattice",
            ".mem",
            format_lattice_mem,
            parse_lattice_mem,
            LATTICE_MAX_WIDTH,
            LATTICE_MAX_DEPTH,
        ),
        RomFormat("gowin_mi", "gowin", ".mi", format_gowin_mi, parse_gowin_mi),
    )
}
"""Every format by its key, in the order files are listed in an index."""

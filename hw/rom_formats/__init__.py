"""Read-only memory images and the initialisation files FPGA tools read them from.

A `RomImage` holds the words of one lookup table. Each format has a `format_*` function that writes
an image as text and a `parse_*` function that reads such text back; `FORMATS` lists the pairs.
`export_roms` writes a folder of files with an index, and `verify_roms` checks such a folder.

Word 0 is the word at address 0, and the leftmost digit of a written word holds its highest bits.

The same file suffix means different things to different vendors: a Xilinx `.mif` is bare binary
text while an Intel `.mif` is a small language, and a Lattice `.mem` has a `#Format` header while
a Xilinx `.mem` (UG1580, "Memory Files") is `@address` text, which this module does not write.
Every vendor therefore has a folder of its own.
"""

from __future__ import annotations

from lutscale.hw.rom_formats.export import INDEX_NAME, export_roms, verify_roms
from lutscale.hw.rom_formats.formats import FORMATS, RomFormat
from lutscale.hw.rom_formats.gowin import format_gowin_mi, parse_gowin_mi
from lutscale.hw.rom_formats.image import ParsedRom, RomImage, format_readmemh, parse_readmemh
from lutscale.hw.rom_formats.intel import format_intel_mif, parse_intel_mif
from lutscale.hw.rom_formats.lattice import format_lattice_mem, parse_lattice_mem
from lutscale.hw.rom_formats.text import MAX_DEPTH, MAX_WIDTH
from lutscale.hw.rom_formats.xilinx import (
    format_xilinx_coe,
    format_xilinx_mif,
    parse_xilinx_coe,
    parse_xilinx_mif,
)

__all__ = [
    "FORMATS",
    "INDEX_NAME",
    "MAX_DEPTH",
    "MAX_WIDTH",
    "ParsedRom",
    "RomFormat",
    "RomImage",
    "export_roms",
    "format_gowin_mi",
    "format_intel_mif",
    "format_lattice_mem",
    "format_readmemh",
    "format_xilinx_coe",
    "format_xilinx_mif",
    "parse_gowin_mi",
    "parse_intel_mif",
    "parse_lattice_mem",
    "parse_readmemh",
    "parse_xilinx_coe",
    "parse_xilinx_mif",
    "verify_roms",
]

"""Lattice .mem."""

from __future__ import annotations

import re

from lutscale.golden.errors import InputError
from lutscale.hw.rom_formats.image import ParsedRom, RomImage, hex_lines
from lutscale.hw.rom_formats.text import (
    hash_header,
    hash_radix,
    last_line,
    numbered_lines,
    parse_count,
    word_lines,
    wrong,
)

__all__ = [
    "format_lattice_mem",
    "parse_lattice_mem",
]

LATTICE_MAX_WIDTH = 256
LATTICE_MAX_DEPTH = 65536


def format_lattice_mem(rom: RomImage) -> str:
    """Write `rom` as a Lattice memory initialisation file in its Hex format.

    Source: Lattice Diamond Help, "Memory Initialization File Format", as restated in SRecord's
    srec_mem(5) manual. The radix lines (3 is hexadecimal) say how Lattice's memory editor shows
    the file.

    Raises:
        InputError: `rom` is wider than 256 bits or deeper than 65536 words, the format's limits.
    """
    if rom.width > LATTICE_MAX_WIDTH or rom.depth > LATTICE_MAX_DEPTH:
        raise InputError(
            f"a Lattice .mem file must be at most {LATTICE_MAX_WIDTH} bits wide and "
            f"{LATTICE_MAX_DEPTH} words deep, not {rom.width} and {rom.depth}"
        )
    header = f"#Format=Hex\n#Depth={rom.depth}\n#Width={rom.width}\n#AddrRadix=3\n#DataRadix=3\n"
    return f"{header}#Data\n{hex_lines(rom)}"


def parse_lattice_mem(text: str) -> ParsedRom:
    """Read a Lattice memory initialisation file in its Hex or Bin format.

    After the header, `#` and `//` start comments. Lattice fills words left out with zero; here
    they count as a file cut short. AddrHex files and the `@address` text that Xilinx also calls
    `.mem` are refused. Source: as `format_lattice_mem`.

    Raises:
        InputError: The text is malformed or its words are not as many as `#Depth` states; the
            message names the line.
    """
    lines = numbered_lines(text)
    header = hash_header(lines, ("Format", "Depth", "Width", "AddrRadix", "DataRadix"))
    for key in ("AddrRadix", "DataRadix"):
        if header[key][1] not in ("0", "1", "2", "3"):
            raise wrong(header[key][0], f"#{key}", "0, 1, 2 or 3", header[key][1])
    line, data = next(lines, (header["DataRadix"][0], ""))
    if data.strip() != "#Data":
        raise wrong(line, "end of the header", "#Data", data.strip())
    radix = hash_radix(*header["Format"], "#Format")
    width = parse_count(*header["Width"], "#Width", LATTICE_MAX_WIDTH)
    depth = parse_count(*header["Depth"], "#Depth", LATTICE_MAX_DEPTH)
    bare = ((line, re.split("#|//", content, maxsplit=1)[0]) for line, content in lines)
    return ParsedRom(width, word_lines(bare, radix, width, depth, last_line(text)))

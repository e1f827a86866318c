"""Gowin .mi."""

from __future__ import annotations

from lutscale.hw.rom_formats.image import ParsedRom, RomImage, hex_lines
from lutscale.hw.rom_formats.text import (
    MAX_DEPTH,
    MAX_WIDTH,
    hash_header,
    hash_radix,
    last_line,
    numbered_lines,
    parse_count,
    word_lines,
)

__all__ = [
    "format_gowin_mi",
    "parse_gowin_mi",
]


def format_gowin_mi(rom: RomImage) -> str:
    """Write `rom` as a Gowin memory initialisation file in its Hex format.

    Source: files that Gowin's IP generator reads in public projects, such as
    `resource/palette.mi` of github.com/bearice/tiny_mcu, named by the `-init_file` line of its
    generator settings. Gowin's own description was not at hand, so its limits are not checked.
    """
    header = f"#File_format=Hex\n#Address_depth={rom.depth}\n#Data_width={rom.width}\n"
    return header + hex_lines(rom)


def parse_gowin_mi(text: str) -> ParsedRom:
    """Read a Gowin memory initialisation file in its Hex or Bin format.

    AddrHex files are refused, and so are comments, whose syntax has no source at hand.
    Source: as `format_gowin_mi`.

    Raises:
        InputError: The text is malformed or its words are not as many as `#Address_depth` states;
            the message names the line.
    """
    lines = numbered_lines(text)
    header = hash_header(lines, ("File_format", "Address_depth", "Data_width"))
    radix = hash_radix(*header["File_format"], "#File_format")
    depth = parse_count(*header["Address_depth"], "#Address_depth", MAX_DEPTH)
    width = parse_count(*header["Data_width"], "#Data_width", MAX_WIDTH)
    return ParsedRom(width, word_lines(lines, radix, width, depth, last_line(text)))

"""Xilinx .coe and .mif."""

from __future__ import annotations

from collections.abc import Iterator

from lutscale.golden.errors import InputError
from lutscale.hw.rom_formats.image import ParsedRom, RomImage
from lutscale.hw.rom_formats.text import (
    DIGITS,
    MAX_WIDTH,
    all_words,
    hex_word,
    last_line,
    numbered_lines,
    parse_number,
    wrong,
)

__all__ = [
    "format_xilinx_coe",
    "format_xilinx_mif",
    "parse_xilinx_coe",
    "parse_xilinx_mif",
]


def format_xilinx_coe(rom: RomImage) -> str:
    """Write `rom` as a Xilinx coefficient file with hexadecimal values.

    Source: AMD UG896 (Vivado, Designing with IP), "COE File Syntax" and "COE File Examples".
    """
    vector = ",\n".join(hex_word(word, rom.width) for word in rom.words)
    return f"memory_initialization_radix=16;\nmemory_initialization_vector=\n{vector};\n"


def parse_xilinx_coe(text: str) -> ParsedRom:
    """Read a Xilinx coefficient file of radix 2, 10 or 16.

    Keywords may be in either case, values may be separated by commas or white space, and what
    follows a semicolon on its line is a comment, all as UG896 ("COE File Syntax") has it. The
    width is not stated, so it is None.

    Raises:
        InputError: The text is malformed; the message names the line. A file cut short lacks the
            last semicolon.
    """
    radix = 0
    for line, keyword, pieces in _coe_statements(text):
        if keyword == "memory_initialization_radix" and not radix:
            value = " ".join(piece for _, piece in pieces).strip()
            if value not in ("2", "10", "16"):
                raise wrong(line, "radix", "2, 10 or 16", value)
            radix = int(value)
        elif keyword == "memory_initialization_vector" and radix:
            words = _coe_words(pieces, radix)
            _refuse_more(text, pieces[-1][0])
            return ParsedRom(None, words)
        else:
            right = "memory_initialization_" + ("vector" if radix else "radix")
            raise wrong(line, "keyword", right, keyword)
    missing = "vector" if radix else "radix"
    raise InputError(f"line {last_line(text)}: memory_initialization_{missing}=...; must follow")


def _coe_statements(text: str) -> Iterator[tuple[int, str, list[tuple[int, str]]]]:
    """Yield each `keyword = value ;` as its line, lower-case keyword and value lines."""
    pieces: list[tuple[int, str]] = []
    line = 1
    for line, content in numbered_lines(text):
        value, semicolon, _ = content.partition(";")
        if value.strip():
            pieces.append((line, value))
        if semicolon and pieces:
            # A lone semicolon may close the vector, so the statement ends where it stands.
            pieces.append((line, ""))
            first, opening = pieces[0]
            keyword, equals, rest = opening.partition("=")
            if not equals:
                raise wrong(first, "statement", "keyword=value;", opening.strip())
            yield first, keyword.strip().lower(), [(first, rest), *pieces[1:]]
            pieces = []
    if pieces:
        raise InputError(f"line {line}: statement must end in ';', but the file ends")


def _coe_words(pieces: list[tuple[int, str]], radix: int) -> tuple[int, ...]:
    words: list[int] = []
    separated = True
    for line, piece in pieces:
        for token in piece.replace(",", " , ").split():
            if token != ",":
                words.append(parse_number(token, radix, line, "word"))
            elif separated:
                raise wrong(line, "word", DIGITS[radix][1], token)
            separated = token == ","
    if words and separated:
        raise InputError(f"line {pieces[-1][0]}: a word must follow the last comma, not ';'")
    return all_words(words, pieces[-1][0])


def _refuse_more(text: str, after: int) -> None:
    """Refuse anything but comments below line `after`."""
    for line, content in numbered_lines(text):
        if line > after and content.partition(";")[0].strip():
            raise wrong(line, "text after the vector", "a comment", content.strip())


def format_xilinx_mif(rom: RomImage) -> str:
    """Write `rom` as a Xilinx memory file: one line a word, exactly `rom.width` binary digits.

    Source: AMD UG896 (Vivado, Designing with IP), "MIF File Description". It shares nothing but
    its suffix with the Intel format.
    """
    return "".join(f"{word:0{rom.width}b}\n" for word in rom.words)


def parse_xilinx_mif(text: str) -> ParsedRom:
    """Read a Xilinx memory file; the width is the length of its lines.

    Source: as `format_xilinx_mif`.

    Raises:
        InputError: The text is malformed or its lines differ in length; the message names the line.
    """
    words: list[int] = []
    width = 0
    line = 1
    for line, content in numbered_lines(text.rstrip()):
        word = content.strip()
        width = width or len(word)
        if width > MAX_WIDTH:
            raise wrong(line, "word", f"at most {MAX_WIDTH} binary digits", word)
        if len(word) != width:
            raise wrong(line, "word", f"{width} binary digits as on line 1", word)
        words.append(parse_number(word, 2, line, "word"))
    return ParsedRom(width, all_words(words, line))

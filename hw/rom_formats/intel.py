"""Intel .mif."""

from __future__ import annotations

import re

from lutscale.golden.errors import InputError
from lutscale.hw.rom_formats.image import ParsedRom, RomImage
from lutscale.hw.rom_formats.text import (
    MAX_DEPTH,
    MAX_WIDTH,
    hex_word,
    numbered_lines,
    parse_count,
    parse_number,
    without_comments,
    wrong,
)

__all__ = [
    "format_intel_mif",
    "parse_intel_mif",
]


def format_intel_mif(rom: RomImage) -> str:
    """Write `rom` as an Intel (Altera) Quartus memory initialisation file.

    Source: Intel Quartus Prime Help, "Memory Initialization File (.mif) Definition".
    """
    digits = len(f"{rom.depth - 1:X}")
    content = "".join(
        f"{address:0{digits}X} : {hex_word(word, rom.width)};\n"
        for address, word in enumerate(rom.words)
    )
    return (
        f"WIDTH={rom.width};\nDEPTH={rom.depth};\nADDRESS_RADIX=HEX;\nDATA_RADIX=HEX;\n"
        f"CONTENT BEGIN\n{content}END;\n"
    )


def parse_intel_mif(text: str) -> ParsedRom:
    """Read an Intel Quartus memory initialisation file.

    Takes `--` and `%...%` comments, the radixes BIN, OCT, HEX, DEC (signed data as two's
    complement) and UNS (HEX where none is given), `address : word;`, several words from one
    address on, and `[first..last] : word;`. Source: as `format_intel_mif`.

    Raises:
        InputError: The text is malformed, an address is given twice, or one is missing (as in a
            file cut short); the message names the line.
    """
    tokens = _MifTokens(text)
    header = tokens.header()
    width = parse_count(*header["width"], "WIDTH", MAX_WIDTH)
    depth = parse_count(*header["depth"], "DEPTH", MAX_DEPTH)
    memory = _mif_content(
        tokens,
        width,
        depth,
        _mif_radix(*header.get("address_radix", (1, "HEX"))),
        _mif_radix(*header.get("data_radix", (1, "HEX"))),
    )
    if len(memory) != depth:
        gap = next(address for address in range(depth) if address not in memory)
        raise InputError(
            f"line {tokens.line}: address {gap:#x} must have a word, as DEPTH is {depth}, "
            f"not be missing (found {len(memory)} words)"
        )
    return ParsedRom(width, tuple(memory[address] for address in range(depth)))


_MIF_RADIXES = {"BIN": 2, "OCT": 8, "HEX": 16, "UNS": 10, "DEC": -10}


_MIF_KEYWORDS = ("width", "depth", "address_radix", "data_radix")


class _MifTokens:
    """The tokens of an Intel memory file, with the line each is on."""

    def __init__(self, text: str) -> None:
        bare = without_comments(text, r"%.*?%|--[^\n]*", "%")
        self._tokens: list[tuple[int, str]] = [
            (line, token)
            for line, content in numbered_lines(bare)
            for token in re.findall(r"\.\.|[\[\]:;=.]|[^\s\[\]:;=.]+", content)
        ]
        self._next = 0
        self.line = 1

    def take(self, *wanted: str) -> str:
        """The next token, which must be one of `wanted` where any is named."""
        right = " or ".join(repr(word) for word in wanted) or "more"
        if self._next == len(self._tokens):
            raise InputError(f"line {self.line}: {right} must follow, but the file ends")
        self.line, token = self._tokens[self._next]
        self._next += 1
        if wanted and token.upper() not in wanted:
            raise wrong(self.line, "text here", right, token)
        return token

    def header(self) -> dict[str, tuple[int, str]]:
        """Read up to `CONTENT BEGIN`: each lower-case keyword's line and value."""
        values: dict[str, tuple[int, str]] = {}
        while (keyword := self.take().lower()) != "content":
            if keyword not in _MIF_KEYWORDS or keyword in values:
                unused = [name.upper() for name in _MIF_KEYWORDS if name not in values]
                raise wrong(self.line, "keyword", " or ".join([*unused, "CONTENT"]), keyword)
            self.take("=")
            value = self.take()
            values[keyword] = (self.line, value)
            self.take(";")
        for keyword in ("width", "depth"):
            if keyword not in values:
                raise InputError(f"line {self.line}: {keyword.upper()}=...; must precede CONTENT")
        self.take("BEGIN")
        return values

    def end(self) -> None:
        """Refuse anything after `END;`."""
        self.take(";")
        if self._next != len(self._tokens):
            token = self.take()
            raise wrong(self.line, "text after END;", "a comment", token)


def _mif_radix(line: int, name: str) -> int:
    if name.upper() not in _MIF_RADIXES:
        raise wrong(line, "radix", ", ".join(_MIF_RADIXES), name)
    return _MIF_RADIXES[name.upper()]


def _mif_content(
    tokens: _MifTokens, width: int, depth: int, address_radix: int, data_radix: int
) -> dict[int, int]:
    """Read from after `CONTENT BEGIN` to the end: the word at each address given."""
    memory: dict[int, int] = {}

    def address(token: str) -> int:
        value = parse_number(token, abs(address_radix), tokens.line, "address")
        if value >= depth:
            raise wrong(tokens.line, "address", f"below DEPTH, {depth}", token)
        return value

    while (token := tokens.take()).upper() != "END":
        last = None
        if token == "[":
            first = address(tokens.take())
            tokens.take("..")
            last = address(tokens.take())
            tokens.take("]")
        else:
            first = address(token)
        tokens.take(":")
        words = [_mif_word(tokens.take(), width, data_radix, tokens.line)]
        while (token := tokens.take()) != ";":
            words.append(_mif_word(token, width, data_radix, tokens.line))
        if last is not None:
            if len(words) != 1 or last < first:
                raise InputError(f"line {tokens.line}: a range must rise and have one word")
            words *= last - first + 1
        for place, word in enumerate(words, first):
            if place >= depth or place in memory:
                right = "given once" if place in memory else f"below DEPTH, {depth}"
                raise wrong(tokens.line, "address", right, hex(place))
            memory[place] = word
    tokens.end()
    return memory


def _mif_word(token: str, width: int, radix: int, line: int) -> int:
    if radix > 0 or not token.startswith("-"):
        return parse_number(token, abs(radix), line, "word", width)
    magnitude = parse_number(token[1:], 10, line, "word")
    if magnitude > 1 << (width - 1):
        raise wrong(line, "word", f"at least -2**{width - 1}", token)
    return -magnitude % (1 << width)

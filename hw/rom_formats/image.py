"""A read-only memory image, and its canonical text, that of `$readmemh`."""

from __future__ import annotations

import hashlib
import re
import reprlib
from dataclasses import dataclass

from lutscale.hw.rom_formats.text import (
    MAX_DEPTH,
    MAX_WIDTH,
    all_words,
    hex_digits,
    hex_word,
    is_int,
    numbered_lines,
    parse_number,
    without_comments,
)

__all__ = [
    "ParsedRom",
    "RomImage",
    "format_readmemh",
    "parse_readmemh",
]

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")


@dataclass(frozen=True)
class RomImage:
    """The contents of one read-only memory.

    Attributes:
        name: File stem and Verilog name: a letter or underscore, then letters, digits and
            underscores, 200 characters at most.
        layer: The network layer the table belongs to; free text.
        width: Bits per word, 1 to `MAX_WIDTH`.
        words: Shape (depth,): the unsigned word at each address, 1 to `MAX_DEPTH` of them, each
            below 2**width.

    Raises:
        TypeError: A field has the wrong type.
        ValueError: A field is out of range.
    """

    name: str
    layer: str
    width: int
    words: tuple[int, ...]

    def __post_init__(self) -> None:
        for field in ("name", "layer"):
            if not isinstance(getattr(self, field), str):
                raise TypeError(f"{field} must be a str, not {getattr(self, field)!r}")
        if not NAME.fullmatch(self.name):
            raise ValueError(
                "name must be 1 to 200 letters, digits and underscores, not starting with a digit, "
                f"not {reprlib.repr(self.name)}"
            )
        if not is_int(self.width):
            raise TypeError(f"width must be an int, not {self.width!r}")
        if not 1 <= self.width <= MAX_WIDTH:
            raise ValueError(f"width must be 1 to {MAX_WIDTH} bits, not {self.width}")
        if not isinstance(self.words, tuple):
            raise TypeError(f"words must be a tuple of int, not {type(self.words).__name__}")
        if not 1 <= len(self.words) <= MAX_DEPTH:
            raise ValueError(f"words must hold 1 to {MAX_DEPTH} words, not {len(self.words)}")
        for address, word in enumerate(self.words):
            if not is_int(word):
                raise TypeError(f"words[{address}] must be an int, not {word!r}")
            if word < 0 or word >> self.width:
                raise ValueError(
                    f"words[{address}] must be 0 to 2**{self.width} - 1, not {hex(word)}"
                )

    @property
    def depth(self) -> int:
        """Number of words."""
        return len(self.words)

    @property
    def sha256(self) -> str:
        """SHA-256 of the `format_readmemh` text, as 64 lower-case hexadecimal digits.

        It depends on `width` and `words` only, so a renamed table keeps its hash.
        """
        return hashlib.sha256(format_readmemh(self).encode("ascii")).hexdigest()


@dataclass(frozen=True)
class ParsedRom:
    """What a parser read.

    Attributes:
        width: Bits per word, or None where the format does not state it.
        words: Shape (depth,): the unsigned word at each address.
    """

    width: int | None
    words: tuple[int, ...]


def format_readmemh(rom: RomImage) -> str:
    """Write `rom` for Verilog's `$readmemh`: one zero-padded lower-case word a line.

    Neither addresses nor comments are written, so that every tool that reads memory files takes
    the text. Source: IEEE Std 1364-2005, 17.2.9, restated in SRecord's srec_vmem(5) manual.
    """
    return "".join(f"{word:0{hex_digits(rom.width)}x}\n" for word in rom.words)


def parse_readmemh(text: str) -> ParsedRom:
    """Read `$readmemh` text: hexadecimal words between white space and comments.

    `@address` marks and the unknown digits x and z are refused: a table has every word, in order.
    The width is not stated, so it is None.

    Raises:
        InputError: The text is malformed; the message names the line.
    """
    bare = without_comments(text, r"/\*.*?\*/|//[^\n]*", "/*")
    words: list[int] = []
    line = 1
    for line, content in numbered_lines(bare):
        for token in content.split():
            digits = token.replace("_", "") if token[0] != "_" else token
            words.append(parse_number(digits, 16, line, "word"))
    return ParsedRom(None, all_words(words, line))


def hex_lines(rom: RomImage) -> str:
    return "".join(f"{hex_word(word, rom.width)}\n" for word in rom.words)

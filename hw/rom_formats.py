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

import hashlib
import json
import re
import reprlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from golden.errors import InputError

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

MAX_WIDTH = 4096
"""Widest word, in bits."""

MAX_DEPTH = 1 << 24
"""Most words in one image; it also bounds what a parser allocates for a stated depth."""

INDEX_NAME = "index.json"
"""Name of the index file in an exported folder."""

_LATTICE_MAX_WIDTH = 256
_LATTICE_MAX_DEPTH = 65536
_INDEX_FORMAT = "lutscale-roms"
_INDEX_VERSION = 1
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DIGITS = {
    2: (re.compile(r"[01]+"), "binary digits"),
    8: (re.compile(r"[0-7]+"), "octal digits"),
    10: (re.compile(r"[0-9]+"), "decimal digits"),
    16: (re.compile(r"[0-9A-Fa-f]+"), "hexadecimal digits"),
}

_Lines = Iterator[tuple[int, str]]


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
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                "name must be 1 to 200 letters, digits and underscores, not starting with a digit, "
                f"not {reprlib.repr(self.name)}"
            )
        if not _is_int(self.width):
            raise TypeError(f"width must be an int, not {self.width!r}")
        if not 1 <= self.width <= MAX_WIDTH:
            raise ValueError(f"width must be 1 to {MAX_WIDTH} bits, not {self.width}")
        if not isinstance(self.words, tuple):
            raise TypeError(f"words must be a tuple of int, not {type(self.words).__name__}")
        if not 1 <= len(self.words) <= MAX_DEPTH:
            raise ValueError(f"words must hold 1 to {MAX_DEPTH} words, not {len(self.words)}")
        for address, word in enumerate(self.words):
            if not _is_int(word):
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
        """Return the file's path inside an exported folder, with forward slashes."""
        return f"{self.vendor}/{name}{self.suffix}"

    def fits(self, rom: RomImage) -> bool:
        """Tell whether the format can hold `rom`."""
        return rom.width <= self.max_width and rom.depth <= self.max_depth


def format_readmemh(rom: RomImage) -> str:
    """Write `rom` for Verilog's `$readmemh`: one zero-padded lower-case word a line.

    Neither addresses nor comments are written, so that every tool that reads memory files takes
    the text. Source: IEEE Std 1364-2005, 17.2.9, restated in SRecord's srec_vmem(5) manual.
    """
    return "".join(f"{word:0{_hex_digits(rom.width)}x}\n" for word in rom.words)


def parse_readmemh(text: str) -> ParsedRom:
    """Read `$readmemh` text: hexadecimal words between white space and comments.

    `@address` marks and the unknown digits x and z are refused: a table has every word, in order.
    The width is not stated, so it is None.

    Raises:
        InputError: The text is malformed; the message names the line.
    """
    bare = _without_comments(text, r"/\*.*?\*/|//[^\n]*", "/*")
    words: list[int] = []
    line = 1
    for line, content in _numbered(bare):
        for token in content.split():
            digits = token.replace("_", "") if token[0] != "_" else token
            words.append(_value(digits, 16, line, "word"))
    return ParsedRom(None, _whole(words, line))


def format_xilinx_coe(rom: RomImage) -> str:
    """Write `rom` as a Xilinx coefficient file with hexadecimal values.

    Source: AMD UG896 (Vivado, Designing with IP), "COE File Syntax" and "COE File Examples".
    """
    vector = ",\n".join(_hex(word, rom.width) for word in rom.words)
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
                raise _wrong(line, "radix", "2, 10 or 16", value)
            radix = int(value)
        elif keyword == "memory_initialization_vector" and radix:
            words = _coe_words(pieces, radix)
            _refuse_more(text, pieces[-1][0])
            return ParsedRom(None, words)
        else:
            right = "memory_initialization_" + ("vector" if radix else "radix")
            raise _wrong(line, "keyword", right, keyword)
    missing = "vector" if radix else "radix"
    raise InputError(f"line {_last_line(text)}: memory_initialization_{missing}=...; must follow")


def _coe_statements(text: str) -> Iterator[tuple[int, str, list[tuple[int, str]]]]:
    """Yield each `keyword = value ;` as its line, lower-case keyword and value lines."""
    pieces: list[tuple[int, str]] = []
    line = 1
    for line, content in _numbered(text):
        value, semicolon, _ = content.partition(";")
        if value.strip():
            pieces.append((line, value))
        if semicolon and pieces:
            # A lone semicolon may close the vector, so the statement ends where it stands.
            pieces.append((line, ""))
            first, opening = pieces[0]
            keyword, equals, rest = opening.partition("=")
            if not equals:
                raise _wrong(first, "statement", "keyword=value;", opening.strip())
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
                words.append(_value(token, radix, line, "word"))
            elif separated:
                raise _wrong(line, "word", _DIGITS[radix][1], token)
            separated = token == ","
    if words and separated:
        raise InputError(f"line {pieces[-1][0]}: a word must follow the last comma, not ';'")
    return _whole(words, pieces[-1][0])


def _refuse_more(text: str, after: int) -> None:
    """Refuse anything but comments below line `after`."""
    for line, content in _numbered(text):
        if line > after and content.partition(";")[0].strip():
            raise _wrong(line, "text after the vector", "a comment", content.strip())


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
    for line, content in _numbered(text.rstrip()):
        word = content.strip()
        width = width or len(word)
        if width > MAX_WIDTH:
            raise _wrong(line, "word", f"at most {MAX_WIDTH} binary digits", word)
        if len(word) != width:
            raise _wrong(line, "word", f"{width} binary digits as on line 1", word)
        words.append(_value(word, 2, line, "word"))
    return ParsedRom(width, _whole(words, line))


def format_intel_mif(rom: RomImage) -> str:
    """Write `rom` as an Intel (Altera) Quartus memory initialisation file.

    Source: Intel Quartus Prime Help, "Memory Initialization File (.mif) Definition".
    """
    digits = len(f"{rom.depth - 1:X}")
    content = "".join(
        f"{address:0{digits}X} : {_hex(word, rom.width)};\n"
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
    width = _number(*header["width"], "WIDTH", MAX_WIDTH)
    depth = _number(*header["depth"], "DEPTH", MAX_DEPTH)
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
        bare = _without_comments(text, r"%.*?%|--[^\n]*", "%")
        self._tokens: list[tuple[int, str]] = [
            (line, token)
            for line, content in _numbered(bare)
            for token in re.findall(r"\.\.|[\[\]:;=.]|[^\s\[\]:;=.]+", content)
        ]
        self._next = 0
        self.line = 1

    def take(self, *wanted: str) -> str:
        """Return the next token, which must be one of `wanted` where any is named."""
        right = " or ".join(repr(word) for word in wanted) or "more"
        if self._next == len(self._tokens):
            raise InputError(f"line {self.line}: {right} must follow, but the file ends")
        self.line, token = self._tokens[self._next]
        self._next += 1
        if wanted and token.upper() not in wanted:
            raise _wrong(self.line, "text here", right, token)
        return token

    def header(self) -> dict[str, tuple[int, str]]:
        """Read up to `CONTENT BEGIN`: each lower-case keyword's line and value."""
        values: dict[str, tuple[int, str]] = {}
        while (keyword := self.take().lower()) != "content":
            if keyword not in _MIF_KEYWORDS or keyword in values:
                unused = [name.upper() for name in _MIF_KEYWORDS if name not in values]
                raise _wrong(self.line, "keyword", " or ".join([*unused, "CONTENT"]), keyword)
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
            raise _wrong(self.line, "text after END;", "a comment", token)


def _mif_radix(line: int, name: str) -> int:
    if name.upper() not in _MIF_RADIXES:
        raise _wrong(line, "radix", ", ".join(_MIF_RADIXES), name)
    return _MIF_RADIXES[name.upper()]


def _mif_content(
    tokens: _MifTokens, width: int, depth: int, address_radix: int, data_radix: int
) -> dict[int, int]:
    """Read from after `CONTENT BEGIN` to the end: the word at each address given."""
    memory: dict[int, int] = {}

    def address(token: str) -> int:
        value = _value(token, abs(address_radix), tokens.line, "address")
        if value >= depth:
            raise _wrong(tokens.line, "address", f"below DEPTH, {depth}", token)
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
                raise _wrong(tokens.line, "address", right, hex(place))
            memory[place] = word
    tokens.end()
    return memory


def _mif_word(token: str, width: int, radix: int, line: int) -> int:
    if radix > 0 or not token.startswith("-"):
        return _value(token, abs(radix), line, "word", width)
    magnitude = _value(token[1:], 10, line, "word")
    if magnitude > 1 << (width - 1):
        raise _wrong(line, "word", f"at least -2**{width - 1}", token)
    return -magnitude % (1 << width)


def format_lattice_mem(rom: RomImage) -> str:
    """Write `rom` as a Lattice memory initialisation file in its Hex format.

    Source: Lattice Diamond Help, "Memory Initialization File Format", as restated in SRecord's
    srec_mem(5) manual. The radix lines (3 is hexadecimal) say how Lattice's memory editor shows
    the file.

    Raises:
        InputError: `rom` is wider than 256 bits or deeper than 65536 words, the format's limits.
    """
    if rom.width > _LATTICE_MAX_WIDTH or rom.depth > _LATTICE_MAX_DEPTH:
        raise InputError(
            f"a Lattice .mem file must be at most {_LATTICE_MAX_WIDTH} bits wide and "
            f"{_LATTICE_MAX_DEPTH} words deep, not {rom.width} and {rom.depth}"
        )
    header = f"#Format=Hex\n#Depth={rom.depth}\n#Width={rom.width}\n#AddrRadix=3\n#DataRadix=3\n"
    return f"{header}#Data\n{_hex_lines(rom)}"


def parse_lattice_mem(text: str) -> ParsedRom:
    """Read a Lattice memory initialisation file in its Hex or Bin format.

    After the header, `#` and `//` start comments. Lattice fills words left out with zero; here
    they count as a file cut short. AddrHex files and the `@address` text that Xilinx also calls
    `.mem` are refused. Source: as `format_lattice_mem`.

    Raises:
        InputError: The text is malformed or its words are not as many as `#Depth` states; the
            message names the line.
    """
    lines = _numbered(text)
    header = _hash_header(lines, ("Format", "Depth", "Width", "AddrRadix", "DataRadix"))
    for key in ("AddrRadix", "DataRadix"):
        if header[key][1] not in ("0", "1", "2", "3"):
            raise _wrong(header[key][0], f"#{key}", "0, 1, 2 or 3", header[key][1])
    line, data = next(lines, (header["DataRadix"][0], ""))
    if data.strip() != "#Data":
        raise _wrong(line, "end of the header", "#Data", data.strip())
    radix = _hash_radix(*header["Format"], "#Format")
    width = _number(*header["Width"], "#Width", _LATTICE_MAX_WIDTH)
    depth = _number(*header["Depth"], "#Depth", _LATTICE_MAX_DEPTH)
    bare = ((line, re.split("#|//", content, maxsplit=1)[0]) for line, content in lines)
    return ParsedRom(width, _word_lines(bare, radix, width, depth, _last_line(text)))


def format_gowin_mi(rom: RomImage) -> str:
    """Write `rom` as a Gowin memory initialisation file in its Hex format.

    Source: files that Gowin's IP generator reads in public projects, such as
    `resource/palette.mi` of github.com/bearice/tiny_mcu, named by the `-init_file` line of its
    generator settings. Gowin's own description was not at hand, so its limits are not checked.
    """
    header = f"#File_format=Hex\n#Address_depth={rom.depth}\n#Data_width={rom.width}\n"
    return header + _hex_lines(rom)


def parse_gowin_mi(text: str) -> ParsedRom:
    """Read a Gowin memory initialisation file in its Hex or Bin format.

    AddrHex files are refused, and so are comments, whose syntax has no source at hand.
    Source: as `format_gowin_mi`.

    Raises:
        InputError: The text is malformed or its words are not as many as `#Address_depth` states;
            the message names the line.
    """
    lines = _numbered(text)
    header = _hash_header(lines, ("File_format", "Address_depth", "Data_width"))
    radix = _hash_radix(*header["File_format"], "#File_format")
    depth = _number(*header["Address_depth"], "#Address_depth", MAX_DEPTH)
    width = _number(*header["Data_width"], "#Data_width", MAX_WIDTH)
    return ParsedRom(width, _word_lines(lines, radix, width, depth, _last_line(text)))


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
            _LATTICE_MAX_WIDTH,
            _LATTICE_MAX_DEPTH,
        ),
        RomFormat("gowin_mi", "gowin", ".mi", format_gowin_mi, parse_gowin_mi),
    )
}
"""Every format by its key, in the order files are listed in an index."""


def export_roms(
    roms: Sequence[RomImage], out: Path, formats: Iterable[str] | None = None
) -> dict[str, Any]:
    """Write `roms` and an index to the folder `out`, all of it or nothing.

    The files are written beside `out` and then moved into place. An `out` that holds an index
    written earlier is replaced whole, along with anything else put in it. The same arguments
    always give the same bytes.

    Args:
        roms: The images, at least one; their names differ in more than case.
        out: The folder to write; folders above it are made.
        formats: Keys of `FORMATS`. By default each image is written in every format that can hold
            it.

    Returns:
        The contents of `index.json`: "format", "version" and "roms", each ROM with "name",
        "layer", "depth", "width" (bits), "sha256" and "files", a path within `out` by format key.

    Raises:
        InputError: `out` holds something else, a format is unknown, or a format that was asked
            for cannot hold an image.
        ValueError: `roms` is empty or two names clash.
    """
    keys = _chosen(formats)
    names = [rom.name for rom in roms]
    if not names:
        raise ValueError("roms must hold at least one image, not none")
    # File systems that ignore case would merge names that differ only in it.
    if len({name.lower() for name in names}) != len(names):
        clash = next(n for i, n in enumerate(names) if n.lower() in map(str.lower, names[:i]))
        raise ValueError(f"ROM names must differ in more than case, not repeat {clash!r}")
    target = Path(out).resolve()
    _check_replaceable(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        index = _write_folder(roms, work / "new", keys, skip_unfit=formats is None)
        _swap(work / "new", target, work / "old")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return index


def _chosen(formats: Iterable[str] | None) -> list[str]:
    """Return the keys asked for in the order of `FORMATS`."""
    asked = set(FORMATS) if formats is None else set(formats)
    unknown = sorted(asked - set(FORMATS))
    if unknown or not asked:
        got = ", ".join(map(repr, unknown)) or "none"
        raise InputError(f"formats must be among {', '.join(FORMATS)}, not {got}")
    return [key for key in FORMATS if key in asked]


def _check_replaceable(target: Path) -> None:
    if target.is_dir():
        if any(target.iterdir()):
            try:
                _read_index(target)
            except InputError as error:
                raise InputError(
                    f"{target} must be empty or an earlier export to be replaced: {error}"
                ) from error
    elif target.exists():
        raise InputError(f"{target} must be a folder, not a file")


def _write_folder(
    roms: Sequence[RomImage], folder: Path, keys: list[str], skip_unfit: bool
) -> dict[str, Any]:
    entries: list[dict[str, Any]] = []
    for rom in roms:
        files: dict[str, str] = {}
        for key in keys:
            entry = FORMATS[key]
            if not entry.fits(rom):
                if skip_unfit:
                    continue
                raise InputError(
                    f"ROM {rom.name} must be at most {entry.max_width} bits wide and "
                    f"{entry.max_depth} words deep for {key}, not {rom.width} and {rom.depth}"
                )
            files[key] = entry.path(rom.name)
            path = folder / files[key]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(entry.formatter(rom).encode("ascii"))
        entries.append(
            {
                "name": rom.name,
                "layer": rom.layer,
                "depth": rom.depth,
                "width": rom.width,
                "sha256": rom.sha256,
                "files": files,
            }
        )
    index: dict[str, Any] = {"format": _INDEX_FORMAT, "version": _INDEX_VERSION, "roms": entries}
    (folder / INDEX_NAME).write_bytes((json.dumps(index, indent=2) + "\n").encode("ascii"))
    return index


def _swap(new: Path, target: Path, old: Path) -> None:
    """Move `new` to `target`, and what was there to `old`; on failure put it back."""
    try:
        if target.exists():
            target.rename(old)
        new.rename(target)
    except BaseException:
        # Even an interrupt must not lose the earlier export, as the caller deletes `old`.
        if old.exists() and not target.exists():
            old.rename(target)
        raise


def verify_roms(out: Path) -> None:
    """Check an exported folder: every file present, parsed, equal and as hashed.

    Each file is parsed and its words compared with those that match the index's SHA-256; then its
    text is compared with what would be written now, so that no change at all goes unseen (line
    ends of \\r\\n aside).

    Args:
        out: A folder written by `export_roms`.

    Raises:
        InputError: The index or a file is missing, malformed or altered; the message names the
            file, the address, and the word expected and found where they are known.
    """
    folder = Path(out)
    for entry in _read_index(folder):
        texts = {key: _read_text(folder / path) for key, path in entry["files"].items()}
        images = {key: _read_image(folder, entry, key, text) for key, text in texts.items()}
        good = next((rom for rom in images.values() if rom.sha256 == entry["sha256"]), None)
        if good is None:
            key, rom = next(iter(images.items()))
            raise InputError(
                f"{folder / entry['files'][key]}: contents must have SHA-256 {entry['sha256']}, "
                f"not {rom.sha256}"
            )
        for key, rom in images.items():
            path = folder / entry["files"][key]
            for address, (expected, got) in enumerate(zip(good.words, rom.words, strict=True)):
                if expected != got:
                    raise InputError(
                        f"{path}: word at address {address:#x} must be {expected:#x}, not {got:#x}"
                    )
            _compare_text(path, FORMATS[key].formatter(good), texts[key])


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("ascii").replace("\r\n", "\n")
    except OSError as error:
        raise InputError(f"{path} must be a readable file: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: text must be ASCII at byte {error.start}") from error


def _read_image(folder: Path, entry: dict[str, Any], key: str, text: str) -> RomImage:
    """Parse one file and check its shape against the index."""
    path = folder / entry["files"][key]
    try:
        parsed = FORMATS[key].parser(text)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    width, depth = entry["width"], entry["depth"]
    if parsed.width not in (None, width):
        raise InputError(f"{path}: width must be {width} bits, not {parsed.width}")
    if len(parsed.words) != depth:
        raise InputError(f"{path}: depth must be {depth} words, not {len(parsed.words)}")
    for address, word in enumerate(parsed.words):
        if word >> width:
            raise InputError(
                f"{path}: word at address {address:#x} must be below 2**{width}, not {word:#x}"
            )
    return RomImage(entry["name"], entry["layer"], width, parsed.words)


def _compare_text(path: Path, expected: str, got: str) -> None:
    if expected == got:
        return
    wanted, found = expected.split("\n"), got.split("\n")
    for line, (right, wrong) in enumerate(zip(wanted, found, strict=False), 1):
        if right != wrong:
            raise InputError(f"{path}: " + str(_wrong(line, "text", reprlib.repr(right), wrong)))
    raise InputError(f"{path}: file must have {len(wanted)} lines, not {len(found)}")


def _read_index(folder: Path) -> list[dict[str, Any]]:
    """Return the ROMs of a folder's index, checked down to each field."""
    path = folder / INDEX_NAME
    try:
        index = json.loads(_read_text(path))
    except (ValueError, RecursionError) as error:
        # InputError is a ValueError too, and already says what is wrong.
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} must be JSON: {error}") from error
    if not isinstance(index, dict) or index.get("format") != _INDEX_FORMAT:
        raise InputError(f'{path} must have "format": "{_INDEX_FORMAT}"')
    if index.get("version") != _INDEX_VERSION:
        raise InputError(
            f'{path}: "version" must be {_INDEX_VERSION}, not {index.get("version")!r}'
        )
    roms = index.get("roms")
    if not isinstance(roms, list) or not roms:
        raise InputError(f'{path}: "roms" must be a list of at least one ROM')
    for place, entry in enumerate(roms):
        wrong = _wrong_field(entry)
        if wrong:
            raise InputError(f"{path}: roms[{place}]: {wrong}")
    return roms


def _wrong_field(entry: object) -> str | None:
    """Say what is wrong with one ROM of an index, if anything is."""
    if not isinstance(entry, dict):
        return "entry must be an object"
    name, layer, files = entry.get("name"), entry.get("layer"), entry.get("files")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return f'"name" must be an identifier, not {name!r}'
    if not isinstance(layer, str):
        return f'"layer" must be a string, not {layer!r}'
    for field, most in (("depth", MAX_DEPTH), ("width", MAX_WIDTH)):
        value: Any = entry.get(field)
        if not _is_int(value) or not 1 <= value <= most:
            return f'"{field}" must be 1 to {most}, not {value!r}'
    if not isinstance(entry.get("sha256"), str) or not _SHA256.fullmatch(entry["sha256"]):
        return f'"sha256" must be 64 hexadecimal digits, not {entry.get("sha256")!r}'
    if not isinstance(files, dict) or not files:
        return '"files" must be an object of at least one path'
    for key, path in files.items():
        # Only the path an export gives is followed, so an index cannot point outside its folder.
        if key not in FORMATS or path != FORMATS[key].path(name):
            return f'"files" must give each known format its own path, not {key!r}: {path!r}'
    return None


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _hex_digits(width: int) -> int:
    return (width + 3) // 4


def _hex(word: int, width: int) -> str:
    return f"{word:0{_hex_digits(width)}X}"


def _hex_lines(rom: RomImage) -> str:
    return "".join(f"{_hex(word, rom.width)}\n" for word in rom.words)


def _wrong(line: int, what: str, right: str, got: str) -> InputError:
    return InputError(f"line {line}: {what} must be {right}, not {reprlib.repr(got)}")


def _numbered(text: str) -> _Lines:
    """Yield each line with its number, counted from 1."""
    # str.splitlines would also split at form feeds and such, which no format counts as line ends.
    return enumerate(text.split("\n"), 1)


def _last_line(text: str) -> int:
    return text.rstrip().count("\n") + 1


def _without_comments(text: str, pattern: str, opener: str) -> str:
    """Blank out comments, keeping line numbers; refuse one that is never closed."""
    bare = re.sub(pattern, lambda found: " " + "\n" * found[0].count("\n"), text, flags=re.DOTALL)
    for line, content in _numbered(bare):
        if opener in content:
            raise InputError(f"line {line}: comment must be closed, but the file ends")
    return bare


def _value(token: str, radix: int, line: int, what: str, width: int = MAX_WIDTH) -> int:
    """Read an unsigned number below 2**width."""
    pattern, digits = _DIGITS[radix]
    if not pattern.fullmatch(token):
        raise _wrong(line, what, digits, token)
    significant = token.lstrip("0") or "0"
    # Python refuses to convert longer decimal text, and no word needs it.
    if len(significant) > MAX_WIDTH or int(significant, radix) >> width:
        raise _wrong(line, what, f"below 2**{width}", token)
    return int(significant, radix)


def _number(line: int, token: str, what: str, most: int) -> int:
    value = _value(token, 10, line, what)
    if not 1 <= value <= most:
        raise _wrong(line, what, f"1 to {most}", token)
    return value


def _whole(words: list[int], line: int) -> tuple[int, ...]:
    if not 1 <= len(words) <= MAX_DEPTH:
        raise InputError(f"line {line}: file must hold 1 to {MAX_DEPTH} words, not {len(words)}")
    return tuple(words)


def _hash_header(lines: _Lines, keys: tuple[str, ...]) -> dict[str, tuple[int, str]]:
    """Read `#key=value` lines in the order of `keys`: each key's line and value."""
    values: dict[str, tuple[int, str]] = {}
    line = 1
    for key in keys:
        line, content = next(lines, (line, ""))
        found, equals, value = content.strip().partition("=")
        if found.strip() != f"#{key}" or not equals:
            raise _wrong(line, "header", f"#{key}=...", content.strip())
        values[key] = (line, value.strip())
    return values


def _hash_radix(line: int, name: str, what: str) -> int:
    radixes = {"hex": 16, "bin": 2}
    if name.lower() not in radixes:
        raise _wrong(line, what, "Hex or Bin", name)
    return radixes[name.lower()]


def _word_lines(lines: _Lines, radix: int, width: int, depth: int, last: int) -> tuple[int, ...]:
    """Read one word a line, as many as `depth`; blank lines are skipped."""
    words = [
        _value(word, radix, line, "word", width)
        for line, content in lines
        if (word := content.strip())
    ]
    if len(words) != depth:
        raise InputError(
            f"line {last}: file must hold {depth} words, as its header states, not {len(words)}"
        )
    return tuple(words)

"""Words as text, and the complaints of the parsers."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterator

from lutscale.golden.errors import InputError

__all__ = [
    "DIGITS",
    "MAX_DEPTH",
    "MAX_WIDTH",
    "all_words",
    "hash_header",
    "hash_radix",
    "hex_digits",
    "hex_word",
    "is_int",
    "last_line",
    "numbered_lines",
    "parse_count",
    "parse_number",
    "without_comments",
    "word_lines",
    "wrong",
]

MAX_WIDTH = 4096
"""Widest word, in bits."""


MAX_DEPTH = 1 << 24
"""Most words in one image; it also bounds what a parser allocates for a stated depth."""


Lines = Iterator[tuple[int, str]]


DIGITS = {
    2: (re.compile(r"[01]+"), "binary digits"),
    8: (re.compile(r"[0-7]+"), "octal digits"),
    10: (re.compile(r"[0-9]+"), "decimal digits"),
    16: (re.compile(r"[0-9A-Fa-f]+"), "hexadecimal digits"),
}


def is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def hex_digits(width: int) -> int:
    return (width + 3) // 4


def hex_word(word: int, width: int) -> str:
    return f"{word:0{hex_digits(width)}X}"


def wrong(line: int, what: str, right: str, got: str) -> InputError:
    return InputError(f"line {line}: {what} must be {right}, not {reprlib.repr(got)}")


def numbered_lines(text: str) -> Lines:
    """Yield each line with its number, counted from 1."""
    # str.splitlines would also split at form feeds and such, which no format counts as line ends.
    return enumerate(text.split("\n"), 1)


def last_line(text: str) -> int:
    return text.rstrip().count("\n") + 1


def without_comments(text: str, pattern: str, opener: str) -> str:
    """Blank out comments, keeping line numbers; refuse one that is never closed."""
    bare = re.sub(pattern, lambda found: " " + "\n" * found[0].count("\n"), text, flags=re.DOTALL)
    for line, content in numbered_lines(bare):
        if opener in content:
            raise InputError(f"line {line}: comment must be closed, but the file ends")
    return bare


def parse_number(token: str, radix: int, line: int, what: str, width: int = MAX_WIDTH) -> int:
    """Read an unsigned number below 2**width."""
    pattern, digits = DIGITS[radix]
    if not pattern.fullmatch(token):
        raise wrong(line, what, digits, token)
    significant = token.lstrip("0") or "0"
    # Python refuses to convert longer decimal text, and no word needs it.
    if len(significant) > MAX_WIDTH or int(significant, radix) >> width:
        raise wrong(line, what, f"below 2**{width}", token)
    return int(significant, radix)


def parse_count(line: int, token: str, what: str, most: int) -> int:
    value = parse_number(token, 10, line, what)
    if not 1 <= value <= most:
        raise wrong(line, what, f"1 to {most}", token)
    return value


def all_words(words: list[int], line: int) -> tuple[int, ...]:
    if not 1 <= len(words) <= MAX_DEPTH:
        raise InputError(f"line {line}: file must hold 1 to {MAX_DEPTH} words, not {len(words)}")
    return tuple(words)


def hash_header(lines: Lines, keys: tuple[str, ...]) -> dict[str, tuple[int, str]]:
    """Read `#key=value` lines in the order of `keys`: each key's line and value."""
    values: dict[str, tuple[int, str]] = {}
    line = 1
    for key in keys:
        line, content = next(lines, (line, ""))
        found, equals, value = content.strip().partition("=")
        if found.strip() != f"#{key}" or not equals:
            raise wrong(line, "header", f"#{key}=...", content.strip())
        values[key] = (line, value.strip())
    return values


def hash_radix(line: int, name: str, what: str) -> int:
    radixes = {"hex": 16, "bin": 2}
    if name.lower() not in radixes:
        raise wrong(line, what, "Hex or Bin", name)
    return radixes[name.lower()]


def word_lines(lines: Lines, radix: int, width: int, depth: int, last: int) -> tuple[int, ...]:
    """Read one word a line, as many as `depth`; blank lines are skipped."""
    words = [
        parse_number(word, radix, line, "word", width)
        for line, content in lines
        if (word := content.strip())
    ]
    if len(words) != depth:
        raise InputError(
            f"line {last}: file must hold {depth} words, as its header states, not {len(words)}"
        )
    return tuple(words)

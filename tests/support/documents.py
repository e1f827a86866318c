"""Pages as tests read them: sections, tables, blocks of code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["ROOT", "Block", "blocks", "fields_of", "places_of", "section", "table_rows"]

ROOT = Path(__file__).parents[2]


class Block(NamedTuple):
    """A block of code.

    Attributes:
        line: of the page, where it begins.
        language: behind its fence; "" for an indented block.
        text: without the indentation.
        reason: why it is not run: what a comment in front of it says, or "".
    """

    line: int
    language: str
    text: str
    reason: str


_FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?<=\n\n)((?: {4}.*\n|\n)+)")
_NOT_RUN = re.compile(r"<!-- not run: (.+?) -->\s*\Z", re.DOTALL)


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a page in order, fenced and indented."""
    found = []
    for match in _FENCED.finditer(text):
        indent, language, code = match.groups()
        lines = [line.removeprefix(indent) for line in code.splitlines()]
        found.append((match.start(), language, "\n".join(lines)))
    # What stands within a fence, blank line and indentation included, is none of its own.
    bare = _FENCED.sub(lambda m: re.sub(r"[^\n]", "x", m.group()), text)
    for match in _INDENTED.finditer(bare):
        if code := "\n".join(line[4:] for line in match.group().splitlines()).strip("\n"):
            found.append((match.start(), "", code))
    for start, language, code in sorted(found):
        comment = _NOT_RUN.search(text[:start])
        line = text.count("\n", 0, start) + 1
        yield Block(line, language, code, comment.group(1).strip() if comment else "")


def section(text: str, heading: str) -> str:
    """What stands under a heading of the second level, up to the next."""
    _, found, rest = text.partition(f"\n## {heading}\n")
    assert found, heading
    return rest.partition("\n## ")[0]


def table_rows(text: str) -> list[list[str]]:
    """The cells of every row of all tables, headings left out."""
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]
    return [row for row in cells if "`" in row[0]]


def places_of(text: str) -> dict[str, set[str]]:
    """The fields that a section's tables explain, by place."""
    places: dict[str, set[str]] = {}
    for place, fields, *_ in table_rows(text):
        places.setdefault(place.strip("`"), set()).update(re.findall("`([^`]+)`", fields))
    return places


def fields_of(value: Any, places: dict[str, set[str]]) -> dict[str, set[str]]:
    """The keys of all objects in JSON, by place as a page writes it.

    Args:
        places: those of the page; where one ends in ``.*``, the keys before it are names.
    """
    found: dict[str, set[str]] = {}

    def walk(part: Any, place: str) -> None:
        if isinstance(part, list):
            for element in part:
                walk(element, f"{place}[]")
        elif isinstance(part, dict):
            named = f"{place}.*" in places
            if not named or place in places:
                found.setdefault(place or ".", set()).update(part)
            for key, element in part.items():
                walk(element, f"{place}.*" if named else f"{place}.{key}".lstrip("."))

    walk(value, "")
    return found

"""What a user can be told is wrong: the messages in the code, by the file that raises them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from docs.site.pages import ROOT

__all__ = ["GAP", "USER", "VALUES", "messages", "messages_of"]

GAP = "…"
"""In place of what differs from case to case."""

_ROOMS = ("golden", "hw", "sim", "reports", "model", "lutscale")

USER = frozenset({"InputError", "BadInput", "InputWarning"})
"""Of what a user handed in."""

VALUES = frozenset({"ValueError", "TypeError"})
"""Of wrong arguments in Python, and of what is wrong in a program file."""


def messages(classes: frozenset[str] = USER) -> dict[str, set[str]]:
    """The messages of all rooms, and the files that each is raised in.

    Args:
        classes: `USER` or `VALUES`.
    """
    found: dict[str, set[str]] = {}
    for room in _ROOMS:
        paths = (ROOT / room).glob("*.py") if room == "lutscale" else (ROOT / room).rglob("*.py")
        for path in paths:
            for text in messages_of(path, classes):
                found.setdefault(text, set()).add(str(path.relative_to(ROOT)))
    return found


def messages_of(path: Path, classes: frozenset[str] = USER) -> Iterator[str]:
    """Texts that a file raises, or warns of, as one of some classes."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        warned = any(isinstance(a, ast.Name) and a.id in classes for a in node.args)
        if name in classes or (warned and ast.unparse(node.func) == "warnings.warn"):
            yield _text(node.args[0])


def _text(node: ast.expr) -> str:
    """A message with a gap for each value; all gap where it is put together elsewhere."""
    if isinstance(node, ast.Constant):
        text = str(node.value)
    elif isinstance(node, ast.JoinedStr):
        text = "".join(
            str(part.value) if isinstance(part, ast.Constant) else GAP for part in node.values
        )
    else:
        text = GAP
    # Values beside each other are one gap.
    return re.sub(rf"{GAP}+", GAP, " ".join(text.split()))

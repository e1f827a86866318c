"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["markdown_table"]


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]], texts: int) -> list[str]:
    """Lines of a table whose first ``texts`` columns are text and the others numbers."""
    rule = ["---" if k < texts else "---:" for k in range(len(head))]
    return ["| " + " | ".join(row) + " |" for row in (head, rule, *rows)]

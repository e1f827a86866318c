"""Which pages the site has, in which order, and where each comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

__all__ = ["ROOT", "SECTIONS", "index", "sources", "staged"]

ROOT = Path(__file__).parents[2]

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Start": ("tutorial", "lookup-tables", "upscale"),
    "Do it yourself": (
        "own-network",
        "import-tables",
        "add-a-layer",
        "explore",
        "fpga",
        "board",
        "simulation",
    ),
    "Reference": (
        "core",
        "commands",
        "reports",
        "errors",
        "values",
        "integers",
        "program-format",
        "api/index",
    ),
    "How it works": ("architecture", "colour", "forms", "reorder", "training", "refqsr"),
    "Results": ("measured", "shapes", "page", "ablation", "comparison"),
    "Project": ("contributing", "changelog"),
}
"""Pages by the heading they stand under; every file of docs/ is one of them."""

# Pages that are no file of docs/: written from the code, or lying elsewhere.
_WRITTEN = ("commands", "values", "api/index")
_ELSEWHERE = {"index": "README.md", "contributing": "CONTRIBUTING.md", "changelog": "CHANGELOG.md"}

_DRAWING = re.compile(r"!\[([^\]]*)\]\((drawings/[\w-]+\.svg)\)")


def sources() -> dict[str, Path]:
    """The Markdown file of each page that has one."""
    names = [name for section in SECTIONS.values() for name in section if name not in _WRITTEN]
    found = {name: ROOT / "docs" / f"{name}.md" for name in names if name not in _ELSEWHERE}
    return {**{name: ROOT / path for name, path in _ELSEWHERE.items()}, **found}


def staged(text: str) -> str:
    """A page as the site has it: links between folders made flat, drawings within the page.

    A drawing in the page follows the light and dark of the site; one in an image would follow
    those of the system.
    """
    for name, path in _ELSEWHERE.items():
        text = re.sub(rf"\]\((\.\./)?{re.escape(path)}", f"]({name}.md", text)
    text = re.sub(r"\]\((?:\.\./)?(?:docs/)?(?=[\w./-]+[)#])", "](", text)
    return _DRAWING.sub(_within, text)


def _within(found: re.Match[str]) -> str:
    alt, path = found.groups()
    drawing = (ROOT / "docs" / path).read_text()
    # A blank line would end the HTML within Markdown.
    lines = [line.strip() for line in drawing.splitlines() if line.strip()]
    label = alt.replace('"', "&quot;")
    figure = f'<figure class="drawing" role="img" aria-label="{label}">'
    return "\n".join((figure, *lines, "</figure>"))


def index(text: str) -> str:
    """README as the first page, with the table of contents of all others, which is not shown."""
    trees = (
        f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(names) + "\n```\n"
        for caption, names in SECTIONS.items()
    )
    return text + "\n" + "\n".join(trees)

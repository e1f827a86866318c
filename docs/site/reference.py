"""Pages written from the code: every command with its options, every module with its docstrings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click
from sphinx.ext.autodoc.mock import mock

from docs.site.messages import GAP, VALUES, messages
from docs.site.pages import ROOT
from lutscale.command import COMMANDS

__all__ = ["api_pages", "commands_page", "missing_extras", "modules", "values_page"]

_EXTRAS = ("torch", "numba", "llvmlite", "pyosys", "scipy", "matplotlib")

_ROOMS = {
    "golden": "The specification: programs as integers in numpy.",
    "hw": "Hardware: a program as a pipeline, Verilog, ROM files, and what a target offers.",
    "sim": "Simulation: hardware against golden.",
    "reports": "Bytes, blocks, scores, and what place and route gave.",
    "model": "Training in PyTorch, and the import of released tables.",
}


def missing_extras() -> list[str]:
    """Libraries of extras that are not installed; docstrings and help can be read without them."""
    return [name for name in _EXTRAS if find_spec(name) is None]


def commands_page() -> str:
    """Markdown: for each command what it does, its arguments and options, and examples."""
    parts = ["# Commands\n\nAs `lutscale COMMAND --help` shows them.\n"]
    for name, (module, _) in COMMANDS.items():
        with mock(missing_extras()):
            command = import_module(module).main
        with click.Context(command, info_name=f"lutscale {name}") as context:
            usage = " ".join(command.collect_usage_pieces(context))
            parts += [f"## {name}\n", f"    lutscale {name} {usage}\n"]
            parts += [f"{' '.join(part.split())}\n" for part in command.help.split("\n\n")]
            rows = [
                record
                for parameter in command.get_params(context)
                # Arguments have no help: what they are stands in the text.
                if (record := parameter.get_help_record(context)) is not None and record[1]
            ]
        parts.append("| option | meaning |\n|---|---|")
        parts += [f"| `{_cell(option)}` | {_cell(text)} |" for option, text in rows]
        examples = getattr(command, "examples", ())
        if examples:
            parts.append("\nExamples:\n")
            parts += [f"    # {text}\n    {line}" for text, line in examples]
        parts.append("")
    return "\n".join(parts)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def values_page() -> str:
    """Markdown: what is said of wrong values, by the file that says it."""
    by_file: dict[str, list[str]] = {}
    for text, files in messages(VALUES).items():
        # What is put together elsewhere says nothing here.
        if text.strip(f"{GAP} :"):
            for file in files:
                by_file.setdefault(file, []).append(text)
    parts = [
        "# Wrong values\n",
        "What is said of wrong arguments in Python, and, behind the file, layer and field, of what "
        "is wrong in a program file. Each message says what would be right; "
        f"`{GAP}` stands for what differs. [Error messages](errors.md) has those of commands.\n",
    ]
    for file in sorted(by_file):
        parts.append(f"## {file}\n")
        parts += [f"- ``{text}``" for text in sorted(by_file[file])]
        parts.append("")
    return "\n".join(parts)


def modules(folder: Path) -> list[str]:
    """Names of the modules directly in a folder of a room that say what of them is public."""
    found = []
    for path in sorted(folder.glob("*.py")):
        names = {
            target.id
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        if path.name != "__init__.py" and "__all__" in names:
            found.append(".".join(("lutscale", *path.relative_to(ROOT).with_suffix("").parts)))
    return found


def api_pages() -> Iterator[tuple[str, str]]:
    """(path, text) of each page: one a package, and a list of them."""
    listed = ["# API\n", "From the docstrings. Everything is imported as `lutscale.ROOM...`.\n"]
    for room, about in _ROOMS.items():
        listed += [f"## {room}\n", f"{about}\n"]
        pages = []
        folders = [ROOT / room, *sorted(path for path in (ROOT / room).rglob("*") if path.is_dir())]
        for folder in folders:
            if not (names := modules(folder)):
                continue
            package = ".".join(folder.relative_to(ROOT).parts)
            pages.append(package)
            heading = f"lutscale.{package}"
            text = [heading, "=" * len(heading), ""]
            for name in names:
                short = name.rsplit(".", 1)[1]
                text += [short, "-" * len(short), "", f".. automodule:: {name}", ""]
            yield f"api/{package}.rst", "\n".join(text)
        listed += [f"- [lutscale.{page}]({page}.rst)" for page in pages]
        listed += ["\n```{toctree}\n:hidden:\n", *pages, "```\n"]
    yield "api/index.md", "\n".join(listed)

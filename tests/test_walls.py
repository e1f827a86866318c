"""Which room may import which: no arrow upward, no circle."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ROOMS = {
    "golden": set(),
    "model": {"golden"},
    "hw": {"golden"},
    "sim": {"golden", "hw"},
    "reports": {"golden", "hw", "model", "sim"},
}
"""What a room may import beside itself."""

LAYERS_KNOWN_TO = {"layers", "plan.py"}
"""Of hw: all else takes components as they are."""


def imported(path: Path) -> set[str]:
    """Modules of the project that a file imports, without ``lutscale.``."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.removeprefix("lutscale.") for name in names if name.startswith("lutscale.")}


def strangers(room: str, paths: list[Path], allowed: set[str]) -> list[str]:
    """Imports of other rooms that are not allowed."""
    return [
        f"{path.name} imports {name}"
        for path in paths
        for name in sorted(imported(path))
        if name.split(".")[0] not in {room, *allowed} and name.split(".")[0] in ROOMS
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_no_arrow_upward(room: str) -> None:
    paths = sorted((ROOT / room).rglob("*.py"))
    assert paths
    assert not strangers(room, paths, ROOMS[room])


def test_an_arrow_upward_is_found(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text("from lutscale.golden import program\nfrom lutscale import hw\n")
    assert strangers("golden", [path], set()) == ["bad.py imports hw"]
    path.write_text("import lutscale.reports.costs\n")
    assert strangers("hw", [path], {"golden"}) == ["bad.py imports reports.costs"]


def test_only_the_plan_knows_the_layers_of_the_hardware() -> None:
    knowing = {
        path.relative_to(ROOT / "hw").parts[0]
        for path in (ROOT / "hw").rglob("*.py")
        if any(name.startswith("hw.layers") for name in imported(path))
    }
    assert knowing == LAYERS_KNOWN_TO

"""What is built into a wheel."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_package_is_named() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    parts = ("golden", "hw", "model", "reports", "sim")
    found = [path.parent for part in parts for path in (ROOT / part).rglob("__init__.py")]
    names = {".".join(("lutscale", *folder.relative_to(ROOT).parts)) for folder in found}
    names.add("lutscale")
    assert set(settings["packages"]) == names

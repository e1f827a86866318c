"""What is built into a wheel."""

import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import lutscale

ROOT = Path(__file__).parents[1]


def test_every_package_is_named() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    parts = ("golden", "hw", "model", "reports", "sim")
    found = [path.parent for part in parts for path in (ROOT / part).rglob("__init__.py")]
    names = {".".join(("lutscale", *folder.relative_to(ROOT).parts)) for folder in found}
    names.add("lutscale")
    assert set(settings["packages"]) == names


def test_the_version_is_that_of_the_installed_package() -> None:
    assert lutscale.__version__ == version("lutscale")
    with pytest.raises(AttributeError, match="module 'lutscale' has no attribute 'nothing'"):
        _ = lutscale.nothing

"""Build the site: ``python -m docs.site.build``, or ``make docs``."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from docs.site.pages import ROOT, index, sources, staged
from docs.site.reference import api_pages, commands_page, values_page

__all__ = ["build", "stage"]

HERE = Path(__file__).parent


def stage(folder: Path) -> None:
    """Write the sources of all pages into a folder, which is emptied before."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "api").mkdir(parents=True)
    for name, path in sources().items():
        text = staged(path.read_text())
        (folder / f"{name}.md").write_text(index(text) if name == "index" else text)
    (folder / "commands.md").write_text(commands_page())
    (folder / "values.md").write_text(values_page())
    for name, text in api_pages():
        (folder / name).write_text(text)
    for picture in (ROOT / "docs").glob("*.png"):
        shutil.copy(picture, folder)
    shutil.copy(ROOT / "CITATION.cff", folder)


def build(out: Path) -> int:
    """Build the site into a folder; whatever Sphinx warns of is an error.

    What is between is written beside it, into ``OUT-source`` and ``OUT-trees``.

    Returns:
        the exit code of Sphinx.
    """
    from sphinx.cmd.build import main

    source, trees = (out.with_name(f"{out.name}-{what}") for what in ("source", "trees"))
    stage(source)
    # Pages of before would stay, and be found by their links.
    for old in (out, trees):
        shutil.rmtree(old, ignore_errors=True)
    words = ["-b", "html", "-c", str(HERE), "-d", str(trees), "-W", "--keep-going", "-q"]
    return int(main([*words, str(source), str(out)]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "docs")
    target = parser.parse_args().out
    code = build(target)
    if code == 0:
        print(f"{target / 'index.html'}")
    sys.exit(code)

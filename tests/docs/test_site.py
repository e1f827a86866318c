"""The site builds without a warning, needs no network, and its links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("sphinx")
pytest.importorskip("furo")
pytest.importorskip("myst_parser")

from docs.site.build import build, stage
from docs.site.pages import SECTIONS, index, sources, staged
from docs.site.reference import api_pages, commands_page, values_page
from lutscale.command import COMMANDS
from tests.support.documents import ROOT


class Page(HTMLParser):
    """Links and anchors of a page, and what a browser fetches for it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.fetched: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := given.get(name))}
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        for name in ("src", "srcset", "data", "poster"):
            if given.get(name):
                self.fetched.append(str(given[name]))
        if tag == "link" and given.get("href") and given.get("rel") != "canonical":
            self.fetched.append(str(given["href"]))


def broken(pages: dict[Path, Page]) -> list[str]:
    """Links within the site that lead nowhere."""
    found = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            known = pages.get(target)
            there = known is not None or target.is_file()
            anchor = unquote(parts.fragment)
            if not there or (anchor and known is not None and anchor not in known.anchors):
                found.append(f"{path.name}: {link}")
    return found


def outside(text: str) -> list[str]:
    """Addresses that a style sheet or script fetches from elsewhere."""
    fetches = r"(?:@import\s+|url\(|fetch\(|import\(|\bfrom\s*)[\"']?((?:https?:)?//[^\"')\s]+)"
    return re.findall(fetches, text)


@pytest.mark.slow
def test_the_site(tmp_path: Path) -> None:
    out = (tmp_path / "docs").resolve()
    assert build(out) == 0
    pages = {path: Page(path.read_text()) for path in out.rglob("*.html")}
    assert {f"{name}.html" for section in SECTIONS.values() for name in section} <= {
        str(path.relative_to(out)) for path in pages
    }
    assert broken(pages) == []
    fetched = {source for page in pages.values() for source in page.fetched}
    assert {source for source in fetched if urlsplit(source).netloc} == set()
    others = (path for ending in ("css", "js") for path in out.rglob(f"*.{ending}"))
    assert [address for path in others for address in outside(path.read_text())] == []
    # Drawings stand in the page, so that they follow its light and dark.
    assert '<figure class="drawing"' in (out / "lookup-tables.html").read_text()


def test_broken_links_are_found(tmp_path: Path) -> None:
    (tmp_path / "b.html").write_text('<p id="there"></p>')
    (tmp_path / "a.html").write_text(
        '<a href="b.html#there"></a><a href="b.html#no"></a><a href="c.html"></a>'
        '<a href="#no"></a><a href="https://example.org/#x"></a><img src="//example.org/a.png">'
    )
    pages = {path: Page(path.read_text()) for path in tmp_path.iterdir()}
    assert broken(pages) == ["a.html: b.html#no", "a.html: c.html", "a.html: #no"]
    assert pages[tmp_path / "a.html"].fetched == ["//example.org/a.png"]
    assert outside("@import url(https://fonts.example.org/x.css);") == [
        "https://fonts.example.org/x.css"
    ]
    assert outside('a { background: url("a.png") }') == []


def test_every_document_has_its_page() -> None:
    named = {name for section in SECTIONS.values() for name in section}
    files = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert files <= named
    assert all(path.is_file() for path in sources().values())


def test_links_between_folders_become_flat() -> None:
    text = (
        "[a](docs/core.md#ports) [b](../CONTRIBUTING.md#test) [c](CHANGELOG.md) [d](core.md) "
        "[e](../README.md) ![f](docs/benchmark.png) [g](https://example.org/docs/a.md)"
    )
    assert staged(text) == (
        "[a](core.md#ports) [b](contributing.md#test) [c](changelog.md) [d](core.md) "
        "[e](index.md) ![f](benchmark.png) [g](https://example.org/docs/a.md)"
    )


def test_drawings_come_into_the_page() -> None:
    made = staged("Text\n\n![What is drawn](drawings/nodes.svg)\n\nMore\n")
    assert '<figure class="drawing" role="img" aria-label="What is drawn">\n<svg ' in made
    assert "\n\n" not in made.partition("<figure")[2].partition("</figure>")[0]


def test_pages_written_from_the_code() -> None:
    commands = commands_page()
    assert all(f"## {name}\n" in commands for name in COMMANDS)
    assert "| `--clocks-per-pixel INTEGER` | The fold, F:" in commands
    assert "## golden/program.py\n\n- ``" in (values := values_page())
    assert "\n- ``scale must be 1 for a program that denoises, not …``\n" in values
    pages = dict(api_pages())
    assert ".. automodule:: lutscale.golden.program\n" in pages["api/golden.rst"]
    assert "- [lutscale.hw.layers](hw.layers.rst)" in pages["api/index.md"]


@pytest.mark.slow
def test_commands_are_shown_without_what_extras_install() -> None:
    script = (
        "import sys\n"
        "from docs.site import reference\n"
        "reference.find_spec = lambda name: None\n"
        "text = reference.commands_page()\n"
        "assert '## train' in text and '## benchmark' in text\n"
        "assert not any(name.startswith('torch.nn.') for name in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_folder_is_emptied_before_it_is_staged(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    stage(tmp_path)
    assert not (tmp_path / "old").exists()
    assert (tmp_path / "index.md").read_text().startswith("# LUTscale")
    assert "{toctree}" in index("# A\n")

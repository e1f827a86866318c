"""Every figure on a page equals the report that it came from."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from lutscale.golden import zoo
from lutscale.golden.errors import InputError
from lutscale.reports.page.figures import STYLES, Figures, pointer
from lutscale.reports.page.sources import at
from lutscale.reports.zoo import listing

FILES = {
    "memory": "reports/memory.json",
    "benchmark": "reports/benchmark/benchmark.json",
    "fpga": "fpga/lutscale_iqlut_{}__fpga.json",
    "estimate": "fpga/lutscale_iqlut_{}__estimate.json",
}


class Shown(HTMLParser):
    """The figures of a page: attributes and text of each <data>."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[dict[str, str], str]] = []
        self._open = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "data":
            self.found.append(({name: value or "" for name, value in attrs}, ""))
            self._open = True

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found[-1] = (self.found[-1][0], self.found[-1][1] + data)

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "data"


def reports_of(root: Path, name: str) -> dict[str, Any]:
    """The files themselves as JSON, by the first step of a pointer; the page's own for the rest."""
    own = json.loads((root / "page" / f"{name}.json").read_text())
    short = name.removeprefix("iqlut-").replace("-", "_")
    for kind, file in FILES.items():
        path = root / file.format(short)
        own[kind] = json.loads(path.read_text()) if path.exists() else None
    own["simulations"] = [json.loads(p.read_text()) for p in sorted(root.glob("sim/*/sim.json"))]
    entries = listing({name: zoo.find(name), **zoo.programs()})
    own["zoo"] = sorted(entries, key=lambda e: [z["name"] for z in own["zoo"]].index(e["name"]))
    return own


def wrong(text: str, reports: dict[str, Any]) -> list[str]:
    """Figures of a page that are not those of the reports, or written otherwise than any style."""
    found = []
    for attributes, shown in Shown(text).found:
        where = attributes["data-from"]
        value = at(reports, where)
        if "data-less" in attributes:
            value = round(value - at(reports, attributes["data-less"]), 6)
        texts = [form(value) for form in STYLES.values()] if not isinstance(value, str) else [value]
        if attributes["value"] != str(value) or shown not in texts:
            found.append(where)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["iqlut-tiny-x4", "iqlut-s-x4"])
def test_figures_are_those_of_the_reports(pages: dict[str, Path], name: str) -> None:
    root = pages[name]
    text = (root / "page" / f"{name}.html").read_text()
    reports = reports_of(root, name)
    assert wrong(text, reports) == []
    places = {attributes["data-from"] for attributes, _ in Shown(text).found}
    wanted = {
        "/memory/line_widths/1/on_chip/bytes", "/plan/latency_bound_clocks", "/program/table_bytes"
    }  # fmt: skip
    if name == "iqlut-tiny-x4":
        wanted |= {"/fpga/comb", "/fpga/estimate/comb", "/fpga/seeds/2", "/chips/0/estimate/comb"}
        wanted |= {"/simulations/0/stalls/both", "/benchmark/programs/0/sets/Set5/psnr"}
    assert places >= wanted
    assert len(places) > 150


@pytest.mark.slow
def test_a_wrong_figure_is_seen(pages: dict[str, Path]) -> None:
    root, name = pages["iqlut-tiny-x4"], "iqlut-tiny-x4"
    text = (root / "page" / f"{name}.html").read_text()
    reports = reports_of(root, name)
    # A digit of the text, the value, and the report in turn.
    bytes_shown = '<data value="1988" data-from="/program/table_bytes"'
    assert bytes_shown in text
    assert wrong(text.replace(">1,988</data>", ">1,989</data>"), reports) != []
    changed = text.replace(bytes_shown, bytes_shown.replace("1988", "1989"))
    assert "/program/table_bytes" in wrong(changed, reports)
    reports["fpga"]["fmax_mhz"] += 0.1
    assert wrong(text, reports) == ["/fpga/fmax_mhz"] * text.count('data-from="/fpga/fmax_mhz"')
    reports["fpga"]["fmax_mhz"] -= 0.1


def test_a_figure_says_where_it_is_from() -> None:
    data = {"memory": {"a/b": [7, {"c~": 4097}]}, "program": {"gain": 1.5, "name": "<b>"}}
    figures = Figures(data, {"memory": "build/m.json"})
    shown = figures.show("count", "memory", "a/b", 1, "c~")
    assert shown == (
        '<data value="4097" data-from="/memory/a~1b/1/c~0" title="build/m.json: /a~1b/1/c~0">'
        "4,097</data>"
    )
    less = figures.show("gain", "program", "gain", less=("memory", "a/b", 0))
    assert 'value="-5.5"' in less
    assert less.endswith(">\N{MINUS SIGN}5.500</data>")
    # What a report says is text, whatever it says.
    assert ">&lt;b&gt;</data>" in figures.show("word", "program", "name")
    assert figures.get("memory", "nothing", 3) is None
    assert pointer(("a", (1,)), "b") == "/a/1/b"


@pytest.mark.parametrize("steps", [("memory", "b"), ("memory", "a", 5), ("memory", "a", "x")])
def test_a_figure_that_is_not_there_is_refused(steps: tuple[str | int, ...]) -> None:
    with pytest.raises(InputError, match="page: must have /memory/"):
        Figures({"memory": {"a": [1]}}, {}).show("count", *steps)


def test_what_is_no_figure_is_refused() -> None:
    with pytest.raises(InputError, match="page: /a must be a figure, not None"):
        Figures({"a": None}, {}).show("count", "a")


@pytest.mark.parametrize(
    ("style", "value", "text"),
    [
        ("kilobytes", 0, "0.0"), ("kilobytes", 8, "< 0.1"), ("kilobytes", 8192, "1.0"),
        ("short", 125.0, "125"), ("short", 30.34, "30.34"), ("mhz", 119.46, "119.5"),
        ("db", 30.9384, "30.938"), ("gain", 2.5, "+2.500"), ("share", 0.663, "66%"),
    ],
)  # fmt: skip
def test_styles(style: str, value: float, text: str) -> None:
    assert STYLES[style](value) == text

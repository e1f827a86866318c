"""The page in a browser: it moves, sorts, stays at home, is readable by everybody, and fits."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-core")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]

NAMES = ("iqlut-tiny-x4", "iqlut-s-x4")

OUTSIDE = """() => {
  // What sticks out of the page, or of a box that hides it, and is not in a region that scrolls.
  const wide = document.documentElement.clientWidth, found = [];
  for (const element of document.querySelectorAll("main *, footer *")) {
    if (element.closest(".scroll, .skip, [hidden], svg") || !element.checkVisibility()) continue;
    const box = element.getBoundingClientRect();
    if (box.width && (box.left < -1 || box.right > wide + 1)) {
      found.push(`${element.tagName}.${element.className}: ${element.textContent.slice(0, 40)}`);
    }
  }
  return found;
}"""

OVERLAPS = """() => {
  // Lines of text that lie over each other. Pictures may lie under text, so only text is asked.
  const lines = [], found = [];
  const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, parent = node.parentElement;
    if (!node.data.trim() || parent.closest("[hidden], option, .scroll, .tip")) continue;
    if (!parent.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      if (box.width > 1 && box.height > 1) lines.push([box, node.data.trim().slice(0, 30)]);
    }
  }
  lines.sort((a, b) => a[0].top - b[0].top);
  for (let i = 0; i < lines.length; i++) {
    const [a, first] = lines[i];
    for (let k = i + 1; k < lines.length && lines[k][0].top < a.bottom; k++) {
      const [b, second] = lines[k];
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      const over = down > 0.4 * Math.min(a.height, b.height);
      if (across > 2 && over) found.push(`${first} / ${second}`);
    }
  }
  return found;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        started.close()


class Visit:
    """A page that is open, with what it said and asked for."""

    def __init__(self, browser: Any, path: Path, width: int = 1400, scheme: str = "light") -> None:
        size = {"width": width, "height": 900}
        self.context = browser.new_context(
            viewport=size, color_scheme=scheme, reduced_motion="reduce"
        )
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())
        if self.page.locator("#compare").count():
            self.page.wait_for_selector("#compare[data-ready]", state="attached")

    def left_home(self, path: Path) -> list[str]:
        """Requests beyond the page's own file and what it holds."""
        return [url for url in self.asked if url != path.as_uri() and not url.startswith("data:")]


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    opened: list[Visit] = []

    def go(path: Path, **options: Any) -> Visit:
        opened.append(Visit(browser, path, **options))
        return opened[-1]

    yield go
    for each in opened:
        each.context.close()


def page_of(pages: dict[str, Path], name: str) -> Path:
    file = "index" if name == "index" else name
    return pages["iqlut-tiny-x4" if name == "index" else name] / "page" / f"{file}.html"


def place_of(page: Any) -> list[str]:
    """Where the lens of each picture looks."""
    found: list[str] = page.eval_on_selector_all(
        "canvas[data-of]", "all => all.map(c => c.dataset.at)"
    )
    return found


def stage_box(page: Any) -> tuple[float, float, float, float]:
    """Where the picture is, once it stands in the middle of the window."""
    page.evaluate("stage.scrollIntoView({block: 'center'})")
    box = page.locator("#stage").bounding_box()
    return box["x"], box["y"], box["width"], box["height"]


def test_the_slider_by_keyboard_and_by_mouse(pages: dict[str, Path], visit: Any) -> None:
    page = visit(page_of(pages, "iqlut-tiny-x4")).page
    cut = lambda: page.evaluate("getComputedStyle(stage).getPropertyValue('--cut')")  # noqa: E731
    assert cut() == "50%"
    page.focus("#cut")
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    assert cut() == "60%"
    page.keyboard.press("Home")
    assert cut() == "0%"
    clip = page.evaluate("getComputedStyle(document.querySelector('.cut')).clipPath")
    assert clip.startswith("inset(0px 100%")
    x, y, width, height = stage_box(page)
    page.mouse.move(x + width / 4, y + height / 2)
    page.mouse.down()
    page.mouse.move(x + width / 4 + 1, y + height / 2)
    page.mouse.up()
    assert 24 <= float(page.input_value("#cut")) <= 26


def test_the_lens_is_in_step_on_every_picture(pages: dict[str, Path], visit: Any) -> None:
    page = visit(page_of(pages, "iqlut-tiny-x4")).page
    assert len(place_of(page)) == 4
    x, y, width, height = stage_box(page)
    page.mouse.move(x + width / 2, y + height / 2)
    # 96 pixels, a lens of 32: its middle on pixel 48.
    assert place_of(page) == ["32,32"] * 4
    page.focus("#lens-x")
    page.keyboard.press("End")
    assert place_of(page) == ["64,32"] * 4
    pixels = """([of, x, y]) => {
      const pen = document.querySelector(`canvas[data-of=${of}]`).getContext("2d");
      return [...pen.getImageData(x, y, 1, 1).data];
    }"""
    from PIL import Image

    folder = next(pages["iqlut-tiny-x4"].glob("sim/iqlut*"))
    for name in ("bicubic", "hardware", "original", "difference"):
        shown = page.evaluate(pixels, [name, 2, 2])
        assert tuple(shown[:3]) == Image.open(folder / f"{name}.png").getpixel((64, 32)), name


def test_another_picture_on_the_left(pages: dict[str, Path], visit: Any) -> None:
    page = visit(page_of(pages, "iqlut-tiny-x4")).page
    source = "document.getElementById('img-bicubic').src"
    bicubic = page.evaluate(source)
    page.select_option("#left", "difference")
    assert page.evaluate(source) == page.evaluate("document.getElementById('img-difference').src")
    assert page.inner_text("#left-name") == "difference"
    page.select_option("#left", "bicubic")
    assert page.evaluate(source) == bicubic


def test_names_of_points(pages: dict[str, Path], visit: Any) -> None:
    page = visit(page_of(pages, "iqlut-tiny-x4")).page
    assert not page.is_visible(".scatter .tip >> nth=0")
    page.locator(".chart.large .point[data-name='RC-LUT'] path").hover()
    assert page.inner_text(".scatter .tip >> nth=0").startswith("RC-LUT: 1,572,864, 30.72 dB")
    page.mouse.move(0, 0)
    assert not page.is_visible(".scatter .tip >> nth=0")


def test_tables_are_sorted(pages: dict[str, Path], visit: Any) -> None:
    page = visit(page_of(pages, "index")).page
    table = page.locator("table.sortable >> nth=0")
    head = table.locator("thead th", has_text="tables, bytes")
    column = """(table) =>
        [...table.tBodies[0].rows].map(row => Number(row.cells[2].querySelector("data").value))"""
    head.locator("button").focus()
    page.keyboard.press("Enter")
    found = table.evaluate(column)
    assert found == sorted(found)
    assert head.get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Enter")
    assert table.evaluate(column) == sorted(found, reverse=True)
    assert head.get_attribute("aria-sort") == "descending"
    table.locator("thead button >> nth=0").click()
    names = table.locator("tbody th").all_inner_texts()
    assert names == sorted(names)
    assert head.get_attribute("aria-sort") is None
    assert page.get_attribute("a[href='iqlut-tiny-x4.html']", "href")


@pytest.mark.parametrize(
    ("name", "scheme"),
    [(NAMES[0], "light"), (NAMES[0], "dark"), (NAMES[1], "dark"), ("index", "light")],
)
def test_everybody_can_read_it(pages: dict[str, Path], visit: Any, name: str, scheme: str) -> None:
    """axe-core finds nothing, the console is silent, and no request leaves the page."""
    path = page_of(pages, name)
    seen = visit(path, scheme=scheme)
    seen.page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    found = axe.Axe().run(seen.page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found] == []
    assert seen.said == []
    assert seen.left_home(path) == []


@pytest.mark.parametrize("name", [*NAMES, "index"])
@pytest.mark.parametrize("width", [400, 1400])
def test_nothing_overlaps_or_sticks_out(
    pages: dict[str, Path], visit: Any, name: str, width: int
) -> None:
    page = visit(page_of(pages, name), width=width).page
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(OVERLAPS) == []


def test_what_is_wrong_would_be_seen(tmp_path: Path, visit: Any) -> None:
    """A page with a fault of each kind, under the same eyes."""
    path = tmp_path / "bad.html"
    path.write_text(
        "<!DOCTYPE html><title>bad</title><main style='position: relative'>"
        "<div style='height: 9rem'></div><p style='color: #bbb; background: #fff'>faint words</p>"
        "<p style='position: absolute; top: 0; margin: 0'>one line over</p>"
        "<p style='position: absolute; top: 3px; margin: 0'>another one</p>"
        "<div style='width: 2000px'>wide</div><img src='http://127.0.0.1:9/x.png'>"
        "</main><script>console.log('heard'); nothing()</script>"
    )
    seen = visit(path)
    assert "one line over / another one" in seen.page.evaluate(OVERLAPS)
    assert any("wide" in element for element in seen.page.evaluate(OUTSIDE))
    found = {v["id"] for v in axe.Axe().run(seen.page).response["violations"]}
    assert found >= {"color-contrast", "image-alt", "html-has-lang"}
    assert seen.left_home(path) == ["http://127.0.0.1:9/x.png"]
    assert any("nothing is not defined" in line for line in seen.said)


def test_paper_shows_what_is_folded(pages: dict[str, Path], visit: Any) -> None:
    page = visit(page_of(pages, "iqlut-tiny-x4")).page
    assert page.evaluate("[...document.querySelectorAll('details')].every(d => d.open)") is False
    page.emulate_media(media="print")
    page.pdf(format="A4")
    assert page.evaluate("[...document.querySelectorAll('details')].every(d => d.open)") is True
    assert not page.is_visible("#cut")
    # Both pictures side by side.
    first, second = (
        page.locator(f"#img-{name}").bounding_box() for name in ("bicubic", "hardware")
    )
    assert first["x"] + first["width"] <= second["x"]
    assert first["y"] == second["y"]

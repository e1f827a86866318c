"""``lutscale page``: what it writes, what it runs, and what it refuses."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lutscale.golden import zoo
from lutscale.golden.program_file import save
from lutscale.reports import fpga_report
from lutscale.sim import run
from tests.support.family_programs import hklut_like
from tests.support.golden.small_programs import small
from tests.support.page.reports import SimulatedByGolden, command, write_reports


def page(root: Path, *words: object, code: int = 0) -> str:
    return command("page", *words, "--reports", root, "--out", root / "page", code=code)


def text_of(root: Path, name: str) -> str:
    html = (root / "page" / f"{name}.html").read_text()
    return re.sub(
        r"\s+",
        " ",
        re.sub(r"<script>.*?</script>|<style>.*?</style>|<[^>]+>", "", html, flags=re.DOTALL),
    )


def test_without_reports_everything_is_a_command(tmp_path: Path) -> None:
    save(small(), tmp_path / "small.npz")
    page(tmp_path, tmp_path / "small.npz")
    text = text_of(tmp_path, "small-x2")
    word = tmp_path / "small.npz"
    for line in (
        f"lutscale sim {word} --out {tmp_path}/sim",
        f"lutscale report {word} --out {tmp_path}/reports",
        f"lutscale benchmark {word} --data FOLDER --out {tmp_path}/reports/benchmark",
        f"lutscale fpga {word} --target ecp5-85f --estimate-only --out {tmp_path}/fpga",
        f"lutscale fpga {word} --target ecp5-85f --out {tmp_path}/fpga",
    ):
        assert line in text
    assert text.count("not run") >= 8
    assert "exact" not in text.split("What the tables learnt")[0]
    data = json.loads((tmp_path / "page" / "small-x2.json").read_text())
    assert data["memory"] is data["benchmark"] is data["fpga"] is data["estimate"] is None
    assert data["simulations"] == []


def test_one_file_that_asks_for_nothing(tmp_path: Path) -> None:
    save(small(), tmp_path / "small.npz")
    write_reports(tmp_path, str(tmp_path / "small.npz"), "sim", "memory")
    shown = page(tmp_path, tmp_path / "small.npz")
    html = (tmp_path / "page" / "small-x2.html").read_text()
    assert shown.splitlines()[0] == f"{tmp_path}/page/small-x2.html: {len(html.encode()):,} bytes"
    assert len(html) < 5 << 20
    assert not re.findall(r"(?:src|href)=\"(?!data:|#|index\.html)[^\"]*\"", html)
    assert not re.findall(r"url\(|@import|https?://", html)
    assert "default-src &#39;none&#39;" in html or "default-src 'none'" in html


def test_a_faulty_core_is_shown_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(small(), tmp_path / "small.npz")
    monkeypatch.setattr(run, "Job", type("Faulty", (SimulatedByGolden,), {"spoilt": 1}))
    command("sim", tmp_path / "small.npz", "--crop", 8, "--out", tmp_path / "sim", code=1)
    page(tmp_path, tmp_path / "small.npz")
    text = text_of(tmp_path, "small-x2")
    assert "Pixels differ" in text
    assert "mismatch: frame 0 x 1 y 2 channel 0" in text
    assert "Every pixel is exact" not in text


def test_what_a_file_says_is_text_on_the_page(tmp_path: Path) -> None:
    """A program may be of anybody's making."""
    evil = "<script>alert(1)</script> `<img src=x onerror=y>`"
    save(replace(small(), provenance={"steps": 1, "note": evil}), tmp_path / "small.npz")
    page(tmp_path, tmp_path / "small.npz")
    html = (tmp_path / "page" / "small-x2.html").read_text()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<img src=x" not in html


def test_tables_of_several_pixels_have_no_curve(tmp_path: Path) -> None:
    save(replace(hklut_like(1), name="pairs"), tmp_path / "pairs.npz")
    page(tmp_path, tmp_path / "pairs.npz")
    assert "so none of them is a curve" in text_of(tmp_path, "pairs")


def test_the_index_links_pages_that_are_there(tmp_path: Path) -> None:
    page(tmp_path)
    index = (tmp_path / "page" / "index.html").read_text()
    assert all(f">{name}</th>" in index for name in zoo.programs())
    assert 'href="iqlut' not in index
    (tmp_path / "page" / "iqlut-s-x4.html").write_text("")
    page(tmp_path)
    assert 'href="iqlut-s-x4.html"' in (tmp_path / "page" / "index.html").read_text()


@pytest.mark.slow
def test_what_is_missing_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(small(), tmp_path / "small.npz")
    calls: list[str] = []

    class Counted(SimulatedByGolden):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            calls.append("sim")

    def estimate(plan: Any) -> Any:
        calls.append("estimate")
        return found(plan)

    found = fpga_report.estimate
    monkeypatch.setattr(run, "Job", Counted)
    monkeypatch.setattr(fpga_report, "estimate", estimate)
    # Others of the zoo are for company only.
    monkeypatch.setattr(zoo, "programs", dict)
    page(tmp_path, tmp_path / "small.npz", "--run")
    assert calls == ["estimate", "sim"]
    data = json.loads((tmp_path / "page" / "small-x2.json").read_text())
    assert all(data[kind] for kind in ("memory", "estimate", "simulations"))
    assert data["benchmark"] is data["fpga"] is None
    page(tmp_path, tmp_path / "small.npz", "--run")
    assert calls == ["estimate", "sim"]
    # Another program's account is written over.
    save(replace(small(), name="other"), tmp_path / "other.npz")
    command("report", tmp_path / "other.npz", "--out", tmp_path / "reports")
    assert "must be of small-x2, not other" in page(tmp_path, tmp_path / "small.npz", code=2)
    page(tmp_path, tmp_path / "small.npz", "--run")


def test_no_program_of_that_name(tmp_path: Path) -> None:
    assert "'iqlut-tiny-x5' must be a program file" in page(tmp_path, "iqlut-tiny-x5", code=2)
    assert not (tmp_path / "page").exists()


def test_names_that_would_meet(tmp_path: Path) -> None:
    for name, file in (("index", "a"), ("same", "b"), ("same", "c")):
        save(replace(small(), name=name), tmp_path / f"{file}.npz")
    assert "a.npz: name must be one of its own, not 'index', the zoo's" in page(
        tmp_path, tmp_path / "a.npz", code=2
    )
    assert "c.npz: name must be one of its own, not 'same', another's" in page(
        tmp_path, tmp_path / "b.npz", tmp_path / "c.npz", code=2
    )
    assert not (tmp_path / "page").exists()


def test_the_page_says_how_it_was_made(tmp_path: Path) -> None:
    save(small(), tmp_path / "small.npz")
    page(tmp_path, tmp_path / "small.npz", "--clocks-per-pixel", 8, "--target", "ecp5-45f")
    words = f"lutscale page {tmp_path}/small.npz --clocks-per-pixel 8 --target ecp5-45f"
    assert f"{words} --reports {tmp_path}" in text_of(tmp_path, "small-x2")
    data = json.loads((tmp_path / "page" / "small-x2.json").read_text())
    assert (data["plan"]["clocks_per_pixel"], data["plan"]["target"]) == (8, "ecp5-45f")


@pytest.mark.slow
def test_estimates_of_others_are_left_out_where_they_are_not_of_today(tmp_path: Path) -> None:
    save(small(), tmp_path / "small.npz")
    write_reports(tmp_path, str(tmp_path / "small.npz"), "estimate", others=["iqlut-tiny-x4"])
    chips = lambda: json.loads((tmp_path / "page" / "small-x2.json").read_text())["chips"]  # noqa: E731
    page(tmp_path, tmp_path / "small.npz")
    assert [chip["program"] for chip in chips()] == ["iqlut-tiny-x4"]
    other = tmp_path / "fpga" / "lutscale_iqlut_tiny_x4__estimate.json"
    report = json.loads(other.read_text())
    for change in ({"version": 0}, {"origin": {}}, {"program": "nobody"}):
        other.write_text(json.dumps(report | change))
        page(tmp_path, tmp_path / "small.npz")
        assert chips() == []
    other.write_text("[")
    page(tmp_path, tmp_path / "small.npz")
    assert chips() == []

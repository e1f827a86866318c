"""Points stand where their figures say, names stand free, and each point is somebody's figure."""

from __future__ import annotations

from importlib.resources import files
from itertools import combinations
from typing import Any

import pytest

from lutscale.golden import zoo
from lutscale.hw.memory import PURPOSES
from lutscale.reports.page.charts import LARGE, SMALL, chart
from lutscale.reports.page.figures import Figures
from lutscale.reports.page.marks import Mark, marks_of_bytes, marks_of_logic, scores_of
from lutscale.reports.published import PUBLISHED
from lutscale.reports.zoo import listing


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    """What a page of iqlut-s-x4 knows without any report."""
    entries = listing(zoo.programs())
    return {
        "program": next(entry for entry in entries if entry["name"] == "iqlut-s-x4"),
        "zoo": entries,
        "published": [system.to_json() for system in PUBLISHED],
        **dict.fromkeys(("benchmark", "fpga", "estimate")),
        "chips": [],
    }


def measured(name: str, family: str = "", level: float = 31.0, scale: int = 4) -> dict[str, Any]:
    return {
        "name": name,
        "scale": scale,
        "sigma": None,
        "imported_family": family,
        "costs": {"table_bytes_with_quantiser": 5000},
        "sets": {"Set5": {"psnr": level}},
    }


def chip(name: str, comb: int | None, estimated: int | None, target: str = "ecp5-85f") -> Any:
    return {
        "program": name,
        "target": target,
        "clocks_per_pixel": 4,
        "comb": comb,
        "estimate": {"comb": estimated},
    }


def test_points_of_bytes_are_those_of_the_task(data: dict[str, Any]) -> None:
    figures = Figures(data, {})
    marks = marks_of_bytes(figures, "Set5")
    names = [mark.name for mark in marks]
    wanted = [e["name"] for e in data["zoo"] if e["scale"] == 4]
    assert names == wanted + [system.name for system in PUBLISHED if "Set5" in system.psnr]
    kinds = {mark.name: mark.kind for mark in marks}
    assert (kinds["iqlut-s-x4"], kinds["iqlut-l-x4"]) == ("own", "ours")
    assert (kinds["RC-LUT"], kinds["ShiftLUT-S"]) == ("published", "measured")
    own = next(mark for mark in marks if mark.kind == "own")
    assert figures.get(own.x) == data["program"]["table_bytes"]
    assert figures.get(own.y) == data["program"]["scores"]["Set5"]["psnr"]


def test_what_was_measured_here_takes_the_place_of_the_card(data: dict[str, Any]) -> None:
    programs = [measured("iqlut-s-x4"), measured("hk", "HKLUT", 30.3), measured("b", scale=2)]
    figures = Figures({**data, "benchmark": {"programs": programs}}, {})
    marks = {mark.name: mark for mark in marks_of_bytes(figures, "Set5")}
    assert figures.get(marks["iqlut-s-x4"].y) == 31.0
    assert scores_of(figures, "iqlut-s-x4") == {
        "Set5": ("benchmark", "programs", 0, "sets", "Set5")
    }
    # The published figure of the same tables is left out, and so is another task.
    assert marks["hk"].kind == "imported"
    assert "HKLUT-S" not in marks
    assert "b" not in marks


def test_points_of_logic_say_what_was_synthesised(data: dict[str, Any]) -> None:
    chips = [
        chip("iqlut-l-x4", 9000, 8000), chip("iqlut-xs-x4", None, 7000),
        chip("hklut-s-x4", None, None), chip("iqlut-s-x2", 1, 1),
        chip("tinylut-s-x4", 4, None, "gowin"),
    ]  # fmt: skip
    figures = Figures({**data, "estimate": chip("iqlut-s-x4", None, 6000), "chips": chips}, {})
    marks = {mark.name: mark for mark in marks_of_logic(figures, "Set5")}
    assert {name: mark.kind for name, mark in marks.items()} == {
        "iqlut-s-x4": "own estimated", "iqlut-l-x4": "ours", "iqlut-xs-x4": "ours estimated"
    }  # fmt: skip
    assert [figures.get(mark.x) for mark in marks.values()] == [6000, 9000, 7000]
    assert marks["iqlut-l-x4"].note == "4 clocks a pixel, synthesised"


@pytest.mark.parametrize("frame", [LARGE, SMALL])
def test_places_follow_the_figures(data: dict[str, Any], frame: Any) -> None:
    figures = Figures(data, {})
    marks = marks_of_bytes(figures, "Set5")
    drawn = chart(figures, marks, frame, limit=102_400, in_bytes=True)
    points = drawn["points"]
    left, top, right, bottom = drawn["box"]
    for a, b in combinations(points, 2):
        sizes = [figures.get(p["mark"].x) for p in (a, b)]
        levels = [figures.get(p["mark"].y) for p in (a, b)]
        # Within the tenth of a pixel that places are rounded to.
        assert a["x"] <= b["x"] or sizes[0] > sizes[1]
        assert a["y"] <= b["y"] or levels[0] < levels[1]
    for point in points:
        assert left < point["x"] < right
        assert top < point["y"] < bottom
        # The budget's line parts those within from those beyond.
        assert (point["x"] <= drawn["limit"]) == (figures.get(point["mark"].x) <= 102_400)
    assert {text: x for x, text in drawn["x_ticks"]}["100 KB"] == drawn["limit"]
    shown = [point for point in points if point["label"]]
    assert len(shown) == (len(points) if frame is LARGE else 1)


def test_names_stand_free(data: dict[str, Any]) -> None:
    figures = Figures(data, {})
    marks = marks_of_bytes(figures, "Set5")
    drawn = chart(figures, marks, LARGE, limit=102_400, in_bytes=True)
    boxes = []
    for point in drawn["points"]:
        x, y = point["label"]
        half = 3 * len(point["mark"].name)
        boxes.append((x - half, y - 5, x + half, y + 5))
    for a, b in combinations(boxes, 2):
        assert min(a[2], b[2]) <= max(a[0], b[0]) or min(a[3], b[3]) <= max(a[1], b[1])


def test_one_cost_alone_is_drawn(data: dict[str, Any]) -> None:
    figures = Figures({"a": 700, "b": 30.0}, {})
    drawn = chart(figures, [Mark("one", "own", "a", "b")], SMALL, limit=None, in_bytes=False)
    assert drawn["limit"] is None
    assert [text for _, text in drawn["x_ticks"]] == ["500", "1,000"]


def test_every_purpose_of_memory_has_a_colour_in_light_and_in_dark() -> None:
    css = (files("lutscale") / "reports" / "page" / "templates" / "page.css").read_text()
    for purpose in PURPOSES:
        assert css.count(f"--{purpose}: #") >= 2, purpose
        assert f".seg.{purpose} {{ --c: var(--{purpose}); }}" in css

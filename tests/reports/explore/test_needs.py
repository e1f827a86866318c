"""Needs as builds, fronts, and the answer."""

from __future__ import annotations

from typing import Any

import pytest

from lutscale.golden.errors import InputError
from lutscale.reports.explore.front import front, undominated
from lutscale.reports.explore.needs import answer, build_for, read_need


@pytest.mark.parametrize(
    ("need", "clock", "clocks", "beat", "width"),
    [
        ("4k60", 125.0, 4, 4, 960),
        ("1080p60", 125.0, 16, 1, 480),
        ("4k60", 156.0, 5, 4, 960),
        ("1280x720@50", 125.0, 43, 1, 320),
    ],
)
def test_the_slowest_build_that_keeps_up(
    need: str, clock: float, clocks: int, beat: int, width: int
) -> None:
    wanted = read_need(need)
    build = build_for(wanted, scale=4, clock=clock, target="ecp5-85f")
    assert (build["clocks_per_pixel"], build["pixels_per_beat"]) == (clocks, beat)
    assert build["max_width"] == width
    assert clock * 1e6 / clocks * 16 >= wanted.pixels
    assert clock * 1e6 / (clocks + 1) * 16 < wanted.pixels


@pytest.mark.parametrize("text", ["8k", "1920x1080", "0x1080@60", "1920x1080@60fps", ""])
def test_unknown_needs(text: str) -> None:
    with pytest.raises(InputError, match="need must be 4k60, 1080p60 or WIDTHxHEIGHT@RATE"):
        read_need(text)


def test_needs_that_no_build_meets() -> None:
    with pytest.raises(InputError, match="clock must be at least 124.4 MHz for 4k60 by 4"):
        build_for(read_need("4k60"), scale=4, clock=100, target="ecp5")
    with pytest.raises(InputError, match="need must be a multiple of the scale 3"):
        build_for(read_need("1000x900@30"), scale=3, clock=100, target="ecp5")


def test_fronts() -> None:
    points = [(5, 1), (1, 1), (2, 3), (3, 2), (4, 4), (4, 4)]
    assert front(points) == [1, 2, 4]
    assert front([]) == []
    assert undominated([(1, 2), (2, 1), (1, 1), (2, 1)]) == [0, 1]


OPTIONS = {
    "code_bits": 4, "nodes": [5, 3, 3], "entry_bits": [8, 6, 6], "weight_bits": [6, 3, 3],
    "residual": False,
}  # fmt: skip


def design(key: str, **changes: Any) -> dict[str, Any]:
    """A record that fits, of a shape of which nothing is known."""
    psnr = {"set5_db": None, "from": None, "trials": []}
    return {
        "key": key, "program": None, "options": OPTIONS, "psnr": psnr, "reach": [9, 9],
        "functions": 1000, "comb": 9000, "on_chip_bytes": 1000, "over": None,
        "target": "ecp5", "clocks_per_pixel": 4, **changes,
    }  # fmt: skip


def test_an_answer() -> None:
    def zoo(db: float) -> dict[str, Any]:
        return {"set5_db": db, "from": "zoo", "trials": []}

    trial = {"series": "a", "steps": 9, "set5_db": None, "validation_db": 28.0}
    records = [
        design("good", program="a", psnr=zoo(30.0)),
        design("better", program="b", psnr=zoo(30.5)),
        design("too many bytes", program="c", psnr=zoo(31.0), on_chip_bytes=1001),
        design("too much logic", program="d", psnr=zoo(31.0), over="too little"),
        design("of another build", program="e", psnr=zoo(31.0), clocks_per_pixel=5),
        design("tried", psnr={"set5_db": None, "from": None, "trials": [trial]}),
        design("as a program", psnr=zoo(30.5)),
        design("small", functions=500),
        design("two nodes", functions=1600, options={**OPTIONS, "nodes": [5, 2, 2]}),
        design("large", functions=1500),
        design("wide", functions=800, reach=[11, 11]),
    ]
    found = answer(records, {"target": "ecp5", "clocks_per_pixel": 4}, 1000)
    assert found["programs"] == ["better", "good"]
    assert (found["trials"], found["next"]) == (["tried"], ["large", "two nodes", "wide"])
    assert (found["fitting"], found["over_budget"], found["over_device"]) == (8, 1, 1)

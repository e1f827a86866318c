"""The task: what it may be, as text and as JSON."""

from __future__ import annotations

from typing import Any

import pytest

from lutscale.golden.task import ENLARGE, Task


@pytest.mark.parametrize(
    ("task", "text", "params"),
    [
        (ENLARGE, "to enlarge", {"kind": "enlarge"}),
        (Task("denoise", 25), "to denoise sigma 25", {"kind": "denoise", "sigma": 25}),
        (Task("denoise", 7.5), "to denoise sigma 7.5", {"kind": "denoise", "sigma": 7.5}),
        (Task("denoise", 255), "to denoise sigma 255", {"kind": "denoise", "sigma": 255}),
    ],
)
def test_tasks_as_text_and_json(task: Task, text: str, params: dict[str, Any]) -> None:
    assert str(task) == text
    assert task.params() == params
    assert Task.from_manifest(params) == task


REFUSALS: list[tuple[Any, type[Exception], str]] = [
    ({"kind": "sharpen"}, ValueError, "task kind must be one of denoise, enlarge, not 'sharpen'"),
    ({"kind": ["denoise"]}, ValueError, r"task kind must be one of .*, not \['denoise'\]"),
    ({"kind": "enlarge", "sigma": 1}, ValueError, "sigma must be None for a task to enlarge, not"),
    ({"kind": "denoise"}, TypeError, "sigma must be a number to denoise, not None"),
    ({"kind": "denoise", "sigma": "25"}, TypeError, "sigma must be a number to denoise, not '25'"),
    ({"kind": "denoise", "sigma": True}, TypeError, "sigma must be a number to denoise, not True"),
    ({"kind": "denoise", "sigma": 0}, ValueError, "sigma must be above 0 and at most 255, not 0"),
    ({"kind": "denoise", "sigma": 256}, ValueError, "sigma must be above 0 and at most 255, not"),
    ({"kind": "denoise", "sigma": 10**400}, ValueError, "sigma must be above 0 and at most 255"),
    ({"kind": "denoise", "sigma": float("nan")}, ValueError, "at most 255, not nan"),
    (
        {"kind": "denoise", "noise": 1},
        ValueError,
        "task fields must be among kind, sigma, not 'noi",
    ),
    ({"sigma": 25}, ValueError, "task must be an object with a kind, not {'sigma': 25}"),
    ("denoise", ValueError, "task must be an object with a kind, not 'denoise'"),
]


@pytest.mark.parametrize(("params", "error", "text"), REFUSALS, ids=[r[2][-30:] for r in REFUSALS])
def test_refused(params: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        Task.from_manifest(params)

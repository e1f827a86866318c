"""The task: what a program is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lutscale.golden.validate import require_choice

__all__ = ["ENLARGE", "TASKS", "Task"]

TASKS = ("enlarge", "denoise")
"""To make pictures larger by the program's scale, or to take noise off grey ones."""

_LEVELS = 255


@dataclass(frozen=True)
class Task:
    """What a program is for. Its integers do not depend on it; what it is shown and scored on does.

    Attributes:
        kind: one of `TASKS`.
        sigma: to denoise, the standard deviation of the Gaussian noise in levels of 0..255, above
            0 and at most 255; else None.

    Raises:
        TypeError, ValueError: "X must be ..., not ...".
    """

    kind: str = "enlarge"
    sigma: float | None = None

    def __post_init__(self) -> None:
        require_choice("task kind", self.kind, TASKS)
        if self.kind == "enlarge":
            if self.sigma is not None:
                raise ValueError(f"sigma must be None for a task to enlarge, not {self.sigma!r}")
            return
        if isinstance(self.sigma, bool) or not isinstance(self.sigma, int | float):
            raise TypeError(f"sigma must be a number to denoise, not {self.sigma!r}")
        if not 0 < self.sigma <= _LEVELS:
            raise ValueError(f"sigma must be above 0 and at most {_LEVELS}, not {self.sigma!r}")

    def __str__(self) -> str:
        return "to enlarge" if self.sigma is None else f"to denoise sigma {self.sigma:g}"

    def params(self) -> dict[str, Any]:
        """The task as the manifest has it (JSON types)."""
        return {"kind": self.kind, **({} if self.sigma is None else {"sigma": self.sigma})}

    @classmethod
    def from_manifest(cls, params: Any) -> Task:
        """The inverse of `params`."""
        if not isinstance(params, Mapping) or "kind" not in params:
            raise ValueError(f"task must be an object with a kind, not {params!r}")
        if unknown := sorted(set(params) - {"kind", "sigma"}):
            raise ValueError(f"task fields must be among kind, sigma, not {unknown[0]!r}")
        return cls(params["kind"], params.get("sigma"))


ENLARGE = Task()

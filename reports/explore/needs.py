"""What a display needs, as a build; and which designs answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lutscale.golden.errors import InputError
from lutscale.hw.build import BEATS, MAX_SIDE
from lutscale.reports.explore.front import undominated

__all__ = ["NEEDS", "Need", "answer", "build_for", "read_need"]

NEEDS = {"4k60": (3840, 2160, 60), "1080p60": (1920, 1080, 60)}
"""Width, height and frames a second of the output, by name."""


@dataclass(frozen=True)
class Need:
    """What is asked for.

    Attributes:
        name: as it was given.
        width, height, rate: of the output: pixels, lines, frames a second.
    """

    name: str
    width: int
    height: int
    rate: int

    @property
    def pixels(self) -> int:
        """Of one plane, a second."""
        return self.width * self.height * self.rate


def read_need(text: str) -> Need:
    """A need by name, or as WIDTHxHEIGHT@RATE.

    Raises:
        InputError: neither.
    """
    if text in NEEDS:
        return Need(text, *NEEDS[text])
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})@(\d{1,4})", text)
    if not found or not all(map(int, found.groups())):
        raise InputError(
            f"need must be {', '.join(NEEDS)} or WIDTHxHEIGHT@RATE, as 1280x720@50, not {text!r}"
        )
    return Need(text, *map(int, found.groups()))


def build_for(need: Need, *, scale: int, clock: float, target: str) -> dict[str, Any]:
    """The slowest build that keeps up at a clock in MHz, as fields of a design.

    Raises:
        InputError: none does, or the need is no multiple of the scale.
    """
    if need.width % scale or need.height % scale:
        raise InputError(
            f"need must be a multiple of the scale {scale} in width and height, not {need.name}"
        )
    width, height = need.width // scale, need.height // scale
    if max(width, height) > MAX_SIDE:
        raise InputError(f"need must be at most {MAX_SIDE * scale} pixels wide, not {need.name}")
    clocks = int(clock * 1e6 / (width * height * need.rate))
    beats = [beat for beat in BEATS if clocks * beat >= scale**2]
    if not beats:
        least = -(-(scale**2) // BEATS[-1]) * width * height * need.rate / 1e6
        raise InputError(
            f"clock must be at least {least:.1f} MHz for {need.name} by {scale}, with "
            f"{BEATS[-1]} pixels a beat, not {clock:g}"
        )
    return {
        "clocks_per_pixel": min(clocks, 4096),
        "pixels_per_beat": beats[0],
        "max_width": width,
        "max_height": height,
        "target": target,
    }


def answer(
    records: Sequence[Mapping[str, Any]], build: Mapping[str, Any], budget: int
) -> dict[str, Any]:
    """Keys of the designs at a build that fit device and budget.

    Args:
        records: of designs that can be built, each with its "psnr".
        build: of `build_for`.
        budget: bytes on-chip.

    Returns:
        "programs": trained ones, best first; "trials": shapes of which a short training is known,
        best first; "next": shapes of which nothing is known and that no other one equals or
        exceeds in all that a network learns with, most lines first; "fitting", "over_budget"
        and "over_device": how many.
    """
    own = [r for r in records if all(r[name] == value for name, value in build.items())]
    fitting = [r for r in own if not r["over"] and r["on_chip_bytes"] <= budget]
    programs = [r for r in fitting if r["program"] is not None]
    shapes = [r for r in fitting if r["program"] is None]
    tried = [r for r in shapes if r["psnr"]["trials"]]
    fresh = [r for r in shapes if not r["psnr"]["trials"] and r["psnr"]["from"] is None]
    chosen = [fresh[k] for k in undominated([_means(r) for r in fresh])]
    chosen.sort(key=lambda r: (-_lines(r), r["comb"] or 0))
    return {
        "programs": [r["key"] for r in sorted(programs, key=_best_first)],
        "trials": [r["key"] for r in sorted(tried, key=_best_first)],
        "next": [r["key"] for r in chosen],
        "fitting": len(fitting),
        "over_budget": sum(r["on_chip_bytes"] > budget for r in own),
        "over_device": sum(bool(r["over"]) for r in own),
    }


def _best_first(record: Mapping[str, Any]) -> tuple[float, str, float]:
    """Set5 in order of dB; then what has validation PSNR only, a series after the other."""
    psnr = record["psnr"]
    if psnr["set5_db"] is not None or not psnr["trials"]:
        return -(psnr["set5_db"] or 0.0), "", 0.0
    longest = max(psnr["trials"], key=lambda trial: trial["steps"])
    return 0.0, longest["series"], -(longest["validation_db"] or 0.0)


def _nodes(record: Mapping[str, Any]) -> int:
    """Of the tables behind the first layer, the fewest; direct ones have one for each code."""
    options = record["options"]
    return min((1 << options["code_bits"] if n is None else n) for n in options["nodes"][1:])


def _lines(record: Mapping[str, Any]) -> int:
    """Straight lines of all functions: a function of three nodes has two."""
    return record["functions"] * (_nodes(record) - 1)


def _means(record: Mapping[str, Any]) -> tuple[float, ...]:
    """What a shape learns with: work, sight, and how finely it can tell things apart."""
    options, (rows, columns) = record["options"], record["reach"]
    return (
        record["functions"],
        min(rows, columns),
        rows * columns,
        options["code_bits"],
        _nodes(record),
        min(options["entry_bits"][1:]),
        min(options["weight_bits"][1:]),
        options["residual"],
    )

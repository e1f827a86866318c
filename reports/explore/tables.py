"""Records of designs with their PSNR, as CSV and as lines for people."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from lutscale.reports.explore.known import Known, best

__all__ = ["as_csv", "name_of", "scored"]

_FIGURES = (
    "key", "name", "tables", "clocks_per_pixel", "pixels_per_beat", "max_width", "max_height",
    "target", "form", "clock_mhz", "frames_per_second", "output_mpixel_per_second",
    "table_bytes", "on_chip_bytes", "functions", "reads", "comb", "ff", "dsp", "blocks", "over",
)  # fmt: skip
_OPTIONS = (
    "channels", "blocks", "first_kernel", "block_kernels", "last_kernel", "nodes", "entry_bits",
    "code_bits", "weight_bits", "symmetry", "residual", "shift", "one_quantiser",
)  # fmt: skip
_PSNR = ("set5_db", "from", "steps", "source")


def name_of(record: Mapping[str, Any]) -> str:
    """Of the program, or of a shape in short: channels, blocks, symmetry, kernels, then bits of
    codes, weights and entries, and nodes, behind the first layer.
    """
    if record["program"] is not None:
        return str(record["program"])
    own = record["options"]
    kernels = [[own["first_kernel"]] * 2, *own["block_kernels"], [own["last_kernel"]] * 2]
    middle = {name: "/".join(_runs(own[name][1:])) for name in ("nodes", "entry_bits")}
    words = [
        f"c{own['channels']}",
        f"b{own['blocks']}",
        own["symmetry"] or "free",
        "-".join(str(h) if h == w else f"{h}x{w}" for h, w in kernels),
        f"codes{own['code_bits']}",
        f"w{'/'.join(_runs(own['weight_bits'][1:]))}",
        f"n{middle['nodes']}",
        f"e{middle['entry_bits']}",
        *(name for name in ("residual", "shift", "shared", "depthwise") if own[name]),
        *([] if own["frame_residual"] else ["alone"]),
        *([] if own["learn_nodes"] else ["uniform"]),
    ]
    return " ".join(words)


def _runs(numbers: Sequence[Any]) -> list[str]:
    """Each number once, in order."""
    return [str("all" if n is None else n) for n in dict.fromkeys(numbers)]


def scored(record: Mapping[str, Any], known: Known, clock: float) -> dict[str, Any]:
    """A record with its name, with what is known of its PSNR, and with its speed at a clock."""
    found = known.of(record)
    top = best(found)
    trials = [
        {
            "series": score.name,
            "steps": score.steps,
            "set5_db": score.set5,
            "validation_db": score.validation,
            "source": score.source,
        }
        for score in found
        if score.kind == "trial"
    ]
    psnr = {
        "set5_db": top and top.set5,
        "from": top and top.kind,
        "steps": top and top.steps,
        "source": top and top.source,
        "trials": trials,
    }
    rate = clock * 1e6 / record["frame_clocks"]
    pixels = record["max_width"] * record["max_height"] * record["scale"] ** 2
    return {
        **record,
        "name": name_of(record),
        "clock_mhz": clock,
        "frames_per_second": round(rate, 2),
        "output_mpixel_per_second": round(rate * pixels / 1e6, 1),
        "psnr": psnr,
    }


def as_csv(records: Sequence[Mapping[str, Any]], refused: Sequence[Mapping[str, Any]]) -> str:
    """A row a design, those that cannot be built at the end, with their reason.

    Validation PSNR stands in no column: it may be compared within a series only, and is in the
    JSON.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow([*_FIGURES, *_OPTIONS, *_PSNR, "trials", "reason"])
    for record in [*records, *refused]:
        options, psnr = record["options"] or {}, record.get("psnr") or {}
        rows.writerow(
            [
                *(record.get(name) for name in _FIGURES),
                *(options.get(name) for name in _OPTIONS),
                *(psnr.get(name) for name in _PSNR),
                "; ".join(map(_trial, psnr.get("trials", []))),
                record["reason"],
            ]
        )
    return text.getvalue()


def _trial(trial: Mapping[str, Any]) -> str:
    figures = {"Set5": trial["set5_db"], "validation": trial["validation_db"]}
    told = ", ".join(f"{name} {db:.3f}" for name, db in figures.items() if db is not None)
    return f"{trial['series']}, {trial['steps']} steps: {told}"

"""What ``lutscale fpga`` says of a core: what was expected before synthesis, and what it became."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from lutscale.hw.estimates import estimate
from lutscale.hw.plan import Plan
from lutscale.hw.targets import TARGETS

__all__ = ["expected", "last_line", "only_estimated", "print_expected"]

_LINE = (
    "program", "target", "clocks_per_pixel", "comb", "ff", "dsp", "blocks", "fmax_mhz", "seeds",
    "estimate", "result",
)  # fmt: skip
"""Of the report, what the last line says; and of the netlist, where it was simulated."""

_LABELS = {
    "comb": "LUT places (COMB)",
    "ff": "flip-flops",
    "dsp": "multipliers",
    "blocks": "block memories",
}


def expected(plan: Plan, clock: float) -> dict[str, Any]:
    """What is known before synthesis: the estimate, and what follows from the plan exactly."""
    width, height = plan.build.max_width, plan.build.max_height
    return {
        "estimate": estimate(plan).as_dict(),
        "clock_mhz": clock,
        "latency": None if plan.latency is None else vars(plan.latency),
        "latency_bound_clocks": plan.latency_bound(width),
        "frame": f"{width}x{height}",
        "frame_clocks": plan.frame_clocks(width, height),
        "frames_per_second": round(plan.frames_per_second(width, height, clock), 2),
    }


def only_estimated(plan: Plan) -> dict[str, Any]:
    """The report where nothing was synthesised."""
    figures = ("comb", "ff", "dsp", "blocks", "fmax_mhz")
    return {
        "program": plan.program.name,
        **plan.build.to_json(),
        **dict.fromkeys(figures),
        "seeds": {},
        "source": {"estimate": "estimated", "estimate.blocks": "counted"},
        "forms": [choice.as_dict() for choice in plan.choices.values()],
        "result": "estimated",
    }


def print_expected(report: Mapping[str, Any], console: Console) -> None:
    """A table of what was expected, and what it became."""
    device = TARGETS[report["target"]].device if report["target"] in TARGETS else None
    there = {
        "comb": device and device.luts,
        "ff": device and device.flip_flops,
        "dsp": device and device.multipliers,
        "blocks": device and device.blocks,
    }
    columns = ["", "estimated", *(["synthesised"] if report["comb"] is not None else [])]
    table = Table(
        title=f"{report['program']}, {report['clocks_per_pixel']} clocks a pixel, "
        f"{report['target']}",
        title_justify="left",
    )
    for name in [*columns, *(["device"] if device else [])]:
        table.add_column(name, justify="right" if name else "left")
    for figure, label in _LABELS.items():
        counts = [report["estimate"][figure]]
        counts += [report[figure]] if report["comb"] is not None else []
        counts += [there[figure]] if device else []
        table.add_row(label, *("" if n is None else f"{n:,}" for n in counts))
    console.print(table)
    console.print(
        f"{report['frames_per_second']} frames of {report['frame']} a second at "
        f"{report['clock_mhz']:g} MHz, {report.get('colour', 'one colour plane')}; latency at most "
        f"{report['latency_bound_clocks']:,} clocks",
        highlight=False,
        soft_wrap=True,
    )


def last_line(report: Mapping[str, Any]) -> str:
    """The last line: one line of JSON."""
    line = {name: report[name] for name in _LINE}
    if "netlist" in report:
        line["netlist"] = report["netlist"]["result"]
    return json.dumps(line)

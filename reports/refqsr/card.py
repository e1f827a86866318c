"""The Markdown card of a network of mixed precision."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from lutscale.golden.refqsr.network import Network
from lutscale.reports.markdown import markdown_table
from lutscale.reports.provenance import how_made
from lutscale.reports.refqsr.counted import architecture_of, is_full
from lutscale.reports.refqsr.measure import BASELINE_BITS

__all__ = ["COSTS", "card", "network_costs", "precision", "read_costs"]

COSTS = {
    "share": "references",
    "fab": "FAB, bits",
    "body": "body, M BitOPs",
    "whole": "whole, M BitOPs",
    "body_saved": "body saved",
    "whole_saved": "whole saved",
}
"""Columns of a table of costs, by field of `reports.refqsr.measure`."""

_PERCENT = ("share", "body_saved", "whole_saved")


def precision(network: Network) -> str:
    """Activation bits of the body in words, such as "8 and 4"."""
    first = network.blocks[len(network.blocks) // 2].first
    if is_full(network):
        return "full"
    high = (
        f"chosen of {', '.join(map(str, first.selector.bits))}"
        if first.selector is not None
        else str(max(first.chains))
    )
    return high if network.dispatch is None else f"{high} and {network.dispatch.low}"


def card(network: Network, sets: Mapping[str, Mapping[str, Any]], word: str) -> str:
    """The card as text.

    Args:
        sets: of `reports.refqsr.measure.measure_networks`, by name of the set.
        word: the network's name in the zoo, or its file.
    """
    shape = architecture_of(network)
    shared = (
        ""
        if network.dispatch is None
        else " A picture runs in patches, references and queries (RefQSR)."
    )
    rows = [
        [
            name, str(row["images"]), f"{row['psnr']:.3f}", f"{row['ssim']:.4f}",
            f"{row['psnr_baseline']:.3f}", f"{row['ssim_baseline']:.4f}",
        ]
        for name, row in sets.items()
    ]  # fmt: skip
    head = ["set", "images", "PSNR", "SSIM", "bicubic PSNR", "bicubic SSIM"]
    costs = [[name, *network_costs(row)] for name, row in sets.items()]
    return "\n".join(
        [
            f"# {network.name}",
            "",
            f"x{network.scale}: SRResNet of {shape.blocks} blocks of {shape.channels} channels, "
            f"{shape.macs:,} multiplications for an LR pixel, {shape.body_macs:,} of them in the "
            f"body. Activation bits of the body: {precision(network)}.{shared}",
            "",
            *how_made(network),
            "",
            "## What it scores",
            "",
            "Integer network through golden, luma PSNR in dB and SSIM; bicubic in the same run.",
            "",
            *markdown_table(head, rows, texts=1),
            "",
            "## What it costs",
            "",
            "Share of references among patches, mean activation bits (FAB), BitOPs of an LR pixel "
            "in millions, and what is saved of those with a body of "
            f"{BASELINE_BITS} by {BASELINE_BITS} bits on whole pictures.",
            "",
            *markdown_table(["set", *COSTS.values()], costs, texts=1),
            "",
            f"    {shlex.join(['lutscale', 'benchmark', word])}",
            "",
        ]
    )


def network_costs(row: Mapping[str, Any]) -> list[str]:
    """The cells of `COSTS` for a row of `reports.refqsr.measure`."""
    return [
        f"{100 * row[key]:.1f} %"
        if key in _PERCENT
        else f"{row[key]:.2f}"
        if key == "fab"
        else f"{row[key] / 1e6:.3f}"
        for key in COSTS
    ]


_ROW = re.compile(
    r"\| (?P<set>[^|]+) \| (?P<share>[\d.]+) % \| (?P<fab>[\d.]+) \| (?P<body>[\d.]+) \| "
    r"(?P<whole>[\d.]+) \| (?P<body_saved>-?[\d.]+) % \| (?P<whole_saved>-?[\d.]+) % \|"
)


def read_costs(text: str) -> dict[str, dict[str, float]]:
    """The costs on a card, as `reports.refqsr.measure` gave them, by name of the set.

    Returns:
        for each set the fields of `COSTS`, with as many digits as the card has.
    """
    found = {}
    for row in map(_ROW.fullmatch, text.splitlines()):
        if row:
            factors = {"body": 1e6, "whole": 1e6} | dict.fromkeys(_PERCENT, 0.01)
            found[row["set"]] = {key: float(row[key]) * factors.get(key, 1.0) for key in COSTS}
    return found

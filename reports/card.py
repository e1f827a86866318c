"""The Markdown card of a program of the zoo: what it is, how it was made, what it scores."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from lutscale.golden.program import Program
from lutscale.reports.account import BUDGET_BITS
from lutscale.reports.provenance import how_made
from lutscale.reports.scores import Trial

__all__ = ["card", "read_scores"]


def card(
    program: Program,
    trial: Trial,
    costs: Mapping[str, Any],
    sets: Mapping[str, Mapping[str, Any]],
    file: str,
) -> str:
    """The card as text.

    Args:
        trial: how it was measured.
        costs: of `reports.costs.costs`.
        sets: of `reports.scores.measure`, by name of the set.
        file: the program's name in the zoo, or its file.
    """
    count = sum(1 for layer in program.layers if layer.table_bits)
    kind = f"x{program.scale}"
    if trial.sigma is not None:
        kind = f"Greyscale denoising, sigma {trial.sigma:g}"
    verdict = "within" if costs["fits"] else "over"
    lines = [
        f"# {program.name}",
        "",
        f"{kind}: {count} layer{'s' * (count > 1)} of tables, {program.functions:,} functions and "
        f"{program.reads:,} table reads a pixel. Tables {costs['table_bytes']:,} bytes, with "
        f"quantiser ROMs {program.table_bytes:,} bytes. On-chip {costs['on_chip_bytes']:,} bytes "
        f"at {costs['line_width']} LR pixels a line, {costs['clocks_per_pixel']} clocks a pixel "
        f"and {costs['pixels_per_beat']} pixels a beat: {verdict} the budget of "
        f"{BUDGET_BITS // 8:,}.{_symmetry(program)}",
        "",
        *how_made(program),
        "",
        *_scores(trial, sets),
        "",
        f"    {_command(program, trial, file)}",
        "",
    ]
    return "\n".join(lines)


def _symmetry(program: Program) -> str:
    if program.symmetry is None:
        return ""
    turns = {"p4": "turned", "p4m": "turned or mirrored"}[program.symmetry]
    return (
        f" Tables are tied under {program.symmetry}: a frame that is {turns} gives the very "
        f"result, {turns}."
    )


def _command(program: Program, trial: Trial, file: str) -> str:
    """The command that measures again, with what the program itself does not say."""
    words = ["lutscale", "benchmark", file]
    if trial.sigma is not None and trial.task != program.task:
        words += ["--sigma", f"{trial.sigma:g}"]
    if trial.seed:
        words += ["--seed", str(trial.seed)]
    return shlex.join(words)


def _scores(trial: Trial, sets: Mapping[str, Mapping[str, Any]]) -> list[str]:
    if trial.sigma is None:
        what = "luma PSNR in dB and SSIM; bicubic in the same run."
    else:
        what = (
            f"PSNR in dB and SSIM of grey pictures; those of the noisy input (seed {trial.seed} "
            "for the first picture of a set) in the same run."
        )
    lines = [
        "## What it scores",
        "",
        f"Integer program through golden, {what}",
        "",
        f"| set | images | PSNR | SSIM | {trial.baseline} PSNR | {trial.baseline} SSIM |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, row in sets.items():
        lines.append(
            f"| {name} | {row['images']} | {row['psnr']:.3f} | {row['ssim']:.4f} | "
            f"{row['psnr_baseline']:.3f} | {row['ssim_baseline']:.4f} |"
        )
    return lines


_ROW = re.compile(r"\| (?P<set>[^|]+) \| (?P<images>\d+) \|(?P<scores>( -?[\d.]+ \|){4})")


def read_scores(text: str) -> dict[str, dict[str, float]]:
    """The scores on a card, as `reports.scores.measure` gave them, by name of the set.

    Returns:
        for each set "images", "psnr", "ssim", "psnr_baseline" and "ssim_baseline", with as many
        digits as the card has; nothing for a text without a table of scores.
    """
    names = ("psnr", "ssim", "psnr_baseline", "ssim_baseline")
    found = {}
    for row in map(_ROW.fullmatch, text.splitlines()):
        if row:
            scores = (float(score) for score in row["scores"].split("|")[:-1])
            found[row["set"]] = {
                "images": int(row["images"]), **dict(zip(names, scores, strict=True))
            }  # fmt: skip
    return found

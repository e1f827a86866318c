"""What each ingredient of IQ-LUT brings: ``python -m lutscale.model.ablation --data FOLDER``.

Trains the same small network with one thing changed at a time, all with the same steps, seed and
patches, and writes a table of the validation PSNR of the integer programs beside their bytes.
A run that is there already is not repeated, so that the command can be broken off and goes on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click
import torch

from lutscale.golden.command import one_line_errors
from lutscale.golden.files import whole_file
from lutscale.golden.program_file import load
from lutscale.model.options import photographs
from lutscale.model.recipe import Recipe
from lutscale.model.train import train

__all__ = ["VARIANTS", "Variant", "page"]

SYSTEM = "iqlut-hd-x4"


@dataclass(frozen=True)
class Variant:
    """One row of the table.

    Attributes:
        label: what is changed, in words.
        options: arguments of the network, besides the number of channels.
        taught: whether the teacher's results are learnt from.
        rate: peak of the learning rate where the recipe's does not suit: entries of direct tables
            see few pixels each, and larger steps make noise of them.
    """

    label: str
    options: Mapping[str, Any] = field(default_factory=dict)
    taught: bool = False
    rate: float | None = None

    @property
    def folder(self) -> str:
        """Name of the run's folder."""
        words = "".join(c if c.isalnum() else " " for c in self.label).split()
        return "-".join(words).lower()


ECNN_RATE = 4e-4
ECNN = {"nodes": None, "residual": False}
TEACHER = Variant("teacher: 33 uniform nodes", {"nodes": 33, "learn_nodes": False})
"""Close to one free function a tap, and quick to train."""

VARIANTS = (
    Variant("ECNN: 256 levels, no residual blocks", ECNN, rate=ECNN_RATE),
    Variant("ECNN with residual blocks", {"nodes": None}, rate=ECNN_RATE),
    Variant("5 uniform nodes, no residual blocks", {"learn_nodes": False, "residual": False}),
    Variant("5 uniform nodes, residual blocks", {"learn_nodes": False}),
    Variant("IQ-LUT: 5 learnt nodes, residual blocks"),
    Variant("IQ-LUT, taught", {}, taught=True),
    Variant("IQ-LUT, result not added to the frame", {"frame_residual": False}),
    Variant("IQ-LUT, 3 nodes", {"nodes": 3}),
    Variant("IQ-LUT, 9 nodes", {"nodes": 9}),
    Variant("IQ-LUT, entries of 6 bits", {"entry_bits": 6}),
    Variant("IQ-LUT, entries of 5 bits", {"entry_bits": 5}),
    Variant("IQ-LUT, entries of 4 bits", {"entry_bits": 4}),
    Variant("IQ-LUT, 3 nodes, four blocks", {"nodes": 3, "blocks": 4}),
    Variant("IQ-LUT, 3 nodes, 6 bits, five blocks", {"nodes": 3, "entry_bits": 6, "blocks": 5}),
    TEACHER,
)


def page(rows: Sequence[Mapping[str, Any]], recipe: Recipe, channels: int, command: str) -> str:
    """The table as Markdown.

    Args:
        rows: "label", "bytes" of tables alone and "with_roms" and "psnr" of each run.
    """
    base = next((row for row in rows if row["label"].startswith("ECNN:")), rows[0])
    lines = [
        "# What each ingredient brings",
        "",
        f"x4, {channels} channels, two 3x3 blocks where nothing else is said; "
        f"{recipe.steps:,} steps of batch {recipe.batch}, "
        f"patches of {recipe.patch}x{recipe.patch}, rate {recipe.rate} ({ECNN_RATE} for ECNN's "
        f"tables, which do better with it), seed {recipe.seed}. PSNR is that of the integer "
        "program's luma on the held-out photographs, the best of its checks; no test set is "
        "looked at.",
        "",
        "| network | tables, bytes | smaller than ECNN | with ROMs | PSNR, dB |",
        "|---|---:|---:|---:|---:|",
    ]
    for row in rows:
        ratio = base["bytes"] / row["bytes"]
        lines.append(
            f"| {row['label']} | {row['bytes']:,} | {ratio:.1f} | {row['with_roms']:,} | "
            f"{row['psnr']:.3f} |"
        )
    return "\n".join([*lines, "", f"    {command}", ""])


@click.command()
@photographs
@click.option("--out", type=click.Path(path_type=Path), default=Path("build/ablation"))
@click.option("--steps", default=3000, show_default=True)
@click.option("--channels", default=8, show_default=True)
@click.option("--only", multiple=True, help="Part of the label of the rows to train.")
@click.option("--threads", default=0, help="CPU threads; 0 leaves it to PyTorch.")
@one_line_errors
def main(
    data: Path, out: Path, steps: int, channels: int, only: Sequence[str], threads: int
) -> None:
    """Train every variant and write OUT/ablation.md."""
    if threads:
        torch.set_num_threads(threads)
    recipe = Recipe(steps=steps, check=max(steps // 5, 1))
    rows = []
    wanted = [v for v in VARIANTS if not only or any(word in v.label for word in only)]
    if any(variant.taught for variant in wanted):
        # The teacher comes first, also where its row is not asked for.
        _run(TEACHER, data, out, recipe, channels)
    for variant in wanted:
        rows.append(_run(variant, data, out, recipe, channels))
        command = (
            f"python -m lutscale.model.ablation --data FOLDER --steps {steps} --channels {channels}"
        )
        with whole_file(out / "ablation.md") as part:
            part.write_text(page(rows, recipe, channels, command))
    print(out / "ablation.md")


def _run(variant: Variant, data: Path, out: Path, recipe: Recipe, channels: int) -> dict[str, Any]:
    options = {"channels": channels, **variant.options}
    recipe = replace(recipe, options=options, rate=variant.rate or recipe.rate)
    if variant.taught:
        recipe = replace(recipe, teacher=str(out / TEACHER.folder / "last.pt"))
    folder = out / variant.folder
    program = load(train(SYSTEM, data, folder, recipe, resume=True))
    entries = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return {
        "label": variant.label,
        "bytes": program.table_bits // 8,
        "with_roms": program.table_bytes,
        "psnr": max(entry["psnr"] for entry in entries),
    }


if __name__ == "__main__":
    main()

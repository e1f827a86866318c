"""PSNR and SSIM of programs on test sets, as the papers measure: ``python -m reports.quality``.

LR is the exact bicubic of the HR image cropped to a multiple of r; R, G and B run separately
through the integer program (golden); PSNR is that of the luma (BT.601, 16-235) with r pixels
shaved on each side, SSIM is without shaving, both are means over the images. The bicubic
upscale is measured in the same run.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from golden.bicubic import crop_to_multiple, downscale, upscale
from golden.command import one_line_errors
from golden.errors import InputError
from golden.files import whole_file
from golden.image import list_images, read_rgb
from golden.program import Program, load
from golden.quality import psnr, ssim

__all__ = ["SETS", "card", "find_sets", "measure"]

SETS = ("Set5", "Set14", "B100", "Urban100", "Manga109")


def find_sets(data: Path, names: Iterable[str] = SETS) -> dict[str, list[Path]]:
    """HR images of each set that is there: ``data/NAME/HR``, ``data/NAME`` or below ``test/``.

    Raises:
        InputError: none of the sets is there.
    """
    root = data / "test" if (data / "test").is_dir() else data
    found = {}
    for name in names:
        folder = root / name
        folder = folder / "HR" if (folder / "HR").is_dir() else folder
        if folder.is_dir():
            found[name] = list_images(folder)
    if not found:
        raise InputError(f"{root}: must hold one of {', '.join(names)}, but holds none")
    return found


def measure(program: Program, images: Sequence[Path]) -> dict[str, float]:
    """Mean scores of a program and of bicubic on the same images.

    Returns:
        "psnr", "ssim", "psnr_bicubic", "ssim_bicubic" and "images".
    """
    r = program.scale
    scores = []
    for path in tqdm(images, desc=program.name, unit="img", leave=False):
        hr = crop_to_multiple(read_rgb(path), r)
        lr = downscale(hr, r)
        ours, bicubic = program.run_image(lr), upscale(lr, r) if r > 1 else lr
        scores.append([psnr(ours, hr, r), ssim(ours, hr), psnr(bicubic, hr, r), ssim(bicubic, hr)])
    names = ("psnr", "ssim", "psnr_bicubic", "ssim_bicubic")
    means = np.mean(scores, axis=0)
    rounded = {name: round(float(mean), 4) for name, mean in zip(names, means, strict=True)}
    return {**rounded, "images": len(images)}


def card(program: Program, report: Mapping[str, Any], file: str) -> str:
    """The Markdown card of a zoo program: how it was made, what it measures.

    Args:
        report: of `measure`, by name of the set.
        file: name of the program file.
    """
    made = program.provenance
    kernels = [layer for layer in program.layers if layer.functions]
    options = ("steps", "batch", "patch", "rate", "seed", "check")
    command = " ".join(
        [f"python -m model.train {program.name} --data FOLDER"]
        + [f"--{option} {made[option]}" for option in options if option in made]
    )
    ours = made.get("sets", ["FOLDER"])
    minutes = made.get("seconds", 0) / 60
    lines = [
        f"# {program.name}",
        "",
        f"x{program.scale}, {len(kernels)} layers of tables, {program.functions:,} functions a "
        f"pixel. Tables {program.table_bits // 8:,} bytes, with quantiser ROMs "
        f"{program.table_bytes:,} bytes. File: `{file}`.",
        "",
        "## How it was trained",
        "",
        f"    {command}",
        "",
        f"{made.get('images', '?')} photographs of {', '.join(ours)}; every "
        f"20th file by name held out for validation. DIV2K, which papers train on, is "
        f"{'among' if 'DIV2K' in ours else 'not among'} them. L1 loss, Adam, codes "
        f"and entries quantised as deployed from the first step. The checkpoint of step "
        f"{made.get('step', '?')} did best on the validation split, {minutes:.0f} minutes into "
        f"the run ({made.get('machine', 'machine not recorded')}).",
        *(["", made["note"]] if "note" in made else []),
        "",
        "## What it scores",
        "",
        "Integer program through golden, luma PSNR in dB and SSIM; bicubic in the same run.",
        "",
        "| set | images | PSNR | SSIM | bicubic PSNR | bicubic SSIM |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, row in report.items():
        lines.append(
            f"| {name} | {row['images']} | {row['psnr']:.3f} | {row['ssim']:.4f} | "
            f"{row['psnr_bicubic']:.3f} | {row['ssim_bicubic']:.4f} |"
        )
    return "\n".join([*lines, "", f"    python -m reports.quality {file}", ""])


@click.command()
@click.argument("programs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    envvar="LUTSCALE_DATA",
    required=True,
    help="Folder of test sets (or with a test/ in it). [env: LUTSCALE_DATA]",
)
@click.option("--set", "sets", multiple=True, help=f"Only these sets. [{', '.join(SETS)}]")
@click.option("--out", type=click.Path(path_type=Path), default=Path("build/reports"))
@click.option("--card", "cards", is_flag=True, help="Write PROGRAM.md beside each program.")
@one_line_errors
def main(programs: Sequence[Path], data: Path, sets: Sequence[str], out: Path, cards: bool) -> None:
    """Measure PROGRAMS on the test sets; write quality.json."""
    loaded = {path: load(path) for path in programs}
    found = find_sets(data, sets or SETS)
    results: dict[str, Any] = {}
    table = Table("program", "bytes", "set", "PSNR", "SSIM", "bicubic")
    for path, program in loaded.items():
        report = {name: measure(program, images) for name, images in found.items()}
        results[program.name] = {"table_bytes": program.table_bytes, "sets": report}
        for name, row in report.items():
            figures = f"{row['psnr']:.3f}", f"{row['ssim']:.4f}", f"{row['psnr_bicubic']:.3f}"
            table.add_row(program.name, f"{program.table_bytes:,}", name, *figures)
        if cards:
            with whole_file(path.with_suffix(".md")) as part:
                part.write_text(card(program, report, str(path)))
    Console().print(table)
    text = json.dumps({"machine": platform.processor() or platform.machine(), **results}, indent=1)
    with whole_file(out / "quality.json") as part:
        part.write_text(text + "\n")


if __name__ == "__main__":
    main()

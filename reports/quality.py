"""The benchmark: quality and cost of programs on test sets, beside the literature.

    lutscale benchmark                   # every program of the zoo
    lutscale benchmark MINE.npz --card   # these, and a card beside each

What is measured is the integer program itself, through golden. The results are benchmark.json,
benchmark.md, and for x4 on Set5 a picture, benchmark.png.
"""

from __future__ import annotations

import platform
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from lutscale.golden import zoo
from lutscale.golden.command import PROGRAM, Command, one_line_errors, out_option
from lutscale.golden.errors import InputError
from lutscale.golden.files import whole_file, write_whole
from lutscale.golden.model_file import load
from lutscale.golden.origin import origin
from lutscale.golden.program import Program
from lutscale.golden.refqsr.network import Network
from lutscale.hw.build import Build, build_options
from lutscale.reports.benchmark_page import to_json, to_markdown
from lutscale.reports.benchmark_picture import picture, points
from lutscale.reports.card import card
from lutscale.reports.costs import costs
from lutscale.reports.plots import plotted
from lutscale.reports.provenance import imported_family, trained_on
from lutscale.reports.published import PUBLISHED
from lutscale.reports.refqsr import benchmark as mixed
from lutscale.reports.refqsr import card as mixed_card
from lutscale.reports.scores import (
    GREY_SETS,
    SetJob,
    Trial,
    each_set,
    find_sets,
    measure,
    suitable,
    trial_of,
)

__all__ = ["benchmark", "main"]

_ENLARGE = (
    "LR is MATLAB's bicubic of the HR image cropped to a multiple of r; R, G and B run separately; "
    "PSNR of the BT.601 luma, r pixels shaved; SSIM 11x11 Gaussian, sigma 1.5, nothing shaved; "
    "means over the images."
)
_DENOISE = (
    "To denoise: Gaussian noise on the grey image, rounded and clipped to 8 bits, by numpy's "
    "default_rng with seed {seed} for the first image of a set and one more for each next; PSNR "
    "and SSIM of the grey result, nothing shaved; means over the images."
)


def _protocol(entries: Sequence[Mapping[str, Any]], seed: int) -> list[str]:
    """How the figures were measured, a sentence or two a line."""
    noisy = [entry["sigma"] is not None for entry in entries]
    return [
        "Figures are those of the integer programs, run through golden.",
        *([] if noisy and all(noisy) else [_ENLARGE]),
        *([_DENOISE.format(seed=seed)] if any(noisy) else []),
        "On-chip is every memory of the pipeline as instantiated. 1 KB = 1024 bytes.",
    ]


def benchmark(
    programs: Mapping[Path, Program],
    sets: Mapping[str, list[Path]],
    build: Build,
    *,
    sigma: float | None = None,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Cost and scores of programs, by their files, in the order given.

    Args:
        build: that costs hold for; more clocks a pixel where a program needs them.

    Raises:
        InputError: a program cannot be built, a denoiser's sigma is missing, an image cannot be
            measured, or there is no set for any of the programs.
    """
    trials = {path: trial_of(p, sigma=sigma, seed=seed) for path, p in programs.items()}
    entries = {
        path: _entry(path, program, trials[path], build) for path, program in programs.items()
    }
    jobs = [
        SetJob(trial, [path for path in programs if trials[path] == trial], name, images)
        for trial in dict.fromkeys(trials.values())
        for name, images in suitable(trial, sets).items()
    ]
    if not jobs:
        grey = all(trial.sigma is not None for trial in trials.values())
        wanted = " or ".join(GREY_SETS) if grey else "sets to enlarge (such as Set5)"
        raise InputError(f"test sets must be {wanted} for these programs, not {', '.join(sets)}")
    for path, name, row in each_set(
        jobs,
        "programs",
        lambda job, tick: measure(
            [programs[path] for path in job.paths], job.images, job.trial, tick=tick
        ),
    ):
        entries[path]["sets"][name] = row
    return list(entries.values())


def _entry(path: Path, program: Program, trial: Trial, build: Build) -> dict[str, Any]:
    """What is known of a program before it has run."""
    try:
        cost = costs(program, build)
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None
    return {
        "name": program.name,
        "file": zoo.word_for(path),
        "origin": origin(program),
        "scale": program.scale,
        "task": trial.text,
        "sigma": trial.sigma,
        "baseline": trial.baseline,
        "trained_on": trained_on(program),
        "imported_family": imported_family(program),
        "costs": cost,
        "sets": {},
    }


def _print_summary(result: Mapping[str, Any], console: Console) -> None:
    table = Table("program", "tables", "on-chip", "set", "PSNR", "SSIM", "before")
    for entry in result["programs"]:
        cost = entry["costs"]
        first = (
            entry["name"], f"{cost['table_bytes_with_quantiser']:,}", f"{cost['on_chip_bytes']:,}"
        )  # fmt: skip
        for name, row in entry["sets"].items():
            table.add_row(
                *first, name, *(f"{row['psnr']:.3f}", f"{row['ssim']:.4f}"),
                f"{row['psnr_baseline']:.3f}",
            )  # fmt: skip
            first = ("", "", "")
        if not entry["sets"]:
            table.add_row(*first, "no set for it", "", "", "")
    if result["programs"]:
        console.print(table)
    if result["networks"]:
        console.print(_network_summary(result["networks"]))


def _network_summary(networks: Sequence[Mapping[str, Any]]) -> Table:
    table = Table("network", "body", "set", "PSNR", "SSIM", "before", "references", "body saved")
    for entry in networks:
        first = (entry["name"], entry["body"])
        for name, row in entry["sets"].items():
            table.add_row(
                *first, name, f"{row['psnr']:.3f}", f"{row['ssim']:.4f}",
                f"{row['psnr_baseline']:.3f}", f"{row['share']:.1%}", f"{row['body_saved']:.1%}",
            )  # fmt: skip
            first = ("", "")
    return table


_EXAMPLES = (
    ("every program of the zoo, every set", "lutscale benchmark --data sets/"),
    ("one of them, two sets", "lutscale benchmark iqlut-s-x4 --data sets/ --set Set5 --set Set14"),
    ("your own, and write its card", "lutscale benchmark mine.npz --data sets/ --card"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@click.argument("programs", nargs=-1, type=PROGRAM)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    envvar="LUTSCALE_DATA",
    help="Folder of test sets (or with a test/ in it). [env: LUTSCALE_DATA]",
)
@click.option("--set", "names", multiple=True, help="Only this set; may be given again.")
@click.option("--sigma", type=float, help="Of the noise. [default: what the program's task says]")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the noise.")
@build_options
@out_option("build/reports/benchmark", "benchmark.json, benchmark.md and benchmark.png")
@click.option("--card", "cards", is_flag=True, help="Write PROGRAM.md beside each program.")
@one_line_errors
def main(
    programs: tuple[Path, ...],
    data: Path | None,
    names: tuple[str, ...],
    sigma: float | None,
    seed: int,
    build: Build,
    out: Path,
    cards: bool,
) -> None:
    """Measure PSNR, SSIM and bytes on test sets.

    PROGRAMS are files or names of the zoo; without any it is the whole zoo. For networks of mixed
    precision, BitOPs are counted as well.

    Programs that enlarge run on every folder of images but Set12 and BSD68; those of scale 1 take
    off noise there, and are measured on these two.
    """
    if data is None:
        raise InputError("--data (or LUTSCALE_DATA) must be a folder of test sets, but is missing")
    loaded = {path: load(path) for path in dict.fromkeys(programs) or _all()}
    streaming = {path: p for path, p in loaded.items() if isinstance(p, Program)}
    networks = {path: p for path, p in loaded.items() if isinstance(p, Network)}
    sets = find_sets(data, names)
    entries = benchmark(streaming, sets, build, sigma=sigma, seed=seed) if streaming else []
    measured = mixed.benchmark_networks(networks, sets)
    result = {
        "format": "lutscale-benchmark",
        "version": 1,
        "command": _command(programs, names, sigma, seed, build),
        "machine": platform.processor() or platform.machine(),
        "seed": seed,
        "protocol": [*_protocol(entries, seed), *(mixed.NOTES if networks else ())],
        "programs": entries,
        "networks": measured,
        "published": [{**system.to_json(), "size": system.size} for system in PUBLISHED],
    }
    _write(result, out)
    if cards:
        for (path, network), entry in zip(networks.items(), measured, strict=True):
            with whole_file(path.with_suffix(".md")) as part:
                part.write_text(mixed_card.card(network, entry["sets"], zoo.word_for(path)))
        for (path, program), entry in zip(streaming.items(), entries, strict=True):
            trial = trial_of(program, sigma=sigma, seed=seed)
            with whole_file(path.with_suffix(".md")) as part:
                part.write_text(
                    card(program, trial, entry["costs"], entry["sets"], zoo.word_for(path))
                )


def _all() -> list[Path]:
    found = [*zoo.programs().values(), *zoo.networks().values()]
    if not found:
        raise InputError(f"{zoo.folder()}: must hold programs (.npz), but holds none")
    return found


def _command(
    programs: Sequence[Path],
    names: Sequence[str],
    sigma: float | None,
    seed: int,
    build: Build,
) -> str:
    """The command line that measures the same again."""
    words = ["lutscale", "benchmark", *map(zoo.word_for, programs)]
    for name in names:
        words += ["--set", name]
    if sigma is not None:
        words += ["--sigma", f"{sigma:g}"]
    words += ["--seed", str(seed)]
    words += build.options()
    return shlex.join(words)


def _write(result: Mapping[str, Any], out: Path) -> None:
    """Print the summary and write the files, each whole or not at all."""
    _print_summary(result, Console())
    files = {
        "benchmark.json": to_json(result).encode(),
        "benchmark.md": to_markdown(result).encode(),
    }
    if result["networks"]:
        files |= plotted("bitops.png", lambda: mixed.curve(result["networks"]))
    if points(result):
        files |= plotted("benchmark.png", lambda: picture(result))
    write_whole(out, files)
    click.echo(f"written: {', '.join(str(out / name) for name in files)}")
    for picture_file in {"benchmark.png", "bitops.png"} - set(files):
        (out / picture_file).unlink(missing_ok=True)
    if result["programs"] and not points(result):
        click.echo("no picture: it shows x4 on Set5, which was not measured")

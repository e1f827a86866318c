"""Which network, and which build? ``lutscale explore``.

Plans designs by the thousand, and sets what each would take beside the PSNR that is known of it.
A journal in the output folder keeps what is done, so that a run which was stopped goes on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from lutscale.golden.command import Command, one_line_errors, out_option
from lutscale.golden.errors import InputError
from lutscale.golden.files import write_whole
from lutscale.golden.validate import require_int
from lutscale.hw.targets import TARGETS, find_target
from lutscale.reports.explore.design import Design, code_stamp, evaluated
from lutscale.reports.explore.front import front
from lutscale.reports.explore.journal import Journal
from lutscale.reports.explore.known import Known, known
from lutscale.reports.explore.needs import NEEDS, answer, build_for, read_need
from lutscale.reports.explore.pictures import picture
from lutscale.reports.explore.pool import done
from lutscale.reports.explore.space import DEFAULT, Space, read_space
from lutscale.reports.explore.tables import as_csv, name_of, scored
from lutscale.reports.explore.training import (
    Training,
    as_results,
    train_all,
    training_stamp,
    trainings,
)
from lutscale.reports.plots import plotted

__all__ = ["designs", "main", "sweep"]

_TOGETHER = 8
"""Designs of a task: enough that asking for them costs little."""

_TRAINED = "trained.json"
"""The results file of own trainings, in the output folder."""

_FRONTS = {
    "bytes": ("on_chip_bytes", "on-chip memory [bytes]"),
    "comb": ("comb", "lookup tables, predicted (COMB)"),
}


def designs(
    space: Space, count: int, builds: Sequence[Mapping[str, Any]], known: Known
) -> list[Design]:
    """At least ``count`` designs, where the space has so many: all known networks at every build,
    and networks of the space at every build; each once.
    """
    own = [*known.programs.values(), *known.shapes]
    wanted = -(-count // len(builds)) - len(own)
    networks = dict.fromkeys([*own, *space.networks(max(wanted, 0))])
    # Networks that were known already do not count twice.
    while len(networks) * len(builds) < count and wanted < space.size:
        wanted += 1
        networks = dict.fromkeys([*own, *space.networks(wanted)])
    return [Design(network, **build) for network in networks for build in builds]


def sweep(
    wanted: Sequence[Design], journal: Journal, *, workers: int, scheduler: str | None
) -> list[dict[str, Any]]:
    """The record of each design, in order; only those that the journal lacks are computed.

    Raises:
        InputError: as `pool.done`, or a worker with other code.
    """
    missing = [design for design in wanted if design.key not in journal.records]
    tasks = [missing[k : k + _TOGETHER] for k in range(0, len(missing), _TOGETHER)]
    with tqdm(total=len(wanted), initial=len(wanted) - len(missing), unit="design") as bar:
        for _, records in done(evaluated, tasks, workers=workers, scheduler=scheduler):
            bar.update(journal.add(records))
    return [journal.records[design.key] for design in wanted]


_EXAMPLES = (
    ("a thousand designs for 4K60 and 1080p60", "lutscale explore"),
    (
        "what would do for 4K60 within 100 KB",
        "lutscale explore --need 4k60 --target ecp5-85f --budget 102400",
    ),
    ("another space, your own trainings", "lutscale explore --space my.json --results tried.json"),
    (
        "and train the four shapes that promise most, shortly",
        "lutscale explore --need 4k60 --train 4 --data photos/",
    ),
    ("on the workers of a Dask scheduler", "lutscale explore --scheduler tcp://10.0.0.1:8786"),
)


@click.command(cls=Command, examples=_EXAMPLES)
@click.option(
    "--need",
    metavar="NEED",
    help=f"Answer for {', '.join(NEEDS)}, or WIDTHxHEIGHT@RATE of the output, only.",
)
@click.option(
    "--target",
    default="ecp5-85f",
    show_default=True,
    metavar="NAME",
    help=f"Built for: {', '.join(TARGETS)}.",
)
@click.option("--budget", default=102_400, show_default=True, help="Bytes on-chip, for --need.")
@click.option("--clock", default=125.0, show_default=True, help="MHz.")
@click.option("--designs", "count", default=1000, show_default=True, help="How many, at least.")
@click.option(
    "--space",
    "space_file",
    type=click.Path(path_type=Path),
    help="JSON with grids of options; one comes along.",
)
@click.option(
    "--results",
    multiple=True,
    type=click.Path(path_type=Path),
    help="JSON with PSNR of trainings, beside those that come along.",
)
@click.option(
    "--train",
    default=0,
    help="Train so many of the shapes worth training next, for --need; needs PyTorch.",
)
@click.option("--steps", default=1500, show_default=True, help="Of each training.")
@click.option("--rate", default=1.6e-3, show_default=True, help="Peak of its learning rate.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    envvar="LUTSCALE_DATA",
    help="Folder of photographs for --train (its train/ when there is one).",
)
@click.option("--workers", default=0, help="Processes; 0 for as many as there are cores.")
@click.option("--scheduler", metavar="ADDRESS", help="Of a Dask scheduler, as tcp://HOST:8786.")
@out_option("build/explore", "journal, JSON, CSV and pictures")
@one_line_errors
def main(
    need: str | None,
    target: str,
    budget: int,
    clock: float,
    count: int,
    space_file: Path | None,
    results: Sequence[Path],
    train: int,
    steps: int,
    rate: float,
    data: Path | None,
    workers: int,
    scheduler: str | None,
    out: Path,
) -> None:
    """Sweep designs: what fits, and what it costs.

    Memory is exact; lookup tables, registers and multipliers are predicted; PSNR is that of trained
    programs and of short trainings that somebody ran, and says which.
    """
    require_int("budget", budget, 1, 1 << 40)
    require_int("designs", count, 1, 1_000_000)
    require_int("workers", workers, 0, 1024)
    if not 1 <= clock <= 10_000:
        raise InputError(f"clock must be 1 to 10000 MHz, not {clock:g}")
    find_target(target)
    space = read_space(space_file) if space_file else DEFAULT
    wishes = _trainings_asked(train, steps, rate, data, need)
    names = [need] if need else list(NEEDS)
    builds = [
        build_for(read_need(name), scale=space.scale, clock=clock, target=target) for name in names
    ]
    own = out / _TRAINED
    results = [*results, *([own] if own.is_file() else [])]
    facts = known(results, space.scale)
    wanted = designs(space, count, builds, facts)
    if out.exists() and not out.is_dir():
        raise InputError(f"--out must be a folder, not the file {out}")
    out.mkdir(parents=True, exist_ok=True)
    journal = Journal(out / "designs.jsonl", code_stamp())
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    workers = workers or cores or 1
    records = sweep(wanted, journal, workers=workers, scheduler=scheduler)
    refused = [{**r, "name": name_of(r)} for r in records if r["reason"]]
    built = [scored(r, facts, clock) for r in records if not r["reason"]]
    by_need = dict(zip(names, builds, strict=True))
    report = _report(built, refused, by_need, budget)
    if wishes is not None:
        _train(report, wishes, out, count=train, workers=workers, scheduler=scheduler)
        facts = known(dict.fromkeys([*results, own]), space.scale)
        built = [scored(r, facts, clock) for r in records if not r["reason"]]
        report = _report(built, refused, by_need, budget)
    files = {
        "explore.json": (json.dumps(report, indent=1) + "\n").encode(),
        "designs.csv": as_csv(built, refused).encode(),
    }
    files |= _pictures(built, by_need)
    write_whole(out, files)
    _show(report, need, out)


def _trainings_asked(
    count: int, steps: int, rate: float, data: Path | None, need: str | None
) -> Callable[[Sequence[Mapping[str, Any]]], list[Training]] | None:
    """What makes trainings of records, where some are asked for."""
    require_int("train", count, 0, 10_000)
    require_int("steps", steps, 1, 10_000_000)
    if not count:
        return None
    if not 0 < rate < 1:
        raise InputError(f"rate must be above 0 and below 1, not {rate:g}")
    if need is None:
        raise InputError("--train must stand beside --need, which says what to train for")
    if data is None or not data.is_dir():
        raise InputError(f"--data must be a folder of photographs for --train, not {data}")
    folder = data / "train" if (data / "train").is_dir() else data
    return partial(trainings, steps=steps, rate=rate, data=folder)


def _train(
    report: Mapping[str, Any],
    wishes: Callable[[Sequence[Mapping[str, Any]]], list[Training]],
    out: Path,
    *,
    count: int,
    workers: int,
    scheduler: str | None,
) -> None:
    """Train the first shapes of the answer, and add them to the results file."""
    ((need, answered),) = report["answers"].items()
    by_key = {r["key"]: r for r in report["designs"]}
    journal = Journal(out / "trainings.jsonl", training_stamp())
    wanted = wishes([by_key[key] for key in answered["next"][:count]])
    train_all(wanted, journal, workers=workers, scheduler=scheduler)
    command = f"lutscale explore --need {need} --train {count}"
    text = as_results(list(journal.records.values()), command)
    write_whole(out, {_TRAINED: text.encode()})


def _of(build: Mapping[str, Any], records: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [r for r in records if all(r[name] == value for name, value in build.items())]


def _report(
    built: Sequence[Mapping[str, Any]],
    refused: Sequence[Mapping[str, Any]],
    builds: Mapping[str, Mapping[str, Any]],
    budget: int,
) -> dict[str, Any]:
    fronts = {}
    for name, build in builds.items():
        own = [r for r in _of(build, built) if r["psnr"]["set5_db"] is not None]
        for label, (figure, _) in _FRONTS.items():
            there = [r for r in own if r[figure] is not None]
            points = [(r[figure], r["psnr"]["set5_db"]) for r in there]
            fronts[f"{name} {label}"] = [there[k]["key"] for k in front(points)]
    return {
        "format": "lutscale-explore",
        "version": 1,
        "source": {
            "table_bytes": "counted", "on_chip_bytes": "counted", "blocks": "counted",
            "comb": "estimated", "ff": "estimated", "dsp": "counted from the plan",
            "psnr": "measured; each says of what",
        },
        "budget": budget,
        "builds": builds,
        "answers": {name: answer(built, build, budget) for name, build in builds.items()},
        "fronts": fronts,
        "designs": built,
        "refused": refused,
    }  # fmt: skip


def _pictures(
    built: Sequence[Mapping[str, Any]], builds: Mapping[str, Mapping[str, Any]]
) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name, build in builds.items():
        own = _of(build, built)
        for label, (figure, axis) in _FRONTS.items():
            if any(r[figure] is not None and r["psnr"]["set5_db"] is not None for r in own):
                title = (
                    f"{name}: {build['max_width']} pixels a line, {build['clocks_per_pixel']} "
                    f"clocks a pixel, {build['target']}"
                )
                draw = partial(picture, own, figure, axis, title)
                found |= plotted(f"front_{name}_{label}.png", draw)
    return found


def _show(report: Mapping[str, Any], need: str | None, out: Path) -> None:
    """Tables for people, and the last line for scripts."""
    # Names of shapes are long; broken up they are not read.
    console = Console(width=max(Console().width, 200))
    by_key = {r["key"]: r for r in report["designs"]}
    for name, found in report["answers"].items():
        for part, title in (
            ("programs", "trained programs"),
            ("trials", "shapes of which short trials are known"),
            ("next", "shapes worth training next, PSNR not known"),
        ):
            rows = _few([by_key[key] for key in found[part]])
            if rows and (need or part != "next"):
                console.print(_table(f"{name}, {report['budget']:,} bytes: {title}", rows))
        if need and not found["fitting"]:
            console.print(
                f"nothing fits {name}: of {len(by_key)} designs {found['over_device']} are over "
                f"the device, {found['over_budget']} over the budget",
                soft_wrap=True,
            )
    click.echo(
        json.dumps(
            {
                "designs": len(report["designs"]),
                "refused": len(report["refused"]),
                "fitting": {name: found["fitting"] for name, found in report["answers"].items()},
                "out": str(out),
            }
        )
    )


def _few(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The first ones: not more than three of a series of trials without Set5, eight of all else."""
    shown: list[Mapping[str, Any]] = []
    count: dict[str, int] = {}
    for row in rows:
        trials = row["psnr"]["trials"] if row["psnr"]["set5_db"] is None else []
        name = trials[0]["series"] if trials else ""
        count[name] = count.get(name, 0) + 1
        if count[name] <= (3 if name else 8):
            shown.append(row)
    return shown


def _table(title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(title=title, title_justify="left")
    for head in ("on-chip", "tables", "COMB", "FF", "DSP", "blocks", "functions", "Set5"):
        table.add_column(head, justify="right", no_wrap=True)
    for head in ("network", "PSNR from"):
        table.add_column(head, no_wrap=True)
    for row in rows:
        psnr = row["psnr"]
        trial = max(psnr["trials"], key=lambda t: t["steps"], default=None)
        source = psnr["from"] or ""
        if psnr["from"] != "zoo" and trial is not None:
            source = f"trial, {trial['steps']:,} steps"
            if trial["validation_db"] is not None:
                source += f": {trial['validation_db']:.3f} validation, {trial['series']}"
        figures = ("on_chip_bytes", "table_bytes", "comb", "ff", "dsp", "blocks", "functions")
        table.add_row(
            *("" if row[name] is None else f"{row[name]:,}" for name in figures),
            "" if psnr["set5_db"] is None else f"{psnr['set5_db']:.3f}",
            row["name"],
            source,
        )
    return table

"""How fast golden upscales, and in what memory: ``python -m benchmarks.golden [PROGRAM...]``.

    python -m benchmarks.golden --against ../before      # all of the zoo, and another checkout
    python -m benchmarks.golden hklut-s-x4 --size 960x540

Every form of every program takes turns in a process of its own, and all must give the same pixels.
Seconds are those of the clock on the wall, least of all turns; those of the processor say the same
on a machine that others use. The frame is a photograph, cut out or repeated.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from benchmarks.machine import machine
from lutscale.golden import zoo
from lutscale.golden.command import PROGRAM, one_line_errors
from lutscale.golden.errors import InputError
from lutscale.golden.pictures.image import sample_photo
from lutscale.golden.program import Program
from lutscale.golden.program_file import load

__all__ = ["FORMS", "compare", "main"]

ROOT = Path(__file__).parents[1]

FORMS = {
    "here": "this checkout, on all cores",
    "one_core": "this checkout, on one core",
    "numpy": "this checkout as if numba were not installed",
    "against": "another checkout",
    "authors": "HKLUT's authors' torch code, with one thread",
}
"""What is timed."""

# Shares of samples that the authors' float32 sums of thirds and halves may put on another level,
# and further off, where a floor between the stages falls on the other side of a whole level.
_AUTHORS_DIFFER, _BY_MORE_THAN_ONE = 0.1, 0.002


def forms_of(program: Program, against: Path | None) -> list[str]:
    """The forms that there are of a program here."""
    stages = [layer for layer in program.layers if layer.kind == "pattern_tables"]
    hklut = len(stages) == 2 and find_spec("torch") is not None
    return [
        "here",
        "one_core",
        "numpy",
        *(["against"] if against else []),
        *(["authors"] if hklut else []),
    ]


def photograph(width: int, height: int) -> npt.NDArray[np.uint8]:
    """(height, width, 3)."""
    photo = sample_photo("astronaut")
    times = -(-height // photo.shape[0]), -(-width // photo.shape[1]), 1
    return np.ascontiguousarray(np.tile(photo, times)[:height, :width])


def turn(form: str, path: Path, against: Path | None, folder: Path) -> dict[str, float]:
    """One process: its figures; the result is left in ``folder``."""
    checkout = against if form == "against" and against else ROOT
    places = [checkout, ROOT] if form == "authors" else [checkout]
    # Another checkout may know another program file, and has a zoo of its own.
    own = checkout / "model" / "zoo" / path.name
    if own.exists() and path in zoo.programs().values():
        path = own
    arguments = [
        form, "1" if form in ("one_core", "authors") else "0", checkout.resolve(), path.resolve(),
        folder / "image.npy", folder / f"{form}.npy",
    ]  # fmt: skip
    worker = Path(__file__).with_name("golden_worker.py")
    # -P: the worker's own folder is no place to import from.
    done = subprocess.run(
        [sys.executable, "-P", str(worker), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places))},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
        raise InputError(f"{FORMS[form]} must upscale {path}, but: {reason}")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def compare(
    path: Path, image: npt.NDArray[np.uint8], against: Path | None, repeats: int
) -> dict[str, Any]:
    """The figures of a program in all its forms, and their ratios.

    Raises:
        ValueError: the forms do not give the same pixels.
        InputError: a form does not run.
    """
    program = load(path)
    small = np.ascontiguousarray(image[:8, :8, 0])
    if not np.array_equal(program.run(small), program.run(small, reference=True)):
        raise ValueError("fast and reference must be equal, but differ")
    forms = forms_of(program, against)
    turns: dict[str, list[dict[str, float]]] = {form: [] for form in forms}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "image.npy", image)
        for _ in range(repeats):
            for form in forms:
                turns[form].append(turn(form, path, against, folder))
        check_equal({form: np.load(folder / f"{form}.npy") for form in forms})
    figures = {form: _least(each) for form, each in turns.items()}
    return {"program": program.name, **figures, "ratios": _ratios(figures)}


def check_equal(results: dict[str, npt.NDArray[np.uint8]]) -> None:
    """ValueError unless all are the same; the authors' may differ in few samples."""
    expected = results["numpy"]
    for form, result in results.items():
        apart = np.abs(result.astype(int) - expected)
        few = (apart > 0).mean() < _AUTHORS_DIFFER and (apart > 1).mean() < _BY_MORE_THAN_ONE
        if apart.any() and not (form == "authors" and few):
            raise ValueError(f"{FORMS[form]} must give the same pixels, but differs")


def _least(turns: Sequence[dict[str, float]]) -> dict[str, float]:
    digits = {"seconds": 4, "cpu_seconds": 4, "peak_mb": 1}
    return {key: round(min(turn[key] for turn in turns), n) for key, n in digits.items()}


def _ratios(figures: dict[str, dict[str, float]]) -> dict[str, float]:
    """How many times the seconds of this checkout the others take; one core against one thread."""
    ratios = {}
    for form in figures.keys() & {"numpy", "against", "authors"}:
        ours = figures["one_core" if form == "authors" else "here"]
        for key in ("seconds", "cpu_seconds"):
            ratios[f"{form}_{key}"] = round(figures[form][key] / ours[key], 2)
    return dict(sorted(ratios.items()))


def _size(_context: object, _option: object, text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) and int(height)):
        raise click.BadParameter(f"must be WIDTHxHEIGHT, not {text!r}")
    return int(width), int(height)


@click.command()
@click.argument("programs", nargs=-1, type=PROGRAM)
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Another checkout of this repository, to be timed in turn.",
)
@click.option("--size", default="480x270", show_default=True, callback=_size, metavar="WxH")
@click.option("--repeats", type=click.IntRange(1), default=3, show_default=True)
@one_line_errors
def main(
    programs: tuple[Path, ...], against: Path | None, size: tuple[int, int], repeats: int
) -> None:
    """Time PROGRAMS (all of the zoo when none is given) on three planes; a line of JSON each."""
    image = photograph(*size)
    for path in programs or zoo.programs().values():
        result = {
            "benchmark": "golden",
            "frame": f"{size[0]}x{size[1]}x3",
            **compare(path, image, against, repeats),
            "command": f"python -m benchmarks.golden {path} --size {size[0]}x{size[1]}"
            + (f" --against {against}" if against else ""),
            "machine": machine(),
        }
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
